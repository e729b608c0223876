"""What a hostile peer sends to a real node, sealed and signed as it would be; no network."""

from sqlalchemy import Connection

from federation.client import Client
from keys.envelope import make_inner, open_wire, seal
from node.answering import Answering, take_delta
from node.exchange import Exchange
from node.pipeline import Signed, sign_alert
from node.runtime import Node
from node.store.authors import others_in
from node.store.peers import Peer, peer_of
from protocol.codec import Value
from protocol.commitment import encode_disclosures
from protocol.entry import Status
from protocol.fields import expand
from protocol.ids import Day, RecordId
from protocol.messages import Delta, Given, Message, Put, Stop
from tests.support.key_material import MadeUp

NOTHING = b"\0" * 32
NUMBER = "+14155550142"


def answering(node: Node) -> Answering:
    """The node's door, with no network behind it."""
    return Answering(node, Exchange(node, Client()), {})


def sealed(node: Node, sender: MadeUp, message: Message, n: int | None = None) -> bytes:
    """A request of `sender` to the node, as it comes in."""
    card = node.documents.card
    assert card is not None
    inner = make_inner(
        message.name, sender.org, sender.node_key.public, node.context.org,
        node.context.now_us() if n is None else n, b"", message.encode_body(),
    )  # fmt: skip
    return seal(inner, sender.node_key, card.box_public)


async def tell(node: Node, sender: MadeUp, message: Message) -> str:
    """Have a peer send a request; gives the type of the answer."""
    answer = await answering(node).answer(sealed(node, sender, message))
    assert answer is not None
    return open_wire(answer, [sender.box], sender.org).inner.type


def signed_by(
    author: MadeUp | Node,
    node: Node,
    days: int = 90,
    status: Status = Status.LIVE,
    rid: RecordId | None = None,
    rev: int = 1,
) -> Signed:
    """An alert of `author`, dated today by the node's clock."""
    fields: dict[str, Value] = {
        "codes": ["non_payment"], "phone": [NUMBER],
        "terms": ["members", False, False, False, False, []],
    }  # fmt: skip
    key = author.key if isinstance(author, Node) else author.node_key
    org = author.context.org if isinstance(author, Node) else author.org
    leaves = {} if status is Status.ERASED else expand(fields)
    return sign_alert(
        key, org, leaves, node.context.random,
        day=node.today, exp_day=Day(node.today + days), rid=rid, rev=rev, status=status,
    )  # fmt: skip


def put(signed: Signed, pseq: int = 1) -> Put:
    """An alert as it travels in a delta."""
    raw = encode_disclosures(signed.disclosures)
    return Put(pseq, signed.entry.rk, signed.entry.raw, signed.sig, raw)


def given(signed: Signed) -> Given:
    """An alert as a peer gives it back."""
    return Given(signed.entry.raw, signed.sig, encode_disclosures(signed.disclosures))


def delta(node: Node, *items: Put | Stop, from_seq: int = 0, to_seq: int = 0) -> Delta:
    """A delta with these items."""
    last = to_seq or max(item.pseq for item in items)
    return Delta(
        from_seq, last, more=False, asof=node.today, digest=NOTHING, items=items, want=()
    )  # fmt: skip


async def peer(node: Node, other: MadeUp) -> Peer:
    """The row of an organisation."""
    found = await node.read(peer_of, other.org)
    assert found is not None
    return found


async def take(node: Node, sender: MadeUp, *items: Put | Stop) -> None:
    """Have the node take items of a peer, as it would from its delta."""
    sent = delta(node, *items)
    others = await node.read(others_in, items, sender.org)
    checked = await node.checking.check(items, sender.doc(), node.today, others)
    at = (await peer(node, sender)).id

    def effect(connection: Connection) -> None:
        take_delta(connection, node, at, sent, checked, {})

    await node.change(effect)


async def matches(node: Node, number: str = NUMBER) -> list[str]:
    """The alerts that somebody who looks a number up is shown."""
    found = await node.dispatch("check", {"text": number})
    return [match["alert"] for match in found["matches"]]
