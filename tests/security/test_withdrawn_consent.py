"""A consent that was withdrawn stays withdrawn: after a restore, a give, another review."""

import base64
from pathlib import Path
from typing import Any

from federation.release import Consent
from node.backup import restore_node
from node.commands.backups import backup
from node.issue_again import _sign_and_publish, follow_terms, issue_again
from node.pipeline import signed_again
from node.runtime import Node
from node.store import register as permissions
from node.store.drafts import find_draft, mark_published
from node.store.grants import StoreGrants
from node.store.peers import peer_by_id
from node.store.records import OwnRecord, encode_consent, own_records
from node.store.takeback import take_back
from protocol.commitment import encode_disclosures
from protocol.ids import RecordKey, parse_record_key
from protocol.messages import Given, Put
from tests.unit.node_keeping.kept import PASSPHRASE, Kept, befriend, documents_of, make


async def told(node: Node, *scopes: str) -> tuple[str, str]:
    """Take a report in and publish it; returns the alert's id and the reporter's code."""
    draft = await node.dispatch(
        "draft_new",
        {
            "fields": {"codes": ["RB"], "city": ["Oakland"]},
            "consent": list(scopes),
            "receipt": True,
        },
    )
    done = await node.dispatch("draft_publish", {"ids": [draft["id"]]})
    assert done["refused"] == []
    return done["published"][0], draft["receipt"]


async def take_away(node: Node, code: str, *scopes: str) -> dict[str, Any]:
    return await node.dispatch("receipt_consent", {"code": code, "no": list(scopes)})


async def put_to(node: Node, peer: int) -> list[str]:
    """What the next deltas would put to a peer, all from the beginning."""

    def query(connection: Any) -> list[str]:
        grants = StoreGrants(connection, node.context, peer_by_id(connection, peer))
        items = grants.items(grants.rows_after(0, 500))
        return [item.rk.hex() for item in items if isinstance(item, Put)]

    return await node.read(query)


async def listed_by(node: Node, peer: int) -> None:
    """The recovery with this peer is over: it has listed all that it holds, which is nothing."""

    def change(connection: Any) -> None:
        grants = StoreGrants(connection, node.context, peer_by_id(connection, peer))
        grants.channel.listed = True
        grants.save()
        grants.derive()
        grants.save()

    await node.change(change)


async def restored(kept: Kept, data: bytes) -> None:
    restore_node(kept.home, PASSPHRASE, data, clock=lambda: kept.now)


async def test_a_backup_does_not_put_back_a_withdrawn_consent(tmp_path: Path) -> None:
    riverside, harbour = make(tmp_path, "Riverside"), make(tmp_path, "Harbour")
    docs = await documents_of(harbour)
    async with riverside.opened() as node:
        peer = await befriend(node, docs, "Harbour")
        alert, code = await told(node, "members", "peers")
        assert len(await put_to(node, peer.id)) == 1
        data = base64.b64decode((await backup(node))["content"])
        await take_away(node, code, "peers")
        assert await put_to(node, peer.id) == []
    await restored(riverside, data)
    async with riverside.opened() as node:
        rk = parse_record_key(alert)
        assert not (await node.read(own_records, node.context.org))[rk].consent.peers
        assert await put_to(node, peer.id) == []
        await listed_by(node, peer.id)
        assert await put_to(node, peer.id) == []
        for again in (follow_terms(node), issue_again(node, [rk])):
            await again
            assert await put_to(node, peer.id) == []
        await node.dispatch("recover_confirm", {})
        assert await put_to(node, peer.id) == []
        shown = await node.dispatch("receipt_show", {"code": code})
        assert shown["consent"]["peers"] is False


async def test_a_draft_that_comes_back_is_not_published_against_a_withdrawn_consent(
    tmp_path: Path,
) -> None:
    riverside, harbour = make(tmp_path, "Riverside"), make(tmp_path, "Harbour")
    docs = await documents_of(harbour)
    async with riverside.opened() as node:
        peer = await befriend(node, docs, "Harbour")
        made = await node.dispatch("draft_new", {"fields": {"codes": ["RB"]}, "receipt": True})
        other = await node.dispatch("draft_new", {"fields": {"codes": ["NP"]}, "receipt": True})
        data = base64.b64decode((await backup(node))["content"])
        await node.dispatch("draft_publish", {"ids": [made["id"], other["id"]]})
        assert len(await put_to(node, peer.id)) == 2
        await take_away(node, made["receipt"], "peers")
        await node.dispatch("receipt_withdraw", {"code": other["receipt"]})
    await restored(riverside, data)
    async with riverside.opened() as node:
        await listed_by(node, peer.id)
        gone = await node.dispatch("draft_show", {"id": other["id"]})
        assert (gone["state"], gone["fields"], gone["report"]) == ("refused", {}, {})
        await node.dispatch("draft_publish", {"all": True})
        assert await put_to(node, peer.id) == []


async def test_what_a_peer_gives_back_keeps_the_consent_that_the_register_knows(
    tmp_path: Path,
) -> None:
    riverside, harbour = make(tmp_path, "Riverside"), make(tmp_path, "Harbour")
    docs = await documents_of(harbour)
    async with riverside.opened() as node:
        peer = await befriend(node, docs, "Harbour")
        empty = base64.b64decode((await backup(node))["content"])
        alert, code = await told(node, "members", "peers")
        rk = parse_record_key(alert)
        record = (await node.read(own_records, node.context.org))[rk]
        await take_away(node, code, "peers")
    await restored(riverside, empty)
    async with riverside.opened() as node:
        item = Given(record.entry.raw, record.sig, encode_disclosures(record.opened.values()))

        def give(connection: Any) -> None:
            grants = StoreGrants(connection, node.context, peer_by_id(connection, peer.id))
            take_back(connection, node.context, grants, [item], {rk})
            grants.channel.listed = True
            grants.save()
            grants.derive()
            grants.save()

        await node.change(give)
        known = await node.read(own_records, node.context.org)
        assert known[rk].consent.members
        assert not known[rk].consent.peers
        assert await put_to(node, peer.id) == []


async def test_the_register_is_asked_for_each_item_whatever_the_store_says(tmp_path: Path) -> None:
    riverside, harbour = make(tmp_path, "Riverside"), make(tmp_path, "Harbour")
    docs = await documents_of(harbour)
    async with riverside.opened() as node:
        peer = await befriend(node, docs, "Harbour")
        alert, _ = await told(node, "members", "peers")
        rk = parse_record_key(alert)

        raw = encode_consent(Consent(members=True))
        await node.change(lambda _: node.context.register.stage(permissions.CONSENT, rk, raw))
        assert await put_to(node, peer.id) == []


async def test_a_draft_whose_consent_changed_during_its_review_is_not_published(
    tmp_path: Path,
) -> None:
    riverside = make(tmp_path, "Riverside")
    async with riverside.opened() as node:
        made = await node.dispatch("draft_new", {"fields": {"codes": ["RB"]}, "receipt": True})
        reviewed = await node.read(find_draft, made["id"])
        await take_away(node, made["receipt"], "peers")
        assert not await node.change(mark_published, reviewed, RecordKey(bytes(16)))
        now = await node.read(find_draft, made["id"])
        assert await node.change(mark_published, now, RecordKey(bytes(16)))


async def test_signing_again_takes_back_no_consent_and_no_narrowing_that_came_meanwhile(
    tmp_path: Path,
) -> None:
    riverside = make(tmp_path, "Riverside")
    async with riverside.opened() as node:
        alert, code = await told(node, "members", "peers", "contact")
        rk = parse_record_key(alert)
        stale = await node.read(own_records, node.context.org, [rk])
        await take_away(node, code, "contact")
        await node.dispatch("alert_narrow", {"alert": alert, "withhold": ["city"]})

        def sign(record: OwnRecord, above: int) -> OwnRecord:
            random = node.context.random
            return signed_again(record, node.key, random, node.today, above=above)

        await _sign_and_publish(node, stale, sign)
        stands = (await node.read(own_records, node.context.org, [rk]))[rk]
        assert not stands.consent.contact
        assert stands.restrictions.withhold
