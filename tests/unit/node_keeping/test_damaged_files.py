"""A byte that flipped in the register or the store: a sentence and a way out wherever it is met."""

from pathlib import Path

import pytest

from node.commands.backups import backup
from node.errors import StoreDamaged
from node.store.engine import connect
from node.store.register import ERASED, Register
from tests.unit.node_keeping.kept import Kept, say
from tests.unit.node_keeping.test_backup import restore, taken

KEY = b"k" * 32


def flip(path: Path, place: int) -> None:
    spoilt = bytearray(path.read_bytes())
    spoilt[place] ^= 0x10
    path.write_bytes(spoilt)


def filled(path: Path) -> int:
    """A register of many pages, folded into one file; gives its size."""
    register = Register(path, KEY)
    for number in range(400):
        register.stage(ERASED, number.to_bytes(16, "big"), b"x" * 300)
    register.flush()
    register.settle()
    register.close()
    connection = connect(path, KEY)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    connection.close()
    return path.stat().st_size


@pytest.mark.parametrize("part", [0.0, 0.0001, 0.3, 0.6, 0.99])
def test_a_damaged_register_is_told_with_its_cure(tmp_path: Path, part: float) -> None:
    path = tmp_path / "register.db"
    flip(path, int(filled(path) * part))
    with pytest.raises(StoreDamaged, match=r"register\.db.*restore a backup"):
        Register(path, KEY)


async def test_a_restore_is_a_way_out_where_the_register_is_damaged_in_its_midst(
    riverside: Kept,
) -> None:
    async with riverside.opened() as node:
        await say(node)
        data = await taken(node)
    path = riverside.home / "register.db"
    flip(path, path.stat().st_size // 2)
    with pytest.raises(StoreDamaged):
        async with riverside.opened():
            pass
    assert str(restore(riverside, data)["register"]).startswith("lost")
    async with riverside.opened() as node:
        assert node.context.hold_all


async def test_a_backup_of_a_damaged_store_says_what_is_wrong(riverside: Kept) -> None:
    async with riverside.opened() as node:
        await say(node)
        await node.store.checkpoint()
        store = riverside.home / "store.db"
        for place in range(store.stat().st_size // 2, store.stat().st_size, 8192):
            flip(store, place)
        with pytest.raises(StoreDamaged):
            await backup(node)
        assert not list(riverside.home.glob(".backup-*"))
