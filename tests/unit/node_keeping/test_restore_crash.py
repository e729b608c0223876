"""A restore that is killed at any step leaves the old node or the restored one, never a mixture."""

import base64
import shutil
import subprocess
import sys
from pathlib import Path

from node.backup import restore_node
from node.commands.backups import backup
from node.store.peers import all_peers
from node.store.records import own_records
from protocol.ids import RecordKey
from tests.unit.node_keeping.kept import PASSPHRASE, Kept, befriend, documents_of, say

ROOT = Path(__file__).parents[3]


def killed_at_each_step(home: Path, data: bytes, folder: Path, now: int) -> list[Kept]:
    """Restore into copies of `home`, killed at step 1, 2, …; the last one was let finish."""
    folder.mkdir()
    file = folder / "the-backup"
    file.write_bytes(data)
    done = subprocess.run(
        [sys.executable, "-m", "tests.unit.node_keeping.killed_restores", str(home), str(file),
         str(folder), str(now)],
        cwd=ROOT, check=True, capture_output=True, timeout=100,
    )  # fmt: skip
    return [Kept(folder / str(n), folder, now=now) for n in range(1, int(done.stdout) + 1)]


async def held(kept: Kept) -> tuple[set[RecordKey], bool]:
    """What the node holds, and whether it is in recovery."""
    async with kept.opened() as node:
        records = await node.read(own_records, node.keystore.org)
        peers = await node.read(all_peers)
        return set(records), not all(peer.out_listed for peer in peers)


def restore_again(kept: Kept, data: bytes) -> None:
    restore_node(kept.home, PASSPHRASE, data, clock=lambda: kept.now)
    assert not list(kept.home.glob(".restore-*"))


async def test_a_killed_restore_leaves_the_old_node_or_the_restored_one(
    riverside: Kept, harbour: Kept, tmp_path: Path
) -> None:
    docs = await documents_of(harbour)
    async with riverside.opened() as node:
        await befriend(node, docs, "Harbour")
        before = set(await say(node, 2))
        data = base64.b64decode((await backup(node))["content"])
        after = before | set(await say(node, 3))
        killed = tmp_path / "killed"  # the node that is restored was killed too: it has a journal
        shutil.copytree(riverside.home, killed)
        assert (killed / "store.db-wal").stat().st_size > 0
    copies = killed_at_each_step(killed, data, tmp_path / "out", riverside.now)
    found = [await held(copy) for copy in copies]
    assert len(copies) > 15
    assert found[0] == (after, False)
    assert found[-1] == (before, True)
    assert all(each in [(after, False), (before, True)] for each in found)
    assert found == sorted(found, key=lambda each: each[1]), "once restored, it stays restored"
    for copy in copies[::4]:
        restore_again(copy, data)
        assert await held(copy) == (before, True)


async def test_a_killed_restore_into_an_empty_folder_leaves_no_node_or_the_restored_one(
    riverside: Kept, tmp_path: Path
) -> None:
    async with riverside.opened() as node:
        before = set(await say(node, 2))
        data = base64.b64decode((await backup(node))["content"])
    empty = tmp_path / "empty"
    empty.mkdir(mode=0o700)
    copies = killed_at_each_step(empty, data, tmp_path / "out", riverside.now)
    unfinished = [copy for copy in copies if not (copy.home / "settings.toml").exists()]
    assert len(unfinished) > 10
    for copy in [*unfinished[::4], unfinished[-1]]:
        restore_again(copy, data)
    for copy in copies:
        if (copy.home / "settings.toml").exists():
            assert (await held(copy))[0] == before
