"""What made-up organisations say of alerts, as sync would apply it to a real node."""

from typing import Any

from sqlalchemy import Connection, select

from federation.verify import check_items
from federation.voices import SAME_AS, Ref
from node.pipeline import sign_alert
from node.runtime import Node
from node.store.intake import StoreIntake
from node.store.peers import peer_of
from node.store.tables import records
from protocol.codec import Value
from protocol.commitment import encode_disclosures
from protocol.entry import Status, decode_entry, encode_entry
from protocol.fields import expand
from protocol.ids import Day, EntryId, RecordKey, parse_record_key, text_id
from protocol.messages import Put
from tests.support.key_material import MadeUp
from tests.support.one_node import received as heard

__all__ = ["erased_by", "heard", "received_again", "revised", "spoken"]

TERMS: list[Value] = ["members", False, False, False, False, []]


async def spoken(
    node: Node,
    other: MadeUp,
    relation: str | Ref,
    *alerts: str,
    day: int = 0,
    lasts: int = 90,
) -> str:
    """Have the node receive a voice about alerts that it holds; gives the voice's id."""
    ref = relation if isinstance(relation, Ref) else await _ref(node, relation, *alerts)
    today = Day(node.today + day)
    leaves: dict[str, Value] = {"kind": "voice", "terms": TERMS, "ref": ref.value()}
    signed = sign_alert(
        other.node_key, other.org, leaves, node.context.random,
        day=today, exp_day=Day(today + lasts),
    )  # fmt: skip
    raw = encode_disclosures(signed.disclosures)
    await _take(node, other, Put(1, signed.entry.rk, signed.entry.raw, signed.sig, raw))
    return text_id(signed.entry.rk)


async def _ref(node: Node, relation: str, *alerts: str) -> Ref:
    def eid(connection: Connection, rk: RecordKey) -> EntryId:
        found = connection.execute(select(records.c.eid).where(records.c.rk == rk)).scalar()
        return EntryId(bytes(found) if found else bytes(32))

    keys = [parse_record_key(alert) for alert in alerts]
    assert relation == SAME_AS or len(keys) == 1
    return Ref(relation, tuple([(rk, await node.read(eid, rk)) for rk in keys]))


async def erased_by(node: Node, other: MadeUp, alert: str) -> None:
    """Have the node receive the tombstone of a record, signed by its organisation."""
    row = await _row(node, alert)
    was = decode_entry(bytes(row.entry))
    entry = encode_entry(
        was.org, other.node_key.public, was.rid, was.rev + 1, node.today, was.exp_day,
        Status.ERASED, (),
    )  # fmt: skip
    sig = other.node_key.sign("entry", entry.raw)
    await _take(node, other, Put(2, entry.rk, entry.raw, sig, encode_disclosures(())))


async def revised(node: Node, other: MadeUp, alert: str, **fields: Value) -> None:
    """Have the node receive the next revision of an alert, with these fields and no others."""
    row = await _row(node, alert)
    was = decode_entry(bytes(row.entry))
    words: dict[str, Value] = {"codes": ["non_payment"], "terms": TERMS}
    signed = sign_alert(
        other.node_key, other.org, expand(words | fields), node.context.random,
        day=node.today, exp_day=was.exp_day, rid=was.rid, rev=was.rev + 1,
    )  # fmt: skip
    raw = encode_disclosures(signed.disclosures)
    await _take(node, other, Put(4, signed.entry.rk, signed.entry.raw, signed.sig, raw))


async def received_again(node: Node, elsewhere: Node, origin: MadeUp, alert: str) -> None:
    """Have the node receive an alert as another node holds it."""
    row = await _row(elsewhere, alert)
    put = Put(3, parse_record_key(alert), bytes(row.entry), bytes(row.sig), bytes(row.disclosures))
    await _take(node, origin, put)


async def _row(node: Node, alert: str) -> Any:
    rk = parse_record_key(alert)
    return await node.read(
        lambda connection: connection.execute(select(records).where(records.c.rk == rk)).one()
    )


async def _take(node: Node, other: MadeUp, put: Put) -> None:
    items = check_items([put], other.doc(), node.today)
    assert not items[0].problem, items[0].problem

    def take(connection: Connection) -> None:
        peer = peer_of(connection, other.org)
        assert peer is not None
        StoreIntake(connection, node.context, peer, None).apply(items)

    await node.change(take)
