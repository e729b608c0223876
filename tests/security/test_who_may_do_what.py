"""What a stopped alert, a blocked peer and a peer that left still leave behind, and what not."""

from pathlib import Path

from sqlalchemy import select

from federation.ledger import RowKind
from node.store.tables import records
from protocol.ids import Day
from protocol.messages import Stop
from tests.support.hostile import put, signed_by, take
from tests.support.one_node import befriend, one_node


async def test_an_alert_that_its_origin_stopped_keeps_no_code_here(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        other = await befriend(node, "Harbour")
        signed = signed_by(other, node)
        await take(node, other, put(signed))
        await take(node, other, Stop(2, signed.entry.rk, Day(node.today + 90)))
        query = select(records.c.row_kind, records.c.kind, records.c.severity, records.c.codes)
        assert await node.read(lambda c: c.execute(query).one()) == (RowKind.STOP, "", 0, "")
