"""What the queries of one node need to know besides the rows: who we are, our policy, the time.

Built by `node.runtime`; its parts change only inside a write transaction (policy, register) or
never. The clock and chance enter here.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from federation.policy import Policy
from federation.profile import Profile
from keys.oprf import OprfKey
from keys.orgdoc import OrgDoc
from node.moments import SECOND_US
from node.store.digests import Digests
from node.store.register import Register
from node.store.senders import Senders
from protocol.ids import Day, OrgId, RecordKey, day_of

CLOCK_OFF_US = 600 * SECOND_US  # `doctor` tells of clocks that differ by more
FROZEN = "frozen"  # in the register: b"" → encode([since when, why]); see node.freezing


@dataclass(slots=True)
class Context:
    """One node's standing facts. `now_us` gives microseconds since 1970, UTC."""

    own_doc: OrgDoc
    region: str
    policy: Policy
    register: Register
    now_us: Callable[[], int]
    random: Callable[[int], bytes]
    digests: Digests = field(default_factory=Digests)
    live_counts: dict[int, int] = field(default_factory=dict)  # per origin, for its limit
    senders: Senders = field(default_factory=Senders)
    live_limit: int = 20_000
    profile: Profile | None = None  # of a region's network: it narrows the policy
    introduce_me: bool = False  # our card says that hubs may introduce us
    in_step: set[bytes] = field(default_factory=set)  # authors with an equal digest: store.onward
    doubted_us: int = 0  # what was said until then is not taken for what its speaker says now
    news: set[int] = field(default_factory=set)  # peers that what was committed has news for
    overdue_us: int = 86_400_000_000  # a confirmation that takes longer is late
    brake_limit: int = 20  # what one origin may take away in 24 hours: node.store.brake
    oprf_key: OprfKey | None = field(default=None, repr=False)  # None: this machine cannot match
    lawful: set[RecordKey] = field(default_factory=set)  # of which a copy is kept: store.lawful
    hold_all: bool = False  # the register is lost: nothing goes out before the keeper confirms
    conflicts: set[RecordKey] = field(default_factory=set)  # own records to issue again
    came_back: set[RecordKey] = field(default_factory=set)  # own texts newer than ours were
    issued_again: dict[RecordKey, Day] = field(default_factory=dict)  # when a conflict was believed
    unproved: set[int] = field(default_factory=set)  # peers in a recovery that only they speak for
    last_n: dict[tuple[bytes, str], int] = field(default_factory=dict)  # see node.store.guards
    turned_away: dict[int, dict[RecordKey, str]] = field(default_factory=dict)  # per origin

    def __post_init__(self) -> None:
        """Doubt all that was said before this start: the store may be one that was put back."""
        self.doubted_us = self.now_us()

    def doubt(self, org: OrgId | None = None) -> None:
        """Take what one organisation said so far, or anybody, no longer for what it says now."""
        if org is None:
            self.in_step.clear()
        else:
            self.in_step.discard(org)
        self.doubted_us = self.now_us()

    def is_of_now(self, n: int) -> bool:
        """Whether a message with this n, its sender's time, was made since we doubted last.

        One that is dated ahead of us by more than clocks differ proves nothing: it may be old.
        """
        return self.doubted_us < n <= self.now_us() + CLOCK_OFF_US

    @property
    def org(self) -> OrgId:
        """Our organisation's id."""
        return self.own_doc.org

    @property
    def frozen(self) -> bool:
        """Whether our keeper froze this node: then it tells its peers nothing of its own."""
        return self.register.get(FROZEN, b"") is not None

    @property
    def today(self) -> Day:
        """The day number of now, UTC."""
        return day_of(self.now_us())
