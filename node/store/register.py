"""The register: what may no longer be released, kept outside the store and outside every backup.

It holds, for each erasure, withdrawal, correction, narrowing, withdrawn consent and lost trust, the
permission now in force, and a counter of narrowing commits. A store whose counter is behind was
restored from a backup, announced or not. The register is written before the store commits: after a
crash between the two it is ahead by one, marked as pending, and goes back to what it said before.
Nobody was told yet that the change was made, and no message could leave.
Permissions are held in memory: they are asked for each time an item enters a delta.
It also keeps the number of the store's last opening: a store with a lower one is an older copy.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlcipher3 import dbapi2 as sqlcipher

from node.errors import StoreDamaged, StoreLocked
from node.store.engine import connect, is_damage

ERASED = "erased"  # rk → encode([entry, sig]); a peer's: [entry, sig, when it came, 8 bytes]
WITHDRAWN = "withdrawn"  # rk → encode([entry, sig, disclosures])
REVISION = "revision"  # rk → the lowest revision that may still be put, as 8 bytes
SAME = "same"  # rk → the earliest revision that says what that one says, as 8 bytes
NARROWED = "narrowed"  # rk → the restrictions in force
CONSENT = "consent"  # rk → what its reporter allows, as the store has it
REPORT = "report"  # draft id → her answers, a byte each; empty: nothing of it may be kept
STATISTICS = "statistics"  # month → the figures that were published of it
PRIVATE = "private"  # draft id → the day its private report was purged, as 8 bytes
PEER = "peer"  # org → the state in force
POLICY = "policy"  # b"" → the text in force
PROFILE = "profile"  # b"" → the network's profile in force, encode([bytes, sig]); empty: left
HIDDEN = "hidden"  # rk → the last day of an alert that our verdict hides, as 8 bytes
MODE = "mode"  # org → what a peer's alerts pass through here, encode([mode, [code…]])
VOICE = "voice"  # rk of a voice → the report that it stands on, encode([draft, rk])
MEMBER = "member"  # id → encode([role, passphrase hash, seed]) as they are now; empty: she left
UNINTRODUCED = "unintroduced"  # org → empty: no longer to be introduced; our own org: we are not

_DAMAGED = (
    "A page of the register (register.db) does not verify: the file was damaged or altered."
    " Stop the node, keep a copy of the file, and restore a backup; without one, move register.db"
    " away: nothing goes out then before `parasol recover confirm`."
)


class Register:
    """Permissions in force, by (scope, key); and how many narrowings were committed."""

    def __init__(self, path: Path | str, key: bytes, *, expected: int = 0) -> None:
        """Open it; `expected` is the store's counter: a missing file is then a lost register."""
        is_new = not Path(path).exists()
        if is_new and str(path) != ":memory:":
            Path(path).touch(mode=0o600)
        with _damage_named():
            self._connection: Any = connect(path, key)
            try:
                rows, counted = self._read_all()
            except BaseException:
                self._connection.close()
                raise
        self._now: dict[tuple[str, bytes], bytes] = {
            (scope, bytes(key)): bytes(value) for scope, key, value in rows
        }
        self._staged: dict[tuple[str, bytes], bytes | None] = {}
        self.counter: int = counted[0][0]
        self.pending: bool = bool(counted[0][1])
        self.opening: int = counted[1][0]
        self._lifted = self.pending  # what was lifted before a crash may be in the journal
        self.is_lost = is_new and expected > 0

    def _read_all(self) -> tuple[list[Any], list[Any]]:
        """Make the tables where there are none; gives every permission, and both counters."""
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS permission"
            " (scope TEXT, key BLOB, value BLOB, PRIMARY KEY (scope, key)) WITHOUT ROWID"
        )
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS counter (id INTEGER PRIMARY KEY, n INT, pending INT)"
        )
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS before"
            " (scope TEXT, key BLOB, value BLOB, PRIMARY KEY (scope, key)) WITHOUT ROWID"
        )
        # Row 0 counts the narrowing commits, row 1 has the number of the store's last opening.
        self._connection.execute("INSERT OR IGNORE INTO counter VALUES (0, 0, 0), (1, 0, 0)")
        rows = self._connection.execute("SELECT scope, key, value FROM permission").fetchall()
        counted = self._connection.execute("SELECT n, pending FROM counter ORDER BY id").fetchall()
        return rows, counted

    def get(self, scope: str, key: bytes) -> bytes | None:
        """The permission in force, staged changes included; None where nothing was narrowed."""
        if (scope, key) in self._staged:
            return self._staged[scope, key]
        return self._now.get((scope, key))

    def least_revision(self, rk: bytes) -> int:
        """The lowest revision of a record that may still be put; 0 where none was corrected."""
        return int.from_bytes(self.get(REVISION, rk) or b"", "big")

    def says_the_same(self, rk: bytes, rev: int) -> bool:
        """Whether this revision says what the lowest that may be put says: it was signed again."""
        first = int.from_bytes(self.get(SAME, rk) or b"", "big")
        return 0 < first <= rev

    def all(self, scope: str) -> Iterator[tuple[bytes, bytes]]:
        """Every (key, value) of a scope, as committed."""
        for (found, key), value in list(self._now.items()):
            if found == scope:
                yield key, value

    def stage(self, scope: str, key: bytes, value: bytes | None) -> None:
        """Note a permission (None: lifted) for the transaction that is now open."""
        self._staged[scope, key] = value

    @property
    def has_staged(self) -> bool:
        """Whether the open transaction changes a permission."""
        return bool(self._staged)

    def flush(self) -> int:
        """Make the staged permissions durable, ahead of the store; returns the new counter."""
        with self._one_step():
            self._connection.execute("DELETE FROM before")
            for (scope, key), value in self._staged.items():
                self._connection.execute(
                    "INSERT INTO before VALUES (?, ?, ?)", (scope, key, self._now.get((scope, key)))
                )
                self._write(scope, key, value)
            self._connection.execute("UPDATE counter SET n = n + 1, pending = 1 WHERE id = 0")
        self._lifted = any(
            value is None and name in self._now for name, value in self._staged.items()
        )
        for name, value in self._staged.items():
            self._keep(name, value)
        self._staged.clear()
        self.counter += 1
        self.pending = True
        return self.counter

    def settle(self, counter: int | None = None) -> None:
        """The store has committed what was flushed; `counter` sets the count after a recovery."""
        if counter is not None:
            self.counter = counter
        with self._one_step():
            self._connection.execute("DELETE FROM before")
            self._connection.execute(
                "UPDATE counter SET n = ?, pending = 0 WHERE id = 0", (self.counter,)
            )
        self.pending = False
        if self._lifted:
            # It may have held words: they must not linger in the journal. Where the disk is too
            # full for that now, they go with the next fold.
            self._lifted = False
            with suppress(sqlcipher.DatabaseError):
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def undo(self) -> None:
        """The store did not commit what was flushed last: say what was said before."""
        rows = self._connection.execute("SELECT scope, key, value FROM before").fetchall()
        with self._one_step():
            for scope, key, value in rows:
                self._write(scope, key, value)
            self._connection.execute("DELETE FROM before")
            self._connection.execute("UPDATE counter SET n = n - 1, pending = 0 WHERE id = 0")
        for scope, key, value in rows:
            self._keep((scope, bytes(key)), None if value is None else bytes(value))
        self.counter -= 1
        self.pending = self._lifted = False

    def note_opening(self, number: int) -> None:
        """Keep the number of this opening, after the store has: a lower one is an older copy's."""
        with self._one_step():
            self._connection.execute("UPDATE counter SET n = ? WHERE id = 1", (number,))
        self.opening = number

    @contextmanager
    def _one_step(self) -> Iterator[None]:
        with _damage_named():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def _write(self, scope: str, key: bytes, value: bytes | None) -> None:
        if value is None:
            self._connection.execute(
                "DELETE FROM permission WHERE scope = ? AND key = ?", (scope, key)
            )
        else:
            self._connection.execute(
                "INSERT OR REPLACE INTO permission VALUES (?, ?, ?)", (scope, key, value)
            )

    def _keep(self, name: tuple[str, bytes], value: bytes | None) -> None:
        if value is None:
            self._now.pop(name, None)
        else:
            self._now[name] = value

    def staged(self) -> dict[tuple[str, bytes], bytes | None]:
        """What is staged now, to come back to with `stage_only`."""
        return dict(self._staged)

    def stage_only(self, staged: dict[tuple[str, bytes], bytes | None]) -> None:
        """Go back to what was staged before a query that failed."""
        self._staged = dict(staged)

    def discard(self) -> None:
        """Forget what was staged: its transaction failed."""
        self._staged.clear()

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


@contextmanager
def _damage_named() -> Iterator[None]:
    """Turn SQLite's report of a damaged page into our sentence about it and its cure."""
    try:
        yield
    except (StoreLocked, StoreDamaged) as error:  # the key is right: it opened the keystore
        raise StoreDamaged(_DAMAGED) from error
    except sqlcipher.DatabaseError as error:
        if is_damage(error):
            raise StoreDamaged(_DAMAGED) from error
        raise
