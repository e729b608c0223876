"""What is dated after its key was revoked is signed one by one, by a keeper who knows its text."""

import pytest

from node.commands.backups import recover_confirm, recover_show, recover_sign
from node.commands.keyring import keys_revoke
from node.errors import NotFound, Refused
from node.store.records import own_records
from protocol.entry import Status
from protocol.ids import text_id
from tests.unit.node_keeping.kept import Kept, befriend, documents_of, say
from tests.unit.node_keeping.test_recover import came_back, rows, sign


async def test_one_alert_is_signed_and_every_other_goes_on_waiting(
    riverside: Kept, harbour: Kept
) -> None:
    docs = await documents_of(harbour)
    async with riverside.opened() as node:
        peer = await befriend(node, docs, "Harbour")
        old, today = node.key, node.today
        await keys_revoke(node, riverside.root, "2026-01-15")
        lost, theirs = sign(node, old, day=today, rev=3), sign(node, old, day=today)
        await came_back(node, peer, lost, theirs)
        shown = await recover_show(node)
        assert [row["by_hand"] for row in shown["returned"]] == [True, True]
        assert shown["returned"][0]["fields"]["place.city"] == "San Francisco"
        assert any("recover sign" in step for step in shown["next"])
        await recover_sign(node, text_id(lost.entry.eid))
        record = (await node.read(own_records, node.keystore.org))[lost.entry.rk]
        assert (record.entry.rev, record.entry.node_key) == (4, node.key.public)
        left = (await recover_show(node))["returned"]
        assert [row["entry"] for row in left] == [text_id(theirs.entry.eid)]
        done = await recover_confirm(node)
        assert (done["signed_again"], done["dropped"]) == (0, 1)
        assert set(await rows(node, peer)) == {lost.entry.rk}


@pytest.mark.parametrize("status", [Status.WITHDRAWN, Status.ERASED])
async def test_what_takes_away_is_never_signed_so(
    riverside: Kept, harbour: Kept, status: Status
) -> None:
    docs = await documents_of(harbour)
    async with riverside.opened() as node:
        peer = await befriend(node, docs, "Harbour")
        old, today = node.key, node.today
        (alert,) = await say(node)
        mine = (await node.read(own_records, node.keystore.org))[alert]
        await keys_revoke(node, riverside.root, "2026-01-15")
        taking = sign(node, old, day=today, rev=9, rid=mine.entry.rid, status=status)
        await came_back(node, peer, taking)
        with pytest.raises(Refused, match="not signed by hand"):
            await recover_sign(node, text_id(taking.entry.eid))
        assert [row["by_hand"] for row in (await recover_show(node))["returned"]] == [False]


async def test_what_needs_no_person_or_does_not_wait_is_refused(
    riverside: Kept, harbour: Kept
) -> None:
    docs = await documents_of(harbour)
    async with riverside.opened() as node:
        peer = await befriend(node, docs, "Harbour")
        old, today = node.key, node.today
        await keys_revoke(node, riverside.root, "2026-01-15")
        before = sign(node, old, day=today - 30)
        await came_back(node, peer, before)
        with pytest.raises(Refused, match="recover confirm"):
            await recover_sign(node, text_id(before.entry.eid))
        for nothing in ("", "zzzz"):
            with pytest.raises(NotFound):
                await recover_sign(node, nothing)
