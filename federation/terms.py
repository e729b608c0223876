"""What a receiver may do with a record: the `terms` that travel in it, read in one place.

Whoever shows, prints, counts, forwards or hands out an alert asks here first, at its origin and at
every receiver alike. Invariants: nothing here raises; what is missing, of another shape, or not a
use that is named below is a no; two terms together allow what both allow.
Place on the spine: after the store, before each use of an alert.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from protocol.codec import Value
from protocol.field_shapes import is_terms

Use = Literal["members", "print", "statistics", "police", "onward"]
"""What may be done: show it to members, print it, count it, give it to police, forward it."""

Viewer = Literal["staff", "members"]
"""Who looks at an alert here."""

_PLACES: Final[Mapping[str, int]] = {"print": 1, "statistics": 2, "police": 3, "onward": 4}
_STRICTEST: Final = ("staff", False, False, False, False)


def strictest_terms() -> list[Value]:
    """Return the terms of a record that says none: for staff here, and nothing more."""
    return [*_STRICTEST, []]


def allows(terms: Value | None, use: str) -> bool:
    """Tell whether these terms allow a use (see `Use`); None: the record says nothing, so no."""
    if not isinstance(terms, list) or not is_terms(terms):
        return False
    if use == "members":
        return terms[0] == "members"
    place = _PLACES.get(use)
    return place is not None and terms[place] is True


def is_for(terms: Value | None, viewer: Viewer) -> bool:
    """Tell whether a viewer may see a record: staff always, members where its terms say so."""
    return viewer == "staff" or allows(terms, "members")


def onward_names(terms: Value | None) -> frozenset[str]:
    """Return the fields that a hub may forward; none where it may not forward at all."""
    if not allows(terms, "onward") or not isinstance(terms, list):
        return frozenset()
    names = terms[5]
    return frozenset(str(name) for name in names) if isinstance(names, list) else frozenset()


def narrower_terms(one: Value | None, other: Value | None) -> list[Value]:
    """Return the terms that allow what both allow, and no more."""
    flags: list[Value] = [allows(one, use) and allows(other, use) for use in _PLACES]
    audience: Value = "members" if is_for(one, "members") and is_for(other, "members") else "staff"
    names: list[Value] = [*sorted(onward_names(one) & onward_names(other))]
    return [audience, *flags, names]
