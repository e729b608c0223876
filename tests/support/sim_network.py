"""The network of the model: it loses, doubles, delays and replays, and much happens meanwhile.

A post is one call: it may be lost on the way, arrive twice, be kept and arrive much later, or be
answered in vain. While a message is under way either side's keeper may act.
"""

from collections.abc import Awaitable, Callable
from random import Random

from federation.errors import Unreachable
from tests.support.sim_node import SimCrash, SimHost

KEPT = 40  # of the last wires, for replay


class Network:
    """Wires between hosts, by endpoint. Without `faulty` all arrives at once and once."""

    def __init__(
        self,
        rng: Random,
        on_leave: Callable[[SimHost, bytes], None],
        meanwhile: Callable[[], Awaitable[None]],
        tick: Callable[[], None],
    ) -> None:
        self.rng = rng
        self.faulty = False
        self.hosts: dict[str, SimHost] = {}
        self.seen: list[tuple[str, bytes]] = []
        self._on_leave = on_leave
        self._meanwhile = meanwhile
        self._tick = tick

    async def post(self, sender: SimHost, endpoint: str, wire: bytes) -> bytes:
        """Carry a wire to an endpoint and its answer back; Unreachable where either is lost."""
        self._tick()
        self._on_leave(sender, wire)
        self.seen.append((endpoint, wire))
        del self.seen[:-KEPT]
        chance = self.rng.random() if self.faulty else 1.0
        if chance < 0.08:
            raise Unreachable("no_connection", "lost on the way")
        if chance < 0.14:
            await self._meanwhile()
        answer = await self.deliver(endpoint, wire)
        if 0.14 <= chance < 0.20:
            again = await self.deliver(endpoint, wire)
            answer = answer if self.rng.random() < 0.7 else again
        if 0.20 <= chance < 0.26:
            await self._meanwhile()
        if answer is None:
            raise Unreachable("http_404", "not found")
        if 0.26 <= chance < 0.34:
            raise Unreachable("timeout", "the answer was lost")
        return answer

    async def deliver(self, endpoint: str, wire: bytes) -> bytes | None:
        """Hand a wire to its host; None for a bare 404, and while the host crashes."""
        self._tick()
        host = self.hosts[endpoint]
        try:
            answer = await host.answering.answer(wire)
        except SimCrash:
            await host.open()
            return None
        if answer is not None:
            self._on_leave(host, answer)
        return answer

    async def replay(self) -> None:
        """Deliver again something that was sent before."""
        if self.seen:
            await self.deliver(*self.rng.choice(self.seen))
