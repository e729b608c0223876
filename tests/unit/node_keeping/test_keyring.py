"""Rotating, revoking and recovering our keys: who speaks, what is signed again, what survives."""

import base64
from pathlib import Path

import pytest

from federation.verify import verify_record
from keys.documents import Documents
from keys.errors import BadPhrase
from keys.keystore import load_keystore
from keys.oprf import own_token
from keys.orgdoc import next_hash
from keys.phrase import new_phrase, phrase_to_key
from keys.pin import Equivocation
from keys.safety import safety_code
from node.backup import restore_node
from node.commands.backups import backup
from node.commands.keyring import keys_recover, keys_revoke, keys_rotate, keys_show
from node.errors import BadRequest
from node.opening import SIGNING_DUE
from node.owndocs import apply_own_document, finish_signing
from node.pipeline import erased, publish, withdrawn
from node.rootdocs import (
    chain_with,
    next_root_of,
    parse_document,
    read_words,
    recovered,
    render_document,
    renewed,
    revoked,
    root_of,
)
from node.runtime import Node
from node.store import meta
from node.store.peers import all_peers
from node.store.records import OwnRecord, own_records
from protocol.commitment import encode_disclosures
from protocol.entry import Status
from protocol.errors import ProtocolError
from protocol.ids import RecordKey, text_id
from tests.unit.node_keeping.kept import (
    DAY,
    PASSPHRASE,
    Kept,
    befriend,
    confirm,
    documents_of,
    say,
)


async def records(node: Node) -> dict[RecordKey, OwnRecord]:
    return await node.read(own_records, node.keystore.org)


async def one_of_each(node: Node) -> None:
    """Have a live, a withdrawn and an erased record."""
    first, second, _ = await say(node, 3)
    known = await records(node)
    chance, today = node.context.random, node.today
    gone = erased(known[first], node.key, chance, today)
    back = withdrawn(known[second], node.key, "a mistake", chance, today)
    await node.change(publish, node.context, [gone, back])


def verify_all(node: Node, found: dict[RecordKey, OwnRecord]) -> None:
    """Verify as a peer would that has our newest document."""
    for record in found.values():
        raw = encode_disclosures(record.opened.values())
        verify_record(record.entry.raw, record.sig, raw, node.documents.current, node.today)


def seeds(kept: Kept) -> int:
    return len(load_keystore(kept.home / "keystore", PASSPHRASE.decode()).node_keys)


async def test_a_new_node_shows_its_one_key_and_its_document(riverside: Kept) -> None:
    async with riverside.opened() as node:
        shown = await keys_show(node)
        org, public = node.keystore.org, node.key.public
    assert (shown["org"], shown["safety_code"]) == (text_id(org), safety_code(org))
    assert (shown["gen"], shown["ver"], shown["expires"]) == (0, 1, "2027-02-20")
    assert shown["keys"] == [
        {"key": text_id(public), "from": "2026-01-20", "to": "2027-02-20", "state": "in use"}
    ]
    assert parse_document(shown["document"]).current.name == "Riverside"


async def test_rotating_signs_every_living_record_with_the_new_key(riverside: Kept) -> None:
    async with riverside.opened() as node:
        await one_of_each(node)
        before, old = await records(node), node.key.public
        done = await keys_rotate(node, riverside.root)
        after = await records(node)
        assert done["signed"] == 3
        assert (done["gen"], done["ver"]) == (0, 2)
        assert {record.entry.node_key for record in after.values()} == {node.key.public} != {old}
        for rk, record in after.items():
            assert record.entry.rev == before[rk].entry.rev + 1
            assert record.entry.status is before[rk].entry.status
            assert record.entry.exp_day == before[rk].entry.exp_day
        verify_all(node, after)
        verify_all(node, before)  # the old key stays listed for copies that are still out there
        assert [row["state"] for row in (await keys_show(node))["keys"]] == ["valid", "in use"]
    assert seeds(riverside) == 1


async def test_peers_are_told_of_a_rotation_with_a_new_card(riverside: Kept, harbour: Kept) -> None:
    docs = await documents_of(harbour)
    async with riverside.opened() as node:
        peer = await befriend(node, docs, "Harbour")
        await say(node)
        await confirm(node, peer)
        card, woken = node.documents.card, []
        node.on_peers = lambda: woken.append("peers")
        node.on_news = woken.append  # type: ignore[assignment]  # a list takes sets as well
        await keys_rotate(node, riverside.root)
        (told,) = await node.read(all_peers)
        assert told.hello_due
        assert told.out_pseq > peer.out_pseq
        assert woken == ["peers", {peer.id}]
        assert card is not None
        assert node.documents.card is not None
        assert node.documents.card.n > card.n
        assert node.documents.card.node_key == node.key.public


@pytest.mark.parametrize("which", ["next_root", "nonsense"])
async def test_other_words_than_the_root_s_are_refused(riverside: Kept, which: str) -> None:
    words = riverside.next_root if which == "next_root" else new_phrase(bytes)
    async with riverside.opened() as node:
        with pytest.raises(BadPhrase):
            await keys_rotate(node, words)
        assert node.documents.current.ver == 1


async def test_a_rotation_that_was_cut_off_is_finished_at_the_next_start(riverside: Kept) -> None:
    class Killed(BaseException):
        pass

    def die() -> None:
        raise Killed

    async with riverside.opened() as node:
        await say(node, 2)
        node.on_peers = die
        with pytest.raises(Killed):
            await keys_rotate(node, riverside.root)
    assert seeds(riverside) == 2
    async with riverside.opened() as node:
        assert {r.entry.rev for r in (await records(node)).values()} == {1}
        assert await finish_signing(node) == 2
        assert await finish_signing(node) == 0
        after = await records(node)
        assert {r.entry.node_key for r in after.values()} == {node.key.public}
        assert await node.read(meta.get, SIGNING_DUE) is None
    assert seeds(riverside) == 1


async def test_a_full_document_lets_the_oldest_key_go(riverside: Kept) -> None:
    async with riverside.opened() as node:
        await say(node)
        first = node.key.public
        for _ in range(8):
            await keys_rotate(node, riverside.root)
        listed = [key for key, _, _ in node.documents.current.keys]
        assert len(listed) == 8
        assert first not in listed
        verify_all(node, await records(node))


async def test_revoking_the_only_key_puts_a_new_one_in_its_place_at_once(
    riverside: Kept,
) -> None:
    async with riverside.opened() as node:
        await one_of_each(node)
        before, old = await records(node), node.key.public
        done = await keys_revoke(node, riverside.root, "2026-01-20")
        assert (done["revoked"], done["since"], done["signed"]) == (text_id(old), "2026-01-20", 3)
        current = node.documents.current
        assert current.key_state(old, node.today) == "revoked"
        assert current.key_state(node.key.public, node.today) == "valid"
        verify_all(node, await records(node))
        with pytest.raises(ProtocolError, match="revoked"):
            verify_all(node, before)
        assert [row["state"] for row in (await keys_show(node))["keys"]] == ["revoked", "in use"]


async def test_revoking_an_old_key_keeps_the_present_one(riverside: Kept) -> None:
    async with riverside.opened() as node:
        old = node.key.public
        await keys_rotate(node, riverside.root)
        present = node.key.public
        with pytest.raises(BadRequest, match="say which one"):
            await keys_revoke(node, riverside.root, "2026-01-20")
        await keys_revoke(node, riverside.root, "2026-01-20", text_id(old)[:10])
        assert node.key.public == present
        assert node.documents.current.key_state(old, node.today) == "revoked"


async def test_a_key_cannot_be_revoked_from_tomorrow_on(riverside: Kept) -> None:
    async with riverside.opened() as node:
        with pytest.raises(BadRequest):
            await keys_revoke(node, riverside.root, "2026-02-20")


def next_generation(kept: Kept, documents: Documents, today: int) -> Documents:
    after = phrase_to_key(new_phrase(lambda n: bytes(range(n))))
    root = next_root_of(documents, read_words(kept.next_root))
    new = recovered(documents, root, next_hash(after.public), today)
    return Documents(chain_with(documents, new), None)


async def test_the_next_root_takes_over_and_the_node_goes_on(riverside: Kept) -> None:
    async with riverside.opened() as node:
        await say(node)
        document = next_generation(riverside, node.documents, node.today)
        done = await keys_recover(node, render_document(document.orgdocs))
        assert (done["updated"], done["gen"], done["ver"], done["key"]) == (True, 1, 1, "valid")
        assert "next" not in done
        assert len(node.documents.orgdocs) == 2
        with pytest.raises(BadPhrase):
            await keys_rotate(node, riverside.root)
        await keys_rotate(node, riverside.next_root)
        verify_all(node, await records(node))
    async with riverside.opened() as node:
        assert (node.documents.current.gen, node.documents.current.ver) == (1, 2)


async def test_a_document_that_revokes_our_key_says_what_to_do_next(riverside: Kept) -> None:
    async with riverside.opened() as node:
        await say(node)
        docs = node.documents
        root = root_of(docs, read_words(riverside.root))
        new = revoked(docs, root, node.key.public, node.today - 1, node.today, step=100)
        done = await apply_own_document(node, Documents(chain_with(docs, new), None))
        assert (done["updated"], done["key"], done["ver"]) == (True, "revoked", 101)
        assert "parasol keys rotate" in done["next"]
        assert {r.entry.rev for r in (await records(node)).values()} == {1}
        rotated = await keys_rotate(node, riverside.root)
        assert (rotated["ver"], rotated["signed"]) == (102, 1)
        verify_all(node, await records(node))


async def test_an_older_document_changes_nothing(riverside: Kept) -> None:
    async with riverside.opened() as node:
        first = node.documents
        await keys_rotate(node, riverside.root)
        done = await apply_own_document(node, Documents(first.orgdocs, None))
        assert (done["updated"], done["ver"]) == (False, 2)


async def test_a_contradicting_document_of_ours_is_an_alarm(riverside: Kept) -> None:
    async with riverside.opened() as node:
        docs = node.documents
        root = root_of(docs, read_words(riverside.root))
        other = renewed(docs, root, node.today + 1)
        await keys_rotate(node, riverside.root)
        with pytest.raises(Equivocation):
            await apply_own_document(node, Documents(chain_with(docs, other), None))


async def test_what_has_expired_is_not_signed_again(riverside: Kept) -> None:
    async with riverside.opened() as node:
        await say(node, codes=["raid"])
        riverside.now += 10 * DAY
        assert (await keys_rotate(node, riverside.root))["signed"] == 0


async def test_what_was_corrected_after_the_backup_is_not_signed_as_it_was(
    riverside: Kept,
) -> None:
    async with riverside.opened() as node:
        alert, other = await say(node, 2)
        register = node.context.register
        await node.change(lambda _: register.stage("revision", alert, (2).to_bytes(8, "big")))
        assert (await keys_rotate(node, riverside.root))["signed"] == 1
        found = await records(node)
        assert (found[alert].entry.rev, found[other].entry.rev) == (1, 2)


async def test_an_old_backup_does_not_bring_back_the_old_key(riverside: Kept) -> None:
    async with riverside.opened() as node:
        await say(node)
        data = base64.b64decode((await backup(node))["content"])
        await keys_rotate(node, riverside.root)
        present, card = node.key.public, node.documents.card
    restore_node(riverside.home, PASSPHRASE, data, clock=lambda: riverside.now)
    async with riverside.opened() as node:
        assert node.key.public == present
        assert node.documents.current.ver == 2
        assert card is not None
        assert node.documents.card is not None
        assert node.documents.card.n > card.n


async def test_a_newer_backup_brings_its_key_to_a_folder_with_an_older_one(
    riverside: Kept, tmp_path: Path
) -> None:
    async with riverside.opened() as node:
        old = base64.b64decode((await backup(node))["content"])
    elsewhere = Kept(tmp_path / "spare", tmp_path, now=riverside.now)
    elsewhere.home.mkdir(mode=0o700)
    restore_node(elsewhere.home, PASSPHRASE, old, clock=lambda: riverside.now)
    async with riverside.opened() as node:
        (alert,) = await say(node)
        await keys_rotate(node, riverside.root)
        present = node.key.public
        new = base64.b64decode((await backup(node))["content"])
    restore_node(elsewhere.home, PASSPHRASE, new, clock=lambda: riverside.now)
    async with elsewhere.opened() as node:
        assert node.key.public == present
        found = await records(node)
        assert found[alert].entry.status is Status.LIVE
        verify_all(node, found)


async def test_a_new_node_key_brings_new_tokens_and_a_card_that_names_their_key(
    riverside: Kept,
) -> None:
    async with riverside.opened() as node:
        await say(node, phone=["+14155550142"])
        before = node.context.oprf_key
        assert before is not None
        await keys_rotate(node, riverside.root)
        after = node.context.oprf_key
        assert after is not None
        assert after.kid != before.kid
        assert node.documents.card is not None
        assert node.documents.card.oprf_kid == after.kid
        (record,) = (await records(node)).values()
        token = own_token(after, "phone", "+14155550142")
        assert record.opened["phone.token"].value == [[after.kid, token]]
        assert record.entry.rev == 2
