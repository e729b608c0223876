"""What really happened, kept by the test and never lost by a restore; and who may see what of it.

`Truth.may_go` is a second reading of product.md for the switches that the model turns. It shares no
code with `federation.release`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from random import Random
from typing import Any, Literal

from federation.policy import dump, load_policy, preset_text
from federation.release import Restrictions
from protocol.codec import Value
from protocol.entry import Entry, Status, decode_entry
from protocol.ids import Day, OrgId, RecordKey, text_id

State = Literal["trusted", "paused", "blocked"]
LADDERS: Mapping[str, tuple[str, ...]] = {
    "phone": ("withhold", "match", "masked", "clear"),
    "text": ("codes_only", "edited"),
    "place": ("none", "region", "city", "district"),
    "categories": ("crimes", "crimes_and_risky", "all"),
}
CARD_SWITCH = {
    "phone": "identifiers.phone",
    "text": "text",
    "place": "place_precision",
    "categories": "categories",
}
# leaf → the switch and the least level that lets it go
LEAVES: Mapping[str, tuple[str, str]] = {
    "phone.token": ("phone", "match"),
    "phone.masked": ("phone", "masked"),
    "phone": ("phone", "clear"),
    "text": ("text", "edited"),
    "place.region": ("place", "region"),
    "place.city": ("place", "city"),
    "place.district": ("place", "district"),
}
FAMILIES = (
    ("phone.token", "phone.masked", "phone"),
    ("place.region", "place.city", "place.district"),
)
CATEGORY = {"robbery": "crimes", "boundary_violation": "crimes_and_risky", "no_show": "all"}
PRESETS = ("criminalised", "client_criminalised", "gdpr", "decriminalised")


@dataclass(frozen=True, slots=True)
class Switches:
    """One organisation's policy, as far as the model turns it."""

    preset: str = "criminalised"
    phone: str = "clear"
    text: str = "edited"
    place: str = "city"
    categories: str = "all"
    export_to: str | tuple[int, ...] = "trusted"
    cross_border: str = "allow"
    regions: tuple[str, ...] = ()
    onward: str = "off"

    def level(self, switch: str) -> int:
        """The position of a switch on its ladder."""
        return LADDERS[switch].index(getattr(self, switch))


def random_switches(rng: Random, organisations: int) -> Switches:
    """A policy drawn by chance, wide more often than narrow."""

    def drawn(switch: str) -> str:
        ladder = LADDERS[switch]
        return ladder[-1] if rng.random() < 0.65 else rng.choice(ladder)

    export: str | tuple[int, ...] = "trusted"
    if rng.random() < 0.12:
        some = tuple(i for i in range(organisations) if rng.random() < 0.5)
        export = rng.choice(("nobody", some)) if some else "nobody"
    border = rng.choice(("allow",) * 6 + ("listed", "deny"))
    regions = rng.choice(((), ("FR",), ("US",))) if border == "listed" else ()
    return Switches(
        rng.choice(PRESETS), drawn("phone"), drawn("text"), drawn("place"), drawn("categories"),
        export, border, regions,
    )  # fmt: skip


@lru_cache(maxsize=4096)
def policy_text(switches: Switches, orgs: tuple[OrgId, ...]) -> str:
    """The policy as a file: a preset, with the model's switches over it."""
    policy = load_policy(preset_text(switches.preset))
    export: Any = switches.export_to
    if not isinstance(export, str):
        export = tuple(text_id(orgs[i]) for i in export)
    keep = {"4": 1000, "3": 1000, "2": 300, "1": 90}
    changed = {
        **policy.model_dump(by_alias=True),
        "identifiers": {**policy.identifiers.model_dump(), "phone": switches.phone},
        "text": switches.text,
        "place_precision": switches.place,
        "categories": switches.categories,
        "export_to": export,
        "cross_border": switches.cross_border,
        "cross_border_regions": switches.regions,
        "onward": switches.onward,
        "retention_days": keep,
    }
    return dump(type(policy).model_validate(changed))


@dataclass(slots=True)
class TrueRecord:
    """One record as its organisation wants it."""

    org: int
    leaves: dict[str, Value]
    exp: Day
    status: Status = Status.LIVE
    floor: int = 1  # no live revision below this may be sent again
    restrictions: Restrictions = field(default_factory=Restrictions)
    consented: bool = True  # its reporter lets other organisations have it
    exists: bool = True  # some store held it after the last restore
    certain: bool = True  # its organisation's store never went back since it was last changed

    @property
    def names(self) -> frozenset[str]:
        """Every leaf that it may have: a number has its token as soon as it is signed again."""
        names = frozenset(self.leaves)
        return names | {"phone.token"} if "phone" in names else names

    @property
    def category(self) -> int:
        """Its place on the ladder of categories."""
        codes = self.leaves["codes"]
        assert isinstance(codes, list)
        return min(LADDERS["categories"].index(CATEGORY[str(code)]) for code in codes)


class Truth:
    """Every organisation's records, policies, peers and stolen keys."""

    def __init__(self, regions: tuple[str, ...], switches: list[Switches]) -> None:
        self.regions = regions
        self.switches = switches
        self.orgs: tuple[OrgId, ...] = ()
        self.records: dict[RecordKey, TrueRecord] = {}
        self.signed: dict[bytes, Entry] = {}  # eid → entry: what organisations really signed
        self.states: dict[tuple[int, int], State] = {}
        self.stolen: dict[int, Day] = {}  # organisation → since when its key is out
        self.forged: set[bytes] = set()  # eids
        self.lost: set[int] = set()  # organisations whose register is gone, not yet confirmed

    def witness(self, raw: bytes) -> None:
        """An organisation signed this entry."""
        entry = decode_entry(raw)
        self.signed[entry.eid] = entry

    def may_go(self, rk: RecordKey, to: int, card: Mapping[str, str], today: Day) -> frozenset[str]:
        """The leaves of a record that may stand at a peer with this card (CARD_SWITCH → level)."""
        record = self.records[rk]
        org = self.orgs[to]
        if record.status is not Status.LIVE or record.exp < today or not record.consented:
            return frozenset()
        if not self.may_reach(record.org, to, card):
            return frozenset()
        only = record.restrictions.peers
        hidden = record.restrictions.withhold.get("*", frozenset())
        hidden |= record.restrictions.withhold.get(org, frozenset())
        if (only is not None and org not in only) or hidden & {"kind", "terms"}:
            return frozenset()
        levels = self.levels(record.org, card)
        if record.category > levels["categories"]:
            return frozenset()
        return passing(record.names, levels) - _with_stronger(hidden)

    def may_reach(self, origin: int, to: int, card: Mapping[str, str]) -> bool:
        """Whether an organisation's policy lets anything go to a peer with this card."""
        own = self.switches[origin]
        if self.states[origin, to] == "blocked" or not self._is_audience(own, to):
            return False
        return not self._crosses(own, self.regions[origin], card.get("region", ""))

    def levels(self, origin: int, card: Mapping[str, str]) -> dict[str, int]:
        """The lower of what an organisation releases and a card accepts, on each ladder."""
        own = self.switches[origin]
        return {
            switch: min(own.level(switch), _place_on(switch, card.get(name, "")))
            for switch, name in CARD_SWITCH.items()
        }

    def may_hold(self, at: int, names: frozenset[str], category: int) -> frozenset[str]:
        """The leaves that an organisation's own policy lets it hold."""
        own = self.switches[at]
        if category > own.level("categories"):
            return frozenset()
        return passing(names, {switch: own.level(switch) for switch in LADDERS})

    @staticmethod
    def _is_audience(own: Switches, to: int) -> bool:
        if isinstance(own.export_to, str):
            return own.export_to == "trusted"
        return to in own.export_to

    @staticmethod
    def _crosses(own: Switches, ours: str, theirs: str) -> bool:
        if own.cross_border == "allow" or ours[:2] == theirs[:2]:
            return False
        return own.cross_border == "deny" or theirs[:2] not in own.regions


def passing(names: frozenset[str], levels: Mapping[str, int]) -> frozenset[str]:
    """The leaves that these positions on the ladders let pass."""
    return frozenset(
        name
        for name in names
        if name not in LEAVES
        or levels[LEAVES[name][0]] >= LADDERS[LEAVES[name][0]].index(LEAVES[name][1])
    )


def _place_on(switch: str, level: str) -> int:
    ladder = LADDERS[switch]
    return ladder.index(level) if level in ladder else 0


def _with_stronger(names: frozenset[str]) -> frozenset[str]:
    found = set(names)
    for family in FAMILIES:
        for place, name in enumerate(family):
            if name in names:
                found.update(family[place:])
    return frozenset(found)
