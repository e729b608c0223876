"""The register: durable before its store, and taken back where the store did not follow."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from node.store.register import ERASED, NARROWED, REVISION, Register
from tests.unit.node_keeping.kept import Kept

KEY = b"k" * 32
RK = b"r" * 16


@contextmanager
def opened(path: Path) -> Iterator[Register]:
    register = Register(path, KEY)
    try:
        yield register
    finally:
        register.close()


def write(register: Register, scope: str, value: bytes | None) -> None:
    register.stage(scope, RK, value)
    register.flush()


def test_what_the_store_did_not_commit_is_taken_back(tmp_path: Path) -> None:
    path = tmp_path / "register.db"
    with opened(path) as register:
        write(register, REVISION, b"2")
        register.settle()
        write(register, NARROWED, b"some")
        register.settle()
        register.stage(ERASED, RK, b"gone")  # a crash: this commit ends with all three half done
        register.stage(REVISION, RK, b"3")
        write(register, NARROWED, None)
    with opened(path) as register:
        assert (register.counter, register.pending) == (3, True)
        assert register.get(REVISION, RK) == b"3"
        register.undo()
    with opened(path) as register:
        assert (register.counter, register.pending) == (2, False)
        found = [register.get(scope, RK) for scope in (ERASED, REVISION, NARROWED)]
        assert found == [None, b"2", b"some"]


def test_what_the_store_committed_stays_whatever_is_taken_back_later(tmp_path: Path) -> None:
    path = tmp_path / "register.db"
    with opened(path) as register:
        write(register, REVISION, b"2")  # its store committed, and it died before it said so
        write(register, REVISION, b"3")
        register.undo()
        assert (register.counter, register.get(REVISION, RK)) == (1, b"2")


def test_nothing_of_what_was_lifted_stays_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "register.db"
    with opened(path) as register:
        write(register, NARROWED, b"some")
        register.settle()
        write(register, NARROWED, None)
        register.settle()
        left = register._connection.execute("SELECT count(*) FROM before").fetchone()
        assert left == (0,)
        assert (tmp_path / "register.db-wal").stat().st_size == 0


async def test_a_lost_register_is_noticed_also_where_nothing_was_ever_narrowed(
    riverside: Kept,
) -> None:
    async with riverside.opened():
        pass
    for file in riverside.home.glob("register.db*"):
        file.unlink()
    async with riverside.opened() as node:
        assert node.context.hold_all
