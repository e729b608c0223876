"""Keeps every peer in step: one task a peer, woken by news, by the clock, or by the peer itself.

A node that peers can reach pushes what is new and pulls now and then. One that they cannot reach
pulls by a long poll that it holds open at each peer, so that it hears at once, and greets now and
then, because nobody can bring it a new document or tell it that it is trusted now. Failures wait
longer each time, with jitter, until a verified message of that peer arrives.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from federation.backoff import pause_s
from federation.errors import Unreachable
from federation.peers import PeerState
from node.answering import Answering
from node.control import place
from node.dead_channel import revive
from node.exchange import NARROWED, Exchange, PeerRefused
from node.introductions import note_trouble
from node.rounds import Rounds
from node.runtime import Node
from node.store.peers import Peer, all_peers, peer_by_id
from protocol.errors import ErrorNumber, ParasolError

PULL_EVERY_S = 300
GREET_EVERY_S = 3600
ASK_TRUST_FIRST_S, ASK_TRUST_MOST_S = (
    1.0,
    30.0,
)  # out of reach, how often we ask whether we are trusted
IDLE_S = 60.0
WAIT_S = 50
REVIVE_AFTER = 2  # failures of the kind that a stale box key gives

_log = logging.getLogger("parasol.sync")


class Syncing:
    """The tasks that keep peers in step. `start`, `stop`, and wake-ups in between."""

    def __init__(
        self, node: Node, exchange: Exchange, answering: Answering, positions: dict[int, bytes]
    ) -> None:
        self._node = node
        self._exchange = exchange
        self._answering = answering
        self._rounds = Rounds(node, exchange, positions)
        self._tasks: dict[tuple[int, str], asyncio.Task[None]] = {}
        self._woken: dict[int, asyncio.Event] = {}
        self._pull_now: set[int] = set()
        self._scan = asyncio.Event()
        self._polls: dict[int, asyncio.Task[bool]] = {}  # long polls that may be cut short
        self._is_hidden = not node.settings.endpoints

    def start(self) -> None:
        """Begin; peers that come later are found by themselves."""
        self._node.on_news = self.news
        self._node.on_peers = self._scan.set
        self._answering.on_poke = self.poke
        self._scan.set()
        self._spawn(0, "scan", self._watch())

    async def stop(self) -> None:
        """End every task; what was committed goes out after the next start."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def news(self, peers: set[int]) -> None:
        """Some ledgers have news."""
        self._answering.wake(peers)
        for peer in peers:
            self._event(peer).set()

    def poke(self, peer: int) -> None:
        """A peer asks to be pulled."""
        self._pull_now.add(peer)
        self._event(peer).set()
        self._cut_poll(peer)

    def _cut_poll(self, peer: int) -> None:
        """End a long poll that stands in the way of something to ask."""
        poll = self._polls.get(peer)
        if poll is not None:
            poll.cancel()

    def _event(self, peer: int) -> asyncio.Event:
        return self._woken.setdefault(peer, asyncio.Event())

    def _spawn(self, peer: int, what: str, work: Coroutine[Any, Any, None]) -> None:
        self._tasks[peer, what] = asyncio.create_task(work, name=f"{what} {peer}")

    def _keep_up(
        self, peer: int, what: str, work: Callable[[int], Coroutine[Any, Any, None]]
    ) -> None:
        """Start a peer's task, or start it again where it ended: it never should."""
        task = self._tasks.get((peer, what))
        if task is None or task.done():
            self._spawn(peer, what, work(peer))

    async def _watch(self) -> None:
        """Give each peer its tasks, and wake all when a state changed."""
        while True:
            await self._scan.wait()
            self._scan.clear()
            for peer in await self._node.read(all_peers):
                self._keep_up(peer.id, "talk", self._talk)
                if self._is_hidden:
                    self._keep_up(peer.id, "poll", self._poll)
                self._event(peer.id).set()
                if peer.in_relist or not peer.state.heard:
                    self._cut_poll(peer.id)

    async def _talk(self, peer_id: int) -> None:
        """Greet, push and pull one peer for as long as this node runs."""
        loop = asyncio.get_running_loop()
        next_pull = next_hello = 0.0
        ask_trust = ASK_TRUST_FIRST_S
        while True:
            event = self._event(peer_id)
            event.clear()
            peer = await self._node.read(peer_by_id, peer_id)
            wait = self._waits(peer)
            if wait == 0 and peer.endpoint is not None and peer.state is not PeerState.GONE:
                due = loop.time() >= next_pull or peer_id in self._pull_now or peer.in_relist > 0
                greet = self._is_hidden and loop.time() >= next_hello
                if await self._try(peer, greet=greet, due=due):
                    if greet:
                        next_hello = loop.time() + GREET_EVERY_S * (0.75 + self._chance() / 2)
                    if due:
                        self._pull_now.discard(peer_id)
                        next_pull = loop.time() + PULL_EVERY_S * (0.75 + self._chance() / 2)
                    wait = max(next_pull - loop.time(), 0.1)
                    if self._is_hidden and await self._is_one_sided(peer_id):
                        wait = min(wait, ask_trust)
                        ask_trust = min(ask_trust * 1.5, ASK_TRUST_MOST_S)
                    else:
                        ask_trust = ASK_TRUST_FIRST_S
                else:
                    wait = self._waits(await self._node.read(peer_by_id, peer_id)) or 0.5
            elif wait == 0:
                wait = PULL_EVERY_S
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(event.wait(), wait)

    async def _is_one_sided(self, peer_id: int) -> bool:
        """Whether we trust the peer and do not know that it trusts us."""
        peer = await self._node.read(peer_by_id, peer_id)
        return peer.state.heard and not peer.they_trust

    def _waits(self, peer: Peer) -> float:
        return max(0, peer.next_try_us - self._node.context.now_us()) / 1e6

    def _chance(self) -> float:
        return self._node.context.random(1)[0] / 255

    async def _try(self, peer: Peer, *, greet: bool, due: bool) -> bool:
        """One conversation; whether it worked. When it is due, both sides are compared."""
        try:
            new_to_each_other = peer.state is PeerState.INVITED or not peer.they_trust
            if greet or peer.hello_due or new_to_each_other:
                peer = await self._rounds.greet(peer)
            if peer.they_trust:
                await self._converse(peer, due=due)
        except Exception as error:  # noqa: BLE001  # the edge of a peer's task, which must go on
            await self._failed(peer, error)
            return False
        if peer.failures or peer.trouble in TRANSIENT:
            await self._node.change(note_trouble, peer.id, "", failures=0, next_try_us=0)
        return True

    async def _converse(self, peer: Peer, *, due: bool) -> None:
        if peer.state.may_hold_ours:
            await self._rounds.push(peer, compare=due)
        if due and peer.state.heard and not self._is_hidden:  # else its long poll does that
            await self._rounds.pull(peer)
        if peer.state is PeerState.LEAVING and await self._rounds.part(peer):
            self._scan.set()

    async def _failed(self, peer: Peer, error: BaseException) -> None:
        """Note why, and when to try again; ask for documents where a key seems stale."""
        node = self._node
        why = _why(error)
        if why == NARROWED:
            return  # not the peer's fault: what was to be told has changed, and goes at once
        failures = peer.failures + 1
        refused = isinstance(error, PeerRefused)
        values: dict[str, Any] = {"failures": failures}
        pause = pause_s(failures, node.context.random)
        if refused and isinstance(error, PeerRefused):
            if error.number == ErrorNumber.UNVERIFIED_PEER:
                values["they_trust"] = 0
            if error.number == ErrorNumber.KEY:
                values["hello_due"] = 1
        elif why == "card_expired" or (why == "http_404" and failures >= REVIVE_AFTER):
            with contextlib.suppress(ParasolError, TimeoutError):
                await revive(node, self._exchange, peer)
        values["next_try_us"] = node.context.now_us() + int(pause * 1e6)
        try:
            await node.change(note_trouble, peer.id, why, **values)
        except Exception as failure:  # noqa: BLE001  # a full disk, say: then wait here instead
            _log.error("cannot note what failed: %s", type(failure).__name__)
            await asyncio.sleep(pause)
        _log.info("peer %s: %s, again in %.0f s", peer.id, why, pause)

    async def _poll(self, peer_id: int) -> None:
        """Hold a long poll open at a peer that cannot reach us."""
        idle = 0.0
        while True:
            await asyncio.sleep(idle)
            peer = await self._node.read(peer_by_id, peer_id)
            ready = peer.they_trust and peer.state.heard and peer.endpoint is not None
            if not ready or self._waits(peer) > 0:
                idle = 0.5
                continue
            began = asyncio.get_running_loop().time()
            try:
                moved = await self._poll_once(peer)
            except Exception as error:  # noqa: BLE001  # the edge of a peer's task
                await self._failed(peer, error)
                continue
            # Whoever answers at once that there is nothing is not asked again at once.
            at_once = asyncio.get_running_loop().time() - began < 1
            idle = min(idle * 2 + 0.25, IDLE_S) if at_once and not moved else 0.0

    async def _poll_once(self, peer: Peer) -> bool:
        """One long poll; whether it brought anything, or was cut short for something to ask."""
        pulling = self._rounds.pull(peer, 0 if peer.in_relist else WAIT_S)
        poll: asyncio.Task[bool] = asyncio.create_task(pulling)
        self._polls[peer.id] = poll
        try:
            await asyncio.wait({poll})
        finally:
            del self._polls[peer.id]
            poll.cancel()
        return poll.cancelled() or await poll


TRANSIENT = frozenset({"no_connection", "timeout", "http_404", "http_503", "peer_refused_5"})


def _why(error: BaseException) -> str:
    if isinstance(error, Unreachable):
        return error.why
    if isinstance(error, PeerRefused):
        return f"refused_{error.number}"
    if isinstance(error, ParasolError):
        return error.code
    if isinstance(error, TimeoutError):
        return "timeout"
    _log.error("a sync failed: %s at %s", type(error).__name__, place(error))
    return "fault"
