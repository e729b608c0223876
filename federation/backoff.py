"""How long to leave a peer alone after it could not be reached.

Short at first, for a node that is just restarting; then a minute and doubling to six hours, with
jitter, so that nodes which lost each other do not all come back in one second.
"""

from collections.abc import Callable

FIRST_S = 2
MOST_S = 6 * 3600


def pause_s(failures: int, random: Callable[[int], bytes]) -> float:
    """Seconds to wait after this many failures in a row (≥ 1): half to all of the doubled time."""
    longest = min(FIRST_S * 2.0 ** min(failures - 1, 20), MOST_S)
    share = int.from_bytes(random(4), "big") / 2**32
    return float(longest * (0.5 + share / 2))
