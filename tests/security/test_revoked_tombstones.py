"""A tombstone under a revoked key makes way for the one that its origin signs anew."""

from pathlib import Path

from sqlalchemy import Connection, select

from federation.origin import ASK_AGAIN
from federation.receiver import list_page
from keys.documents import Documents
from node.introductions import follow
from node.pipeline import sign_alert
from node.runtime import Node
from node.store.intake import StoreIntake
from node.store.tables import records
from protocol.entry import Status
from protocol.ids import Day
from protocol.messages import List, Row
from tests.support.hostile import delta, peer, put, signed_by
from tests.support.key_material import TODAY, MadeUp
from tests.support.one_node import befriend, one_node


async def listed(node: Node, other: MadeUp) -> Row:
    """How the node lists the one row that it has of an organisation."""
    origin = await peer(node, other)

    def page(connection: Connection) -> List:
        return list_page(StoreIntake(connection, node.context, origin, None), b"", node.today)

    (row,) = (await node.read(page)).rows
    return row


async def test_a_tombstone_under_a_revoked_key_is_asked_for_again_until_it_is_signed_anew(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "node") as node:
        other = await befriend(node, "Harbour")
        thiefs = signed_by(other, node, status=Status.ERASED)
        origin = await peer(node, other)
        items = delta(node, put(thiefs)).items
        checked = await node.checking.check(items, other.doc(), node.today)
        await node.change(
            lambda connection: StoreIntake(connection, node.context, origin, None).apply(checked)
        )
        assert (await listed(node, other)).s8 != ASK_AGAIN

        keys = tuple((key, TODAY, TODAY + 365) for key in (other.node_key, other.other_node_key))
        doc = other.doc(ver=2, keys=keys, revoked=((other.node_key, node.today - 1),))
        await node.change(follow, node.context, origin, Documents((doc,), None))
        row = await listed(node, other)
        assert (row.rev, row.s8) == (1, ASK_AGAIN)

        anew = sign_alert(
            other.other_node_key, other.org, {}, node.context.random, rid=thiefs.entry.rid, rev=2,
            day=node.today, exp_day=Day(node.today + 90), status=Status.ERASED,
        )  # fmt: skip
        checked = await node.checking.check([put(anew, 2)], doc, node.today)
        await node.change(
            lambda connection: StoreIntake(connection, node.context, origin, None).apply(checked)
        )
        row = await listed(node, other)
        assert (row.rev, row.s8 == ASK_AGAIN) == (2, False)
        hidden = await node.read(lambda connection: connection.execute(select(records)).one())
        assert (hidden.hidden, hidden.status) == ("", Status.ERASED)
