"""Backup and restore: what is in the file, what is refused, and what a restored node is."""

import base64
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from keys.errors import WrongPassphrase
from keys.keystore import load_keystore
from node.backup import restore_node
from node.commands import backups
from node.commands.backups import backup
from node.commands.overview import status
from node.errors import BadBackup, NodeError
from node.pipeline import erased, publish
from node.runtime import Node
from node.store.peers import all_peers
from node.store.records import own_records
from protocol.entry import Status
from protocol.ids import RecordKey
from tests.unit.node_keeping.kept import (
    DAY,
    PASSPHRASE,
    Kept,
    befriend,
    confirm,
    documents_of,
    make,
    say,
)


async def taken(node: Node) -> bytes:
    return base64.b64decode((await backup(node))["content"])


def restore(kept: Kept, data: bytes | Path, passphrase: bytes = PASSPHRASE) -> dict[str, object]:
    return restore_node(kept.home, passphrase, data, clock=lambda: kept.now)


def files(home: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in home.rglob("*") if path.is_file()}


def size_and_modes(path: Path) -> tuple[int, int, int]:
    found, folder = path.stat(), path.parent.stat()
    return found.st_size, stat.S_IMODE(found.st_mode), stat.S_IMODE(folder.st_mode)


async def revisions(node: Node) -> dict[RecordKey, tuple[int, Status]]:
    records = await node.read(own_records, node.keystore.org)
    return {rk: (record.entry.rev, record.entry.status) for rk, record in records.items()}


async def erase(node: Node, alert: RecordKey) -> None:
    record = (await node.read(own_records, node.keystore.org, [alert]))[alert]
    gone = erased(record, node.key, node.context.random, node.today)
    await node.change(publish, node.context, [gone])


async def test_a_backup_says_when_it_was_made_and_status_its_age(riverside: Kept) -> None:
    async with riverside.opened() as node:
        made = await backup(node)
        assert made["made"] == "2026-01-21T00:00:00+00:00"
        assert made["bytes"] == len(base64.b64decode(made["content"]))
        riverside.now += 20 * DAY
        found = await status(node)
        assert found["backup"] == made["made"]
        assert found["warnings"] == ["the last backup is 20 days old: parasol backup"]


async def test_nothing_in_a_backup_can_be_read_without_the_passphrase(riverside: Kept) -> None:
    async with riverside.opened() as node:
        await say(node)
        data = await taken(node)
        key = node.keystore.store_key
        boxes = [box.secret for box in node.box_keys]
    for secret in (b"Riverside", b"4155550142", b"robbery", b"SQLite format", PASSPHRASE, key):
        assert secret not in data
    assert not any(box in data for box in boxes)


async def test_a_backup_leaves_nothing_behind_in_the_folder(riverside: Kept) -> None:
    async with riverside.opened() as node:
        before = {path.name for path in riverside.home.iterdir()}
        (riverside.home / ".backup-killed").mkdir()
        await taken(node)
        assert {path.name for path in riverside.home.iterdir()} == before


async def test_a_large_backup_is_left_in_a_file_for_its_owner_only(
    riverside: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backups, "INLINE", 1000)
    async with riverside.opened() as node:
        (alert,) = await say(node)
        made = await backup(node)
    path = Path(made["path"])
    assert "content" not in made
    assert size_and_modes(path) == (made["bytes"], 0o600, 0o700)
    restore(riverside, path)
    async with riverside.opened() as node:
        assert alert in await revisions(node)


async def test_a_backup_holds_no_box_key_and_a_restored_node_makes_a_new_one_and_a_new_card(
    riverside: Kept, tmp_path: Path
) -> None:
    async with riverside.opened() as node:
        old_card = node.documents.card
        data = await taken(node)
    elsewhere = Kept(tmp_path / "new", tmp_path)
    elsewhere.home.mkdir(mode=0o700)
    restore(elsewhere, data)
    async with elsewhere.opened() as node:
        card = node.documents.card
        assert card is not None
        assert old_card is not None
        assert card.box_public != old_card.box_public
        assert card.n > old_card.n
        assert node.box_keys[0].public == card.box_public


async def test_a_backup_opens_in_an_empty_folder_and_says_that_the_register_is_lost(
    riverside: Kept, harbour: Kept, tmp_path: Path
) -> None:
    docs = await documents_of(harbour)
    async with riverside.opened() as node:
        await befriend(node, docs, "Harbour")
        (alert,) = await say(node)
        data = await taken(node)
    elsewhere = Kept(tmp_path / "new", tmp_path, now=riverside.now)
    elsewhere.home.mkdir(mode=0o700)
    result = restore(elsewhere, data)
    assert str(result["register"]).startswith("lost")
    modes = {stat.S_IMODE(path.stat().st_mode) for path in elsewhere.home.iterdir()}
    assert modes == {0o600}
    async with elsewhere.opened() as node:
        assert alert in await revisions(node)
        assert node.settings.org == "Riverside"
        assert node.context.hold_all
        assert "register is lost" in " ".join((await status(node))["warnings"])


async def test_a_restored_node_puts_nothing_before_its_peers_have_listed(
    riverside: Kept, harbour: Kept
) -> None:
    docs = await documents_of(harbour)
    async with riverside.opened() as node:
        peer = await befriend(node, docs, "Harbour")
        await say(node)
        data = await taken(node)
        await say(node)
        await confirm(node, peer)
    result = restore(riverside, data)
    assert result["kept"] == ["settings.toml", "policy.toml", "register.db"]
    assert "register" not in result
    async with riverside.opened() as node:
        assert len(await revisions(node)) == 1
        (found,) = await node.read(all_peers)
        assert not found.out_listed
        assert not node.context.hold_all
        assert (await status(node))["recovery"] == "listing"


async def test_what_was_erased_after_the_backup_is_erased_again(riverside: Kept) -> None:
    async with riverside.opened() as node:
        (alert,) = await say(node)
        data = await taken(node)
        await erase(node, alert)
    restore(riverside, data)
    async with riverside.opened() as node:
        assert (await revisions(node))[alert] == (2, Status.ERASED)


async def test_the_replaced_store_and_its_journal_are_gone(riverside: Kept) -> None:
    async with riverside.opened() as node:
        data = await taken(node)
        await say(node, 3)
    (riverside.home / "store.db-wal").write_bytes(b"of the old store")
    restore(riverside, data)
    assert not list(riverside.home.glob("store.db?*"))
    async with riverside.opened() as node:
        assert await revisions(node) == {}


async def test_the_policy_and_settings_that_stand_are_kept(riverside: Kept) -> None:
    async with riverside.opened() as node:
        data = await taken(node)
    path = riverside.home / "policy.toml"
    edited = path.read_text() + "\n# mine\n"
    path.write_text(edited)
    restore(riverside, data)
    assert path.read_text() == edited
    path.unlink()
    restore(riverside, data)
    assert "# mine" not in path.read_text()


async def test_a_node_made_anew_keeps_the_store_key_of_its_register(
    riverside: Kept, tmp_path: Path
) -> None:
    async with riverside.opened() as node:
        (alert,) = await say(node)
        data = await taken(node)
        there = node.keystore
    # The same organisation under another store key, as after a lost passphrase.
    other = make(tmp_path, "Other")
    async with other.opened() as node:
        mine = node.keystore
        changed = replace(mine, org=there.org, orgdocs=there.orgdocs, node_keys=there.node_keys)
        node.write_keystore(other.home / "keystore", changed)
    restore(other, data)
    async with other.opened() as node:
        assert node.keystore.store_key == mine.store_key != there.store_key
        assert alert in await revisions(node)
        assert not node.context.register.is_lost


async def test_a_backup_of_another_organisation_is_refused(riverside: Kept, harbour: Kept) -> None:
    async with riverside.opened() as node:
        data = await taken(node)
    before = files(harbour.home)
    with pytest.raises(BadBackup, match="another organisation"):
        restore(harbour, data)
    assert files(harbour.home) == before


async def test_a_backup_with_another_passphrase_is_refused(riverside: Kept) -> None:
    async with riverside.opened() as node:
        data = await taken(node)
    before = files(riverside.home)
    with pytest.raises(WrongPassphrase, match="does not open this backup"):
        restore(riverside, data, b"another one")
    assert files(riverside.home) == before


async def test_a_folder_whose_keystore_does_not_open_is_left_alone(riverside: Kept) -> None:
    async with riverside.opened() as node:
        data = await taken(node)
    (riverside.home / "keystore").write_bytes(b"parasol1 keystore\ndamaged")
    with pytest.raises(NodeError, match="move it away"):
        restore(riverside, data)
    (riverside.home / "keystore").unlink()
    assert "register" not in restore(riverside, data)
    async with riverside.opened() as node:
        assert not node.context.hold_all


async def test_any_flipped_byte_is_found_and_nothing_is_touched(riverside: Kept) -> None:
    async with riverside.opened() as node:
        data = await taken(node)
    before = files(riverside.home)
    for at in [
        *range(0, 80, 3),
        *range(80, 1200, 97),
        *range(1200, len(data), len(data) // 12),
        len(data) - 1,
    ]:
        altered = bytearray(data)
        altered[at] ^= 1
        with pytest.raises((BadBackup, WrongPassphrase)) as caught:
            restore(riverside, bytes(altered))
        assert str(caught.value)
    assert files(riverside.home) == before


@pytest.mark.parametrize("size", [0, 3, 15, 16, 18, 400, 900, -4096, -1])
async def test_a_backup_that_was_cut_off_is_refused(riverside: Kept, size: int) -> None:
    async with riverside.opened() as node:
        data = await taken(node)
    with pytest.raises(BadBackup):
        restore(riverside, data[:size])


async def test_a_backup_with_more_behind_it_is_refused(riverside: Kept) -> None:
    async with riverside.opened() as node:
        data = await taken(node)
    with pytest.raises(BadBackup):
        restore(riverside, data + b"x")


async def test_each_restore_issues_a_newer_card(riverside: Kept) -> None:
    async with riverside.opened() as node:
        data = await taken(node)
        card_n = node.keystore.card_n
    restore(riverside, data)
    keystore = load_keystore(riverside.home / "keystore", PASSPHRASE.decode())
    assert keystore.card_n > card_n
    async with riverside.opened() as node:
        assert node.documents.card is not None
        assert node.documents.card.n == keystore.card_n
