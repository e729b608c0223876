"""Two nodes that nobody can call, a third that holds their mail, and what may go wrong between."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import Connection, select

from federation.client import Client
from federation.errors import Unreachable
from federation.mailbox import DEPOSITOR_BYTES, MOST_WIRE
from federation.peers import PeerState
from node.answering import Answering
from node.commands.alerts import alert_narrow
from node.exchange import Exchange
from node.mail_rounds import Carried, MailRounds
from node.runtime import Node
from node.store.mailbox import Route, hold, routes
from node.store.peers import add_peer, set_peer
from node.store.tables import ledger, peers, records
from tests.support.one_node import one_node, published

HUB = "http://127.0.0.1:8700/" + "x" * 32


@dataclass(slots=True)
class Line:
    """The network between a node and the hub: bytes there, bytes back."""

    answering: Answering
    is_down: bool = False
    before: list[Callable[[], object]] = field(default_factory=list)

    async def post(self, endpoint: str, wire: bytes, *, wait_s: int = 0) -> bytes:
        """Carry one request; Unreachable where the line is down or the hub answers nothing."""
        assert (endpoint, wait_s) == (HUB, 0)
        for act in self.before:
            act()
        answer = None if self.is_down else await self.answering.answer(wire)
        if answer is None:
            raise Unreachable("no_connection", "no answer")
        return answer


@dataclass(slots=True)
class Writer:
    """One of the two, with its way to the hub."""

    node: Node
    line: Line
    exchange: Exchange
    mail: MailRounds

    async def carry(self) -> Carried:
        """One round, whatever would wait a while."""
        return await self.mail.carry(at_once=True)

    async def route(self) -> Route:
        """Its only one."""
        (route,) = await self.node.read(routes)
        return route

    async def count(self) -> int:
        """How many records it has."""
        return len(await self.node.read(lambda c: c.execute(select(records.c.id)).all()))

    async def confirmed(self) -> set[str]:
        """The peers that have confirmed something, by name."""
        query = select(peers.c.name).join_from(peers, ledger, ledger.c.peer == peers.c.id)
        acked = query.where(ledger.c.acked_us > 0)
        return {name for (name,) in await self.node.read(lambda c: c.execute(acked).all())}


@dataclass(slots=True)
class Three:
    """Harbour – hub – Riverside."""

    hub: Node
    harbour: Writer
    riverside: Writer


async def meet(one: Node, other: Node, name: str, state: PeerState = PeerState.TRUSTED) -> None:
    """Have a node trust another, with that one's own documents."""

    def add(connection: Connection) -> None:
        now = one.context.now_us()
        peer = add_peer(connection, other.documents, name=name, state=state, now_us=now)
        set_peer(connection, peer.id, they_trust=1)

    await one.change(add)


@pytest.fixture
async def three(tmp_path: Path) -> AsyncIterator[Three]:
    async with AsyncExitStack() as stack:
        nodes: dict[str, Node] = {}
        for name in ("Hub", "Harbour", "Riverside"):
            (tmp_path / name).mkdir()
            nodes[name] = await stack.enter_async_context(one_node(tmp_path / name / "home"))
        hub = nodes["Hub"]
        hub.settings = replace(hub.settings, endpoints=(HUB,), mailbox=True, allow_loopback=True)
        hub.renew_card()
        answering = Answering(hub, Exchange(hub, Client()), {})
        for name in ("Harbour", "Riverside"):
            await meet(hub, nodes[name], name)
            await meet(nodes[name], hub, "Hub")
        await meet(nodes["Harbour"], nodes["Riverside"], "Riverside")
        await meet(nodes["Riverside"], nodes["Harbour"], "Harbour")
        writers: list[Writer] = []
        for name, other in (("Harbour", "Riverside"), ("Riverside", "Harbour")):
            line = Line(answering)
            exchange = Exchange(nodes[name], cast("Any", line))
            nodes[name].when_narrowed(exchange.narrowed)
            writers.append(Writer(nodes[name], line, exchange, MailRounds(nodes[name], exchange)))
            await nodes[name].dispatch("peer_mailbox", {"peer": other, "at": "Hub"})
        yield Three(hub, *writers)


async def test_an_alert_and_its_confirmation_go_by_the_hub_and_then_all_is_said(
    three: Three,
) -> None:
    harbour, riverside = three.harbour, three.riverside
    await published(harbour.node, phone="+14155550142")
    assert "Riverside" in (await harbour.carry()).left
    came = await riverside.carry()
    assert (came.items, came.unread, came.troubles) == (1, 0, {})
    assert await riverside.count() == 1
    await harbour.carry()
    # Not the hub, which was granted the alert as well: it only carried the mail, and never pulled.
    assert await harbour.confirmed() == {"Riverside"}
    for writer in (riverside, harbour, riverside, harbour):
        last = await writer.carry()
    assert (last.left, last.fetched) == ({}, {})


async def test_mail_for_a_mailbox_that_is_full_waits_and_says_why(three: Three) -> None:
    harbour, riverside = three.harbour, three.riverside
    ends = (harbour.node.context.org, riverside.node.context.org)

    def fill(connection: Connection) -> None:
        for _ in range(DEPOSITOR_BYTES // MOST_WIRE):
            hold(connection, three.hub.context, *ends, b"\x01" + bytes(MOST_WIRE - 1))

    await three.hub.change(fill)
    for number in range(20):
        await published(harbour.node, text=f"Left without paying, {number}. " * 90)
    assert (await harbour.carry()).troubles == {"Riverside": "quota"}
    route = await harbour.route()
    assert route.trouble == "quota"
    assert route.next_us > harbour.node.context.now_us()
    assert (await harbour.mail.carry()).troubles == {}  # it waits
    came = await riverside.carry()
    assert came.unread >= DEPOSITOR_BYTES // MOST_WIRE  # none of it was a wire for Riverside
    await harbour.carry()
    assert (await harbour.route()).trouble == ""
    await riverside.carry()
    assert await riverside.count() == 20


async def test_what_was_narrowed_under_way_is_not_left_as_it_was(three: Three) -> None:
    harbour, riverside = three.harbour, three.riverside
    alert = await published(harbour.node, phone="+14155550142", role="client")
    fetches = iter([None])  # the first request is a fetch

    def narrow_later() -> None:
        if next(fetches, 1) == 1:
            harbour.exchange.narrowed()

    harbour.line.before.append(narrow_later)
    assert (await harbour.carry()).left == {}
    harbour.line.before.clear()
    await alert_narrow(harbour.node, alert, withhold=["role"])
    assert "Riverside" in (await harbour.carry()).left
    await riverside.carry()
    assert "role" not in (await riverside.node.dispatch("alert_show", {"alert": alert}))["fields"]


async def test_a_holder_that_is_down_or_offers_nothing_any_more_is_named(three: Three) -> None:
    harbour = three.harbour
    await published(harbour.node, phone="+14155550142")
    harbour.line.is_down = True
    down = await harbour.carry()
    assert down.troubles == {"Hub": "no_connection", "Riverside": "no_connection"}
    harbour.line.is_down = False
    three.hub.settings = replace(three.hub.settings, mailbox=False)
    assert (await harbour.carry()).troubles == {"Hub": "not_granted", "Riverside": "not_granted"}
    three.hub.settings = replace(three.hub.settings, mailbox=True)
    assert (await harbour.carry()).troubles == {}


async def test_nobody_is_written_to_by_a_mailbox_unless_the_keeper_says_so(three: Three) -> None:
    harbour, riverside = three.harbour, three.riverside
    await published(harbour.node, phone="+14155550142")
    await harbour.node.dispatch("peer_mailbox", {"peer": "Riverside", "stop": True})
    assert (await harbour.carry()).left == {}
    await harbour.node.dispatch("peer_mailbox", {"peer": "Riverside", "at": "Hub"})
    await riverside.node.dispatch("peer_mailbox", {"peer": "Harbour", "stop": True})
    await harbour.carry()
    came = await riverside.carry()
    assert (came.left, came.unanswered) == ({}, {"Harbour"})
    assert await riverside.count() == 1
