"""The identifiers of all stored records in memory, so that a part of one is found in milliseconds.

The table `identifiers` is the truth: what is found here is looked up there before it is shown, so
the worst that a fault here can do is to miss. Values are read once, on the first search, with the
writer held; from then on each commit changes them, and what a commit purges goes from memory with
it. A statement that this file does not know makes it forget everything and read again.
"""

import json
from collections import Counter
from collections.abc import Iterable
from typing import Any
from zlib import crc32

from sqlalchemy import Connection, event, text
from sqlalchemy.engine import Engine

from node.store.engine import Store
from node.store.tables import identifiers
from protocol.errors import IdentifierError
from protocol.identifiers import calling_code

PAGES = 32  # a change touches one of them
_PENDING = "parasol_identifiers"
_READ = text("SELECT kind, json_group_array(norm) FROM identifiers GROUP BY kind")
_END = b"\xff"  # a byte that no UTF-8 text holds, so that a value is always one line

Row = tuple[str, str]  # leaf name, normal form


class _Lines:
    """The values themselves: a line for each record that has one."""

    def __init__(self, rows: Iterable[Row] = ()) -> None:
        self.pages: dict[str, list[bytearray]] = {}
        self.calling: set[str] = set()
        self.parts: dict[str, Counter[str]] = {}  # parts of plates, by each two signs in a row
        self.add(rows)

    def add(self, rows: Iterable[Row]) -> None:
        for kind, norm in rows:
            line = norm.encode()
            if kind not in self.pages:
                self.pages[kind] = [bytearray(_END) for _ in range(PAGES)]
            self.pages[kind][crc32(line) % PAGES] += line + _END
            if kind in ("phone", "phone.masked"):
                self._note_calling_code(norm)
            elif kind == "plate.part":
                for run in _runs(norm) or {""}:
                    self.parts.setdefault(run, Counter())[norm] += 1

    def remove(self, rows: Iterable[Row]) -> None:
        for kind, norm in rows:
            if kind not in self.pages:
                continue
            line = norm.encode()
            page = self.pages[kind][crc32(line) % PAGES]
            at = page.find(_END + line + _END)
            if at < 0:
                continue
            del page[at : at + len(line) + 1]
            if kind == "plate.part":
                for run in _runs(norm) or {""}:
                    self.parts[run] -= Counter([norm])

    def _note_calling_code(self, norm: str) -> None:
        try:
            self.calling.add(calling_code(norm.partition("*")[0]))
        except IdentifierError:
            return


class IdentifierIndex:
    """What is held, by leaf name. Asked from any thread, changed in the writer's only."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lines: _Lines | None = None
        self._watched = False

    @property
    def is_loaded(self) -> bool:
        """Whether the values are in memory."""
        return self._lines is not None

    async def load(self) -> None:
        """Read all values, once; no writer runs meanwhile, so nothing can be missed."""
        if self._lines is None:
            await self._store.write(self._load)

    def _load(self, connection: Connection) -> None:
        if self._lines is not None:
            return
        if not self._watched:
            self._watch(connection.engine)
        self._lines = _Lines(
            (kind, norm)
            for kind, joined in connection.execute(_READ).fetchall()
            for norm in json.loads(joined)
        )

    def calling_codes(self) -> frozenset[str]:
        """The calling codes of the numbers, whole or masked, that were ever held, without +."""
        lines = self._lines
        return frozenset(lines.calling) if lines else frozenset()

    def holding(self, kind: str, needle: str, most: int) -> list[str]:
        """The different values of this leaf that contain the needle; about `most` of very many."""
        lines = self._lines
        found: dict[str, None] = {}
        wanted = needle.encode("utf-8", "ignore")
        for live in lines.pages.get(kind, ()) if lines else ():
            page = bytes(live)  # as it is now: a commit may change it meanwhile
            at = page.find(wanted)
            while at >= 0:
                start = page.rfind(_END, 0, at) + 1
                end = page.find(_END, at)
                found[page[start:end].decode()] = None
                at = page.find(wanted, end)
            if len(found) >= most:
                break
        return list(found)

    def plates_like(self, signs: str) -> set[str]:
        """The parts of plates that have two signs in a row of these, or no two in a row at all."""
        lines = self._lines
        if lines is None:
            return set()
        return set().union(*(lines.parts.get(run, ()) for run in (*_runs(signs), "")))

    def all_of(self, kind: str) -> list[str]:
        """Every value of this leaf, as often as it is stored."""
        lines = self._lines
        pages = lines.pages.get(kind, ()) if lines else ()
        return [line.decode() for page in pages for line in bytes(page).split(_END)[1:-1]]

    def forget(self) -> None:
        """Drop everything; the next search reads it again."""
        self._lines = None

    def _watch(self, engine: Engine) -> None:
        self._watched = True
        event.listen(engine, "after_cursor_execute", self._executed)
        event.listen(engine, "commit", self._committed)
        event.listen(engine, "rollback", _rolled_back)
        event.listen(engine, "rollback_savepoint", _rolled_back_in_part)

    def _executed(
        self, connection: Connection, cursor: Any, statement: str, _: Any, context: Any, __: bool
    ) -> None:
        """Note what a statement of the open transaction adds and removes."""
        if "identifiers" not in statement or statement.startswith("SELECT"):
            return
        pending: list[tuple[bool, list[Row]] | None] = connection.info.setdefault(_PENDING, [])
        compiled = getattr(context, "compiled", None)
        table = getattr(getattr(compiled, "statement", None), "table", None)
        found = context.compiled_parameters if table is identifiers else None
        if found and cursor.rowcount != len(found):
            found = None  # it did less than it says: which rows, nobody knows
        if found and context.isinsert and "kind" in found[0]:
            pending.append((True, [(row["kind"], row["norm"]) for row in found]))
        elif found and context.isdelete and "b_kind" in found[0]:
            pending.append((False, [(row["b_kind"], row["b_norm"]) for row in found]))
        else:
            pending.append(None)

    def _committed(self, connection: Connection) -> None:
        for change in connection.info.pop(_PENDING, ()):
            if change is None:
                self.forget()
            elif self._lines is not None:
                (self._lines.add if change[0] else self._lines.remove)(change[1])


def _runs(signs: str) -> set[str]:
    """Each two known signs in a row."""
    pairs = {signs[i : i + 2] for i in range(len(signs) - 1)}
    return {pair for pair in pairs if pair.isalnum()}


def _rolled_back(connection: Connection) -> None:
    connection.info.pop(_PENDING, None)


def _rolled_back_in_part(connection: Connection, _: str, __: Any) -> None:
    if _PENDING in connection.info:
        connection.info[_PENDING].append(None)
