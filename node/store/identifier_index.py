"""The identifiers of all stored records in memory, so that a part of one is found in milliseconds.

The table `identifiers` is the truth: what is found here is looked up there before it is shown, so
the worst that a fault here can do is to miss. Values are read once, on the first search, with the
writer held; from then on each commit changes them, and what a commit purges goes from memory with
it. A statement that this file does not know makes it forget everything and read again. How they lie
in memory is told in `node.store.identifier_lines`.
"""

from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.engine import Engine

from node.store.engine import Store
from node.store.identifier_lines import END, SOUGHT, Lines, Row, runs
from node.store.records import REINDEX
from node.store.tables import identifiers

_PENDING = "parasol_identifiers"
_READ = (
    "SELECT kind, norm FROM identifiers WHERE kind IN"  # noqa: S608 - our words
    f" ({', '.join(repr(kind) for kind in sorted(SOUGHT | {'phone.masked'}))})"
)
_AT_ONCE = 500  # rows: a leaf read as a whole would take twice the memory that it is kept in


class IdentifierIndex:
    """What is held, by leaf name. Asked from any thread, changed in the writer's only."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lines: Lines | None = None
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
        lines, found = Lines(), connection.exec_driver_sql(_READ)
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
                start = page.rfind(END, 0, at) + 1
                end = page.find(END, at)
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
        return set().union(*(lines.of_key("plate.part", run) for run in (*runs(signs), "")))

    def all_of(self, kind: str) -> list[str]:
        """Every value of this leaf; of names and handles each once, of others as often as it is."""
        lines = self._lines
        pages = lines.of(kind) if lines else ()
        return [line.decode() for page in pages for line in bytes(page).split(END)[1:-1]]

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


def _rolled_back(connection: Connection) -> None:
    connection.info.pop(_PENDING, None)


def _rolled_back_in_part(connection: Connection, *_: Any) -> None:
    if _PENDING in connection.info:
        connection.info[_PENDING].append(None)
