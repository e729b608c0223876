"""What was corrected after the backup that a store comes from is signed again by nobody's doing.

Its revision would stand above the correction, and let out again what that took away.
"""

from pathlib import Path

import pytest
from sqlalchemy import Connection

from federation.origin import next_delta
from federation.release import Consent, Restrictions
from federation.terms import allows
from federation.verify import verify_record
from node import amending
from node.commands.alerts import alert_correct, alert_narrow, alert_renew, alert_widen
from node.commands.backups import recover_show
from node.errors import Refused
from node.issue_again import follow_returned, follow_terms
from node.opening import LOST
from node.pipeline import next_revision, spread
from node.receipts import put_consent
from node.runtime import Node
from node.store import meta
from node.store.grants import StoreGrants
from node.store.peers import peer_of
from node.store.records import OwnRecord, own_records
from node.store.takeback import merge_own
from protocol.codec import Value
from protocol.commitment import encode_disclosures
from protocol.entry import Status
from protocol.ids import RecordKey, parse_record_key, text_id
from protocol.messages import Put, Stop
from tests.support.key_material import MadeUp
from tests.support.one_node import befriend as befriend_made_up
from tests.support.one_node import one_node, published
from tests.unit.node_keeping.kept import DAY, Kept, befriend, documents_of, say


async def corrected_in_another_life(node: Node, alert: RecordKey) -> None:
    """Have the register know a correction that this store does not have."""

    def stage(_: Connection) -> None:
        node.context.register.stage("revision", alert, (2).to_bytes(8, "big"))

    await node.change(stage)
    assert await stale(node) == [text_id(alert)]


async def stale(node: Node) -> list[str]:
    return [row["alert"] for row in (await recover_show(node))["corrected_since"]]


async def ours(node: Node, alert: RecordKey) -> OwnRecord:
    return (await node.read(own_records, node.keystore.org, [alert]))[alert]


def onward(record: OwnRecord) -> bool:
    return allows(record.opened["terms"].value, "onward")


async def pass_on(node: Node) -> None:
    """Put a policy in force that lets hubs pass on."""
    text = (node.home / "policy.toml").read_text("utf-8")
    await node.dispatch("policy_apply", {"text": text.replace('onward = "off"', 'onward = "on"')})


async def test_a_narrowing_does_not_sign_what_was_corrected_and_the_correction_obeys_it(
    riverside: Kept, harbour: Kept
) -> None:
    docs = await documents_of(harbour)
    async with riverside.opened() as node:
        await befriend(node, docs, "Harbour")
        await pass_on(node)
        (alert,) = await say(node)
        await corrected_in_another_life(node, alert)
        done = await alert_narrow(node, text_id(alert), peer="Harbour", hide=True)
        assert done["rev"] == 1
        assert "corrected" in done["notes"][0]
        assert await stale(node) == [text_id(alert)]
        await alert_correct(node, text_id(alert), {"city": ["Oakland"]})
        now = await ours(node, alert)
        assert (now.entry.rev, onward(now)) == (3, False)
        await alert_widen(node, text_id(alert))
        assert onward(await ours(node, alert))


async def test_a_consent_does_not_sign_what_was_corrected_and_the_correction_obeys_it(
    riverside: Kept,
) -> None:
    async with riverside.opened() as node:
        (alert,) = await say(node)
        await corrected_in_another_life(node, alert)
        for consent in (Consent(peers=True), Consent(), Consent(peers=True)):
            record = await ours(node, alert)
            await node.change(put_consent, node, record, consent)
            assert (await ours(node, alert)).entry.rev == 1
            assert (await ours(node, alert)).consent == consent
        assert await stale(node) == [text_id(alert)]
        await alert_correct(node, text_id(alert), {"city": ["Oakland"]})
        now = await ours(node, alert)
        assert now.entry.rev == 3
        assert not allows(now.opened["terms"].value, "members")


async def test_what_was_corrected_is_not_renewed_before_it_is_corrected_again(
    riverside: Kept,
) -> None:
    async with riverside.opened() as node:
        (alert,) = await say(node)
        await corrected_in_another_life(node, alert)
    riverside.now += 10 * DAY
    async with riverside.opened() as node:
        with pytest.raises(Refused, match="alert correct"):
            await alert_renew(node, text_id(alert))
        await alert_correct(node, text_id(alert), {"city": ["Oakland"]})
        assert (await alert_renew(node, text_id(alert)))["rev"] == 4


async def test_with_the_register_lost_nobody_knows_what_was_corrected_and_nothing_is_signed(
    riverside: Kept, harbour: Kept
) -> None:
    docs = await documents_of(harbour)
    async with riverside.opened() as node:
        harbour_org = (await befriend(node, docs, "Harbour")).org
        await pass_on(node)
        (alert,) = await say(node)
        await node.change(meta.put, LOST, b"1")
    async with riverside.opened() as node:

        def narrow(connection: Connection) -> None:
            kept = Restrictions(withhold={harbour_org: frozenset({"kind"})})
            amending.narrowed(connection, node, text_id(alert), lambda _: kept)

        await node.change(narrow)
        record = await ours(node, alert)
        await node.change(put_consent, node, record, Consent(peers=True))
        assert (await ours(node, alert)).entry.rev == 1
        await node.dispatch("recover_confirm", {})
        now = await ours(node, alert)
        assert (now.entry.rev, onward(now)) == (2, False)
        assert await follow_terms(node) == set()


async def test_a_correction_that_comes_back_goes_to_no_hub_before_its_terms_obey_a_narrowing(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "node") as node:
        hub = await befriend_made_up(node, "Hub")
        await befriend_made_up(node, "Rival")
        await pass_on(node)
        alert = parse_record_key(await published(node, text="He left without paying."))
        correction = await next_text(node, alert, text=["en", "He came back and paid."])
        await corrected_in_another_life(node, alert)
        await alert_narrow(node, text_id(alert), peer="Rival", hide=True)

        def comes_back(connection: Connection) -> None:
            context = node.context
            raw = encode_disclosures(correction.opened.values())
            given = verify_record(
                correction.entry.raw, correction.sig, raw, context.own_doc, context.today
            )
            merge_own(connection, context, given)
            spread(connection, context, own_records(connection, context.org, [alert]))

        await node.change(comes_back)
        now = await ours(node, alert)
        assert (now.entry.rev, onward(now)) == (2, True)
        assert not any(isinstance(item, Put) for item in await told(node, hub))
        await follow_returned(node)
        now = await ours(node, alert)
        assert (now.entry.rev, onward(now)) == (3, False)
        assert now.opened["text"].value == ["en", "He came back and paid."]
        (item,) = await told(node, hub)
        assert isinstance(item, Put)
        assert item.entry == now.entry.raw


async def next_text(node: Node, alert: RecordKey, **fields: Value) -> OwnRecord:
    """The next revision of an alert as it was signed before the store was put back."""
    record = await ours(node, alert)
    leaves = {name: each.value for name, each in record.opened.items()} | fields
    return next_revision(
        record, node.key, leaves, node.context.random,
        today=node.today, exp_day=record.entry.exp_day, status=Status.LIVE,
    )  # fmt: skip


async def told(node: Node, other: MadeUp) -> list[Put | Stop]:
    """What a peer that has nothing yet would be told."""

    def read(connection: Connection) -> list[Put | Stop]:
        peer = peer_of(connection, other.org)
        assert peer is not None
        return list(next_delta(StoreGrants(connection, node.context, peer), 0, node.today).items)

    return await node.change(read)
