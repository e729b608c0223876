"""What a receiver takes from a hub: another organisation's record within its author's terms.

A hub decides by `federation.hub`; whoever receives does not rely on that, and asks here. Invariant:
a live record that does not say that it may be passed on, or discloses a field that its terms do
not name, is refused as a whole.
Place on the spine: part of verifying an item, before anything of it may be stored.
"""

from collections.abc import Mapping
from typing import Final

from federation.terms import allows, onward_names
from protocol.codec import Value
from protocol.entry import Status

UNKNOWN_AUTHOR: Final = "author"
"""Held: we do not have the documents of whoever signed it; the hub is asked for them."""

NOT_ONWARD: Final = "not_onward"
"""Held: it goes further than its author allows; nothing of it is stored."""

KINDS: Final = frozenset({"alert", "notice"})
"""What a hub passes on: a voice counts, and a hold is asked, only where its author sent it."""

_ALWAYS: Final = frozenset({"kind", "terms"})


def is_within_terms(values: Mapping[str, Value], status: Status) -> bool:
    """Tell whether a record that a hub passed on discloses no more than its author allows.

    A live record must bring its terms, and they must allow it; a withdrawal may always come, with
    its reason where the terms name that; a tombstone discloses nothing.
    """
    if status is Status.ERASED:
        return not values
    names = values.keys() - _ALWAYS
    if status is Status.LIVE and not allows(values.get("terms"), "onward"):
        return False
    if status is Status.LIVE and values.get("kind") not in KINDS:
        return False
    return names <= onward_names(values.get("terms"))
