"""Where a border runs: whether a record crosses one, and whether a list of regions covers it.

A region is an ISO 3166-1 country ("FR") or an ISO 3166-2 subdivision ("US-CA").
Invariants: two regions of one country never have a border between them; an empty or unknown
region is abroad of everything, because the strict reading of "we do not know" is "abroad".
"""

import re
from collections.abc import Iterable

_SHAPE = re.compile(r"[A-Z]{2}(?:-[A-Z0-9]{1,3})?")


def country(region: str) -> str:
    """Return the country of a region ("US-CA" is in "US"), or "" for what is no region."""
    return region[:2] if _SHAPE.fullmatch(region) else ""


def crosses_border(a: str, b: str) -> bool:
    """Tell whether a record that goes from region `a` to region `b` leaves its country."""
    here = country(a)
    return not here or here != country(b)


def covers(listed: Iterable[str], region: str) -> bool:
    """Tell whether one of the listed regions is this region or its whole country."""
    home = country(region)
    return bool(home) and any(item in {region, home} for item in listed)


def is_region(text: str) -> bool:
    """Tell whether ISO 3166 knows this region, in the capitals that the standard uses."""
    if not _SHAPE.fullmatch(text):
        return False
    import pycountry  # late: its tables are only needed when a policy is loaded

    if "-" in text:
        return any(place.code == text for place in pycountry.subdivisions)
    return any(place.alpha_2 == text for place in pycountry.countries)
