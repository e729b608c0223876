"""The identifiers of all stored records in memory, so that a part of one is found in milliseconds.

The table `identifiers` is the truth: what is found here is looked up there before it is shown, so
the worst that a fault here can do is to miss. Values are read once, on the first search, with the
writer held; from then on each commit changes them, and what a commit purges goes from memory with
it. A statement that this file does not know makes it forget everything and read again. Whole words
are found by a key; only what may stand anywhere in a value is sought through all of them, or, where
it is most of a number, through those that end as it may. Masked forms and tokens are only ever
asked for as wholes, and are not here.
"""

import re
from collections.abc import Collection, Iterable
from typing import Any
from zlib import crc32

from sqlalchemy import Connection, event
from sqlalchemy.engine import Engine

from node.store.engine import Store
from node.store.records import REINDEX
from node.store.tables import identifiers
from protocol.errors import IdentifierError
from protocol.identifiers import calling_code

SOUGHT = frozenset({"phone", "email", "handle", "plate", "profile", "name", "plate.part"})
PAGES = 32  # a change touches one of them
_PENDING = "parasol_identifiers"
_READ = (
    "SELECT kind, norm FROM identifiers WHERE kind IN"  # noqa: S608 - our words
    f" ({', '.join(repr(kind) for kind in sorted(SOUGHT | {'phone.masked'}))})"
)
_AT_ONCE = 500  # rows: a leaf read as a whole would take twice the memory that it is kept in
_END = b"\xff"  # a byte that no UTF-8 text holds, so that a value is always one line
_WORD = re.compile(r"\w+")

Row = tuple[str, str]  # leaf name, normal form


class _Lines:
    """The values themselves: a line for each record that has one, in pages by leaf and length.

    Which page of its length a number is in, its last two digits say; of anything else, its hash.
    """

    def __init__(self) -> None:
        self.pages: dict[str, dict[int, dict[int, bytearray]]] = {}
        self.calling: set[str] = set()
        # By leaf and by what `_keys` gives: one value that one record has, or how many have each.
        self.keyed: dict[str, dict[str, str | dict[str, int]]] = {}

    def add(self, rows: Iterable[Row]) -> None:
        for kind, norm in rows:
            if kind in ("phone", "phone.masked"):
                self.calling.add(_calling_code(norm))
            if kind not in SOUGHT:
                continue
            line = norm.encode()
            pages = self.pages.setdefault(kind, {}).setdefault(_length(kind, line), {})
            number = _page(kind, line)
            if number not in pages:
                pages[number] = bytearray(_END)
            pages[number] += line + _END
            for key in _keys(kind, norm):
                self._add_key(self.keyed.setdefault(kind, {}), key, norm)

    def remove(self, rows: Iterable[Row]) -> None:
        for kind, norm in rows:
            line = norm.encode()
            page = self.pages.get(kind, {}).get(_length(kind, line), {}).get(_page(kind, line))
            at = -1 if page is None else page.find(_END + line + _END)
            if page is None or at < 0:
                continue
            del page[at : at + len(line) + 1]
            for key in _keys(kind, norm):
                self._remove_key(self.keyed[kind], key, norm)

    def _add_key(self, keys: dict[str, str | dict[str, int]], key: str, norm: str) -> None:
        known = keys.get(key)
        if known is None:
            keys[key] = norm
            return
        if isinstance(known, str):
            known = keys[key] = {known: 1}
        known[norm] = known.get(norm, 0) + 1

    def _remove_key(self, keys: dict[str, str | dict[str, int]], key: str, norm: str) -> None:
        known = keys[key]
        if not isinstance(known, str):
            known[norm] -= 1
            if not known[norm]:
                del known[norm]
        if isinstance(known, str) or not known:
            del keys[key]

    def of(self, kind: str, needle: bytes = b"", least: int = 0) -> list[bytearray]:
        """The pages of a leaf that may hold a value of `least` bytes or more with the needle."""
        found: list[bytearray] = []
        # At once, here and below: a commit may add some meanwhile.
        for length, pages in list(self.pages.get(kind, {}).items()):
            if length and length < max(len(needle), least):
                continue
            numbers = self._ends(length, needle) if length and needle.isdigit() else None
            if numbers is None:
                found += list(pages.values())
            else:
                found += [pages[number] for number in numbers if number in pages]
        return found

    def _ends(self, length: int, digits: bytes) -> list[int] | None:
        """How the numbers of a length that hold these digits may end; None: anyhow.

        So many digits may stand behind them as are left beside the plus that stands before; one
        fewer where the number cannot begin with them, since no calling code does.
        """
        text = digits.decode()
        behind = length - 1 - len(digits)
        codes = tuple(self.calling)  # at once, likewise
        if not any(text.startswith(code) or code.startswith(text) for code in codes):
            behind -= 1
        if behind > 1 or len(text) < 2:
            return None
        ends = [int(text[-2:])] if behind >= 0 else []
        return ends + [int(text[-1]) * 10 + last for last in range(10) if behind == 1]

    def of_key(self, kind: str, key: str) -> list[str]:
        """The different values under a key; a copy, whole at one moment."""
        known = self.keyed.get(kind, {}).get(key, ())
        return [known] if isinstance(known, str) else list(known)


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
        lines, found = _Lines(), connection.exec_driver_sql(_READ)
        while rows := found.fetchmany(_AT_ONCE):
            lines.add((kind, norm) for kind, norm in rows)
        self._lines = lines

    def calling_codes(self) -> frozenset[str]:
        """The calling codes of the numbers, whole or masked, that were ever held, without +."""
        lines = self._lines
        return frozenset(lines.calling) - {""} if lines else frozenset()

    def holding(self, kind: str, needle: str, most: int, beyond: int = 0) -> list[str]:
        """The different values of this leaf that contain the needle; about `most` of very many.

        `beyond`: numbers of so many characters, and shorter ones, may be left out.
        """
        lines = self._lines
        found: dict[str, None] = {}
        wanted = needle.encode("utf-8", "ignore")
        for live in lines.of(kind, wanted, beyond + 1) if lines else ():
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
        return lines.of_key(kind, word) if lines else []

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
    return len(line) if kind == "phone" else 0


def _page(kind: str, line: bytes) -> int:
    """Which page of its leaf and length a value is in."""
    if kind == "phone" and line[-2:].isdigit():
        return int(line[-2:])
    return crc32(line) % PAGES


def _calling_code(norm: str) -> str:
    """The calling code of a number, whole or masked; empty where it has none."""
    try:
        return calling_code(norm.partition("*")[0])
    except IdentifierError:
        return ""


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
