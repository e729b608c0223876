"""The identifiers of all stored records in memory, so that a part of one is found in milliseconds.

The table `identifiers` is the truth: what is found here is looked up there before it is shown, so
the worst that a fault here can do is to miss. Values are read once, on the first search, with the
writer held; from then on each commit changes them, and what a commit purges goes from memory with
it. A statement that this file does not know makes it forget everything and read again. Whole words
are found by a key; only what may stand anywhere in a value is sought through all of them.
"""

import json
import re
from collections.abc import Collection, Iterable
from typing import Any
from zlib import crc32

from sqlalchemy import Connection, event, text
from sqlalchemy.engine import Engine

from node.store.engine import Store
from node.store.records import REINDEX
from node.store.tables import identifiers
from protocol.errors import IdentifierError
from protocol.identifiers import calling_code

PAGES = 32  # a change touches one of them
_PENDING = "parasol_identifiers"
_READ = text("SELECT kind, json_group_array(norm) FROM identifiers GROUP BY kind")
_END = b"\xff"  # a byte that no UTF-8 text holds, so that a value is always one line
_WORD = re.compile(r"\w+")
_BY_LENGTH = frozenset({"phone"})  # a whole number is sought inside longer ones only

Row = tuple[str, str]  # leaf name, normal form


class _Lines:
    """The values themselves: a line for each record that has one, in pages by leaf and length."""

    def __init__(self, rows: Iterable[Row] = ()) -> None:
        self.pages: dict[str, dict[int, list[bytearray]]] = {}
        self.calling: set[str] = set()
        self.keyed: dict[tuple[str, str], list[str]] = {}  # by leaf and what `_keys` gives
        self.add(rows)

    def add(self, rows: Iterable[Row]) -> None:
        for kind, norm in rows:
            line = norm.encode()
            length = _length(kind, line)
            lengths = self.pages.setdefault(kind, {})
            if length not in lengths:
                lengths[length] = [bytearray(_END) for _ in range(PAGES)]
            lengths[length][crc32(line) % PAGES] += line + _END
            if kind in ("phone", "phone.masked"):
                self._note_calling_code(norm)
            for key in _keys(kind, norm):
                self.keyed.setdefault((kind, key), []).append(norm)

    def remove(self, rows: Iterable[Row]) -> None:
        for kind, norm in rows:
            line = norm.encode()
            pages = self.pages.get(kind, {}).get(_length(kind, line))
            if pages is None:
                continue
            page = pages[crc32(line) % PAGES]
            at = page.find(_END + line + _END)
            if at < 0:
                continue
            del page[at : at + len(line) + 1]
            for key in _keys(kind, norm):
                values = self.keyed[kind, key]
                values.remove(norm)
                if not values:
                    del self.keyed[kind, key]

    def of(self, kind: str, least: int = 0) -> list[bytearray]:
        """The pages of a leaf that may hold values of `least` bytes or more."""
        lengths = list(self.pages.get(kind, {}).items())  # at once: a commit may add some meanwhile
        return [
            page for length, pages in lengths if not length or length >= least for page in pages
        ]

    def of_key(self, kind: str, key: str) -> list[str]:
        """The values under a key, as often as they are stored; a copy, whole at one moment."""
        return list(self.keyed.get((kind, key), ()))

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

    def holding(self, kind: str, needle: str, most: int, beyond: int = 0) -> list[str]:
        """The different values of this leaf that contain the needle; about `most` of very many.

        `beyond`: numbers of so many characters, and shorter ones, may be left out.
        """
        lines = self._lines
        found: dict[str, None] = {}
        wanted = needle.encode("utf-8", "ignore")
        for live in lines.of(kind, max(len(wanted), beyond + 1)) if lines else ():
            if wanted not in live:
                continue
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

    def with_word(self, kind: str, word: str) -> list[str]:
        """The different names that have this word, or handles of this name on any service."""
        lines = self._lines
        return list(dict.fromkeys(lines.of_key(kind, word))) if lines else []

    def plates_like(self, signs: str) -> set[str]:
        """The parts of plates that have two signs in a row of these, or no two in a row at all."""
        lines = self._lines
        if lines is None:
            return set()
        return set().union(*(lines.of_key("plate.part", run) for run in (*_runs(signs), "")))

    def all_of(self, kind: str) -> list[str]:
        """Every value of this leaf, as often as it is stored."""
        lines = self._lines
        pages = lines.of(kind) if lines else ()
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
        self,
        connection: Connection,
        cursor: Any,
        statement: str,
        parameters: Any,
        context: Any,
        many: bool,
    ) -> None:
        """Note what a statement of the open transaction adds and removes."""
        if statement.startswith("ROLLBACK TO"):  # a savepoint of `node.writing`
            _rolled_back_in_part(connection)
        if "identifiers" not in statement or statement.startswith("SELECT"):
            return
        pending: list[tuple[bool, list[Row]] | None] = connection.info.setdefault(_PENDING, [])
        if statement == REINDEX:
            added = list(parameters) if many else [parameters]
            is_all = cursor.rowcount == len(added)
            pending.append((True, [(kind, norm) for norm, kind, _ in added]) if is_all else None)
            return
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


def _length(kind: str, line: bytes) -> int:
    """The length by which a value's page is chosen; 0 where that does not matter."""
    return len(line) if kind in _BY_LENGTH else 0


def _keys(kind: str, norm: str) -> Collection[str]:
    """Under what a value is found at once: words of a name, the name in a handle, signs."""
    match kind:
        case "name":
            return set(_WORD.findall(norm))
        case "handle":
            return (norm.partition(":")[2],)
        case "plate.part":
            return _runs(norm) or ("",)
    return ()


def _runs(signs: str) -> set[str]:
    """Each two known signs in a row."""
    pairs = {signs[i : i + 2] for i in range(len(signs) - 1)}
    return {pair for pair in pairs if pair.isalnum()}


def _rolled_back(connection: Connection) -> None:
    connection.info.pop(_PENDING, None)


def _rolled_back_in_part(connection: Connection, *_: Any) -> None:
    if _PENDING in connection.info:
        connection.info[_PENDING].append(None)
