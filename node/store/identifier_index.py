"""The identifiers of all stored records in memory, so that a part of one is found in milliseconds.

The table `identifiers` is the truth: what is found here is looked up there before it is shown, so
the worst that a fault here can do is to miss. Values are read once, on the first search, with the
writer held; from then on each commit changes them, and what a commit purges goes from memory with
it. A statement that this file does not know makes it forget everything and read again.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
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


class IdentifierIndex:
    """Lines of normal forms, by leaf name; one line for each record that has it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._pages: dict[str, list[bytearray]] | None = None
        self._calling: set[str] = set()
        self._parts: dict[str, Counter[str]] = {}  # parts of plates, by each two signs in a row
        self._watched = False

    @property
    def is_loaded(self) -> bool:
        """Whether the values are in memory."""
        return self._pages is not None

    async def load(self) -> None:
        """Read all values, once; no writer runs meanwhile, so nothing can be missed."""
        if self._pages is not None:
            return
        await self._store.write(self._load)

    def _load(self, connection: Connection) -> None:
        if self._pages is not None:
            return
        if not self._watched:
            self._watch(connection.engine)
        self._pages, self._calling, self._parts = {}, set(), {}
        for kind, joined in connection.execute(_READ):
            self._add((kind, norm) for norm in json.loads(joined))

    def calling_codes(self) -> frozenset[str]:
        """The calling codes of the numbers that were ever held, without +."""
        return frozenset(self._calling)

    def holding(self, kind: str, needle: str) -> list[str]:
        """The different values of this leaf that contain the needle; may run in any thread."""
        found: dict[str, None] = {}
        wanted = needle.encode("utf-8", "ignore")
        for live in (self._pages or {}).get(kind, ()):
            page = bytes(live)  # as it is now: a commit may change it meanwhile
            at = page.find(wanted)
            while at >= 0:
                start = page.rfind(_END, 0, at) + 1
                end = page.find(_END, at)
                found[page[start:end].decode()] = None
                at = page.find(wanted, end)
        return list(found)

    def all_of(self, kind: str) -> Iterator[str]:
        """Every value of this leaf, as often as it is stored."""
        for page in (self._pages or {}).get(kind, ()):
            yield from (line.decode() for line in page.split(_END)[1:-1])

    def plates_like(self, signs: str) -> set[str]:
        """The parts of plates that have two signs in a row of these, or no two in a row at all."""
        found = set(self._parts.get("", ()))
        for run in _runs(signs):
            found.update(self._parts.get(run, ()))
        return found

    def forget(self) -> None:
        """Drop everything; the next search reads it again."""
        self._pages = None
        self._parts = {}

    def _add(self, rows: Iterable[Row]) -> None:
        pages = self._pages
        if pages is None:
            return
        for kind, norm in rows:
            line = norm.encode()
            if kind not in pages:
                pages[kind] = [bytearray(_END) for _ in range(PAGES)]
            pages[kind][crc32(line) % PAGES] += line + _END
            if kind == "phone":
                self._note_calling_code(norm)
            elif kind == "plate.part":
                for run in _runs(norm) or {""}:
                    self._parts.setdefault(run, Counter())[norm] += 1

    def _remove(self, rows: Iterable[Row]) -> None:
        for kind, norm in rows:
            line = norm.encode()
            if self._pages is None or kind not in self._pages:
                continue
            page = self._pages[kind][crc32(line) % PAGES]
            at = page.find(_END + line + _END)
            if at >= 0:
                del page[at : at + len(line) + 1]
            if kind == "plate.part":
                for run in _runs(norm) or {""}:
                    self._parts[run] -= Counter([norm])

    def _note_calling_code(self, norm: str) -> None:
        try:
            self._calling.add(calling_code(norm))
        except IdentifierError:
            return

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
            elif change[0]:
                self._add(change[1])
            else:
                self._remove(change[1])


def _runs(signs: str) -> set[str]:
    """Each two known signs in a row."""
    pairs = {signs[i : i + 2] for i in range(len(signs) - 1)}
    return {pair for pair in pairs if pair.isalnum()}


def _rolled_back(connection: Connection) -> None:
    connection.info.pop(_PENDING, None)


def _rolled_back_in_part(connection: Connection, _: str, __: Any) -> None:
    if _PENDING in connection.info:
        connection.info[_PENDING].append(None)
