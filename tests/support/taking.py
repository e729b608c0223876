"""A peer that gave many alerts and then takes them away: by its own will, or a thief's."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from keys.documents import Documents
from keys.signing import SigningKey
from node.answering import take_delta
from node.introductions import follow
from node.pipeline import Signed, sign_alert
from node.runtime import Node
from node.store.tables import records
from protocol.codec import Value
from protocol.entry import Status
from protocol.fields import expand
from protocol.ids import Day
from protocol.messages import Delta, Put, Stop
from tests.support.hostile import NOTHING, matches, peer, put
from tests.support.key_material import TODAY, MadeUp

TERMS: list[Value] = ["members", False, False, False, False, []]


async def confirm_braked(node: Node, name: str) -> dict[str, Any]:
    """Read what the brake holds of a peer, and confirm that."""
    found = (await node.dispatch("peer_brake_list", {}))["braked"]
    (newest,) = (row["newest"] for row in found if row["name"] == name)
    return await node.dispatch("peer_brake_confirm", {"peer": name, "until": newest})


def number(which: int) -> str:
    """A number of nobody."""
    return f"+1415555{100 + which:04}"


@dataclass(slots=True)
class Origin:
    """One organisation's channel to a node. `key` is who speaks for it now."""

    node: Node
    who: MadeUp
    alerts: list[Signed] = field(default_factory=list)
    pseq: int = 0
    speaks: SigningKey | None = None
    docs: int = 1

    @property
    def key(self) -> SigningKey:
        """The node key in use."""
        return self.speaks or self.who.node_key

    def sign(
        self,
        which: int,
        rev: int = 1,
        *,
        status: Status = Status.LIVE,
        text: str = "seen",
        days: int = 90,
        terms: Sequence[Value] = TERMS,
    ) -> Signed:
        """Sign a revision of one alert: as it was, or another status, text, life or terms of it."""
        fields: dict[str, Value] = {
            "codes": ["non_payment"], "phone": [number(which)], "text": ["en", text],
            "terms": list(terms),
        }  # fmt: skip
        last = Day(self.node.today + days)
        known = self.alerts[which].entry if which < len(self.alerts) else None
        return sign_alert(
            self.key, self.who.org, expand(fields) if status is Status.LIVE else {},
            self.node.context.random, day=min(self.node.today, last), exp_day=last,
            rid=known.rid if known else None, rev=rev, status=status,
        )  # fmt: skip

    async def give(self, count: int) -> None:
        """Put so many alerts to the node."""
        self.alerts += [self.sign(len(self.alerts) + at) for at in range(count)]
        await self.send(*(self.next(alert) for alert in self.alerts[-count:]))

    def next(self, signed: Signed, names: Sequence[str] | None = None) -> Put:
        """The next item of the channel: all of an alert, or some fields of it."""
        self.pseq += 1
        kept = [each for each in signed.disclosures if names is None or each.name in names]
        return put(Signed(signed.entry, signed.sig, tuple(kept)), self.pseq)

    def stop(self, which: int) -> Stop:
        """The next item of the channel: show this one no longer."""
        self.pseq += 1
        return Stop(self.pseq, self.alerts[which].entry.rk, Day(self.node.today + 90))

    async def send(self, *items: Put | Stop) -> None:
        """Have the node take these items in one delta."""
        node = self.node
        sent = Delta(
            items[0].pseq - 1, items[-1].pseq, more=False, asof=node.today, digest=NOTHING,
            items=items, want=(),
        )  # fmt: skip
        at = await peer(node, self.who)
        checked = await node.checking.check(items, at.docs.current, node.today)
        await node.change(take_delta, node, at.id, sent, checked, {})

    async def take_away(self, which: Sequence[int], how: Status | str = Status.ERASED) -> None:
        """Erase, withdraw, `stop` or `narrow` some alerts, in one delta."""
        items: list[Put | Stop] = []
        for each in which:
            if how == "stop":
                items.append(self.stop(each))
            elif how == "narrow":
                items.append(self.next(self.alerts[each], ["kind", "terms", "codes", "severity"]))
            else:
                assert isinstance(how, Status)
                items.append(self.next(self.sign(each, 2, status=how)))
        await self.send(*items)

    async def revoke(self, since: int) -> None:
        """Revoke the key in use from a day on, and speak under the other one."""
        self.docs += 1
        both = (self.who.node_key, self.who.other_node_key)
        keys = tuple((key, TODAY, TODAY + 365) for key in both)
        doc = self.who.doc(ver=self.docs, keys=keys, revoked=((self.key, since),))
        at = await peer(self.node, self.who)
        await self.node.change(follow, self.node.context, at, Documents((doc,), None))
        self.speaks = self.who.other_node_key

    async def shown(self) -> list[int]:
        """Which of the alerts somebody finds who looks their numbers up."""
        found = range(len(self.alerts))
        return [which for which in found if await matches(self.node, number(which))]

    async def held(self) -> dict[str, int]:
        """How many records of the origin the node holds back, by reason."""
        rows = await self.node.read(
            lambda connection: connection.execute(
                select(records.c.held).where(records.c.org == self.who.org)
            ).scalars().all()
        )  # fmt: skip
        return {why: rows.count(why) for why in sorted(set(rows)) if why}
