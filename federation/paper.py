"""What of an alert may stand on paper: the printing policy here, and what the alert's terms allow.

Paper is lost and copied, so its rules stand beside those for peers: `off` prints nothing, `masked`
no identifier that could be called or looked up, `full` what is held. An alert is printed only where
its reporter, and for another organisation's alert that one's terms, allow it. Terms say whether,
and not how: the alerts of others stand on paper masked at most. Whoever reads a sheet is no staff.
Invariant: a stricter policy or stricter terms never print more.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from federation.policy import IDENTIFIERS, Policy
from federation.terms import allows
from protocol.codec import Value

NEVER: Final = frozenset({"kind", "terms", "ref", "photo"})
_CLEAR: Final = frozenset({*IDENTIFIERS, "name"})


def on_paper(
    names: Collection[str], terms: Value | None, policy: Policy, *, is_ours: bool
) -> frozenset[str]:
    """Return the leaves of an alert that may be printed; none: it may not be printed at all.

    `terms` are the alert's own, as it was signed: for ours they are policy and consent already.
    """
    may_be_read = allows(terms, "print") and allows(terms, "members")
    if policy.print.mode == "off" or not may_be_read:
        return frozenset()
    left_out = NEVER | {name for name in names if name.endswith(".token")}
    if policy.print.mode == "masked" or not is_ours:
        left_out |= _CLEAR
    else:  # the masked form says nothing more where the whole one stands
        left_out |= {f"{kind}.masked" for kind in IDENTIFIERS if kind in names}
    return frozenset(names) - left_out
