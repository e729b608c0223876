"""Whether enough people looked: an alert goes out on the policy's reviewers, or for some hours.

What the command line knows of a person is the name that she gives. It keeps one person from being
counted twice by mistake, and writes down who agreed; it is no proof against whoever holds the
passphrase. Where the policy allows urgent alerts, too few people's word is enough for its hours:
the signed last day of such an alert is near, so that also a copy that nobody can reach ends, and a
job withdraws it at its hour unless it was confirmed.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from federation.policy import Policy
from node.errors import Refused
from node.shielding import PEOPLE
from node.store.reviews import same_person

HOUR_US = 3_600_000_000


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far reviewers agree: who they are, how many are missing, until when it may stand.

    `until_us` is 0 where nobody is missing.
    """

    names: tuple[str, ...]
    missing: int
    until_us: int = 0


class NamesWorker(Refused):
    """This may name a worker, and fewer than two people agreed; urgency is no way round that."""


def agreement(
    policy: Policy, names: Iterable[str], now_us: int, *, shielded: bool = False
) -> Agreement:
    """Judge whether these people are enough; Refused where they are not, and urgency is no way.

    `shielded`: a member entered something of it as her own. Then at least two people must agree.
    """
    persons: dict[str, str] = {}
    for name in names:
        persons.setdefault(same_person(name), name)
    found = tuple(persons.values())
    if shielded and len(found) < max(PEOPLE, policy.moderation.reviewers):
        raise NamesWorker(NamesWorker.__doc__)
    missing = max(0, policy.moderation.reviewers - len(persons))
    if not missing:
        return Agreement(found, 0)
    if not policy.moderation.urgent:
        raise Refused(
            f"the policy asks for {policy.moderation.reviewers} reviewers, and {missing} more must"
            " approve: parasol draft approve (origin.moderation.urgent=false)"
        )
    return Agreement(found, missing, now_us + policy.moderation.urgent_hours * HOUR_US)
