"""A second reading of what the product document says of policies; it shares no code with ours.

Written from the document's words alone, for tests: which fields of an alert go to a peer, which
uses its terms allow. It is slow and plain, takes plain values, and knows no table of needs. Where
it differs from `federation.release`, one of the two has misread the document.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

SEVERITY = {
    **dict.fromkeys(("sexual_assault", "weapon", "confinement", "drugging", "life_threatening"), 4),
    **dict.fromkeys(("physical_assault", "robbery", "condom_removal", "threat", "stalking"), 3),
    **dict.fromkeys(("blackmail_outing", "covert_filming", "coercion_third_party"), 3),
    **dict.fromkeys(("impersonates_authority",), 3),
    **dict.fromkeys(("theft", "non_payment", "fake_payment", "boundary_violation"), 2),
    **dict.fromkeys(("condom_refusal", "hate_abuse", "harassment", "bad_supply", "uneasy"), 2),
    **dict.fromkeys(("no_show", "haggler", "nuisance_contact", "intoxicated", "disrespect"), 1),
    **dict.fromkeys(("police_activity", "raid", "immigration_check", "venue_unsafe"), 0),
    "missing_worker": 0,
}
NO_CRIME = {
    "boundary_violation", "condom_refusal", "hate_abuse", "harassment", "bad_supply", "uneasy",
    "no_show", "haggler", "nuisance_contact", "intoxicated", "disrespect",
    "police_activity", "raid", "immigration_check", "venue_unsafe", "missing_worker",
}  # fmt: skip
KINDS = ("phone", "email", "handle", "plate", "profile")
DESCRIPTIONS = ("age", "height", "build", "hair", "marks", "accent", "words", "clothing")
ALWAYS = {"kind", "terms", "codes", "severity", "role", "basis", "location_type"}
ALWAYS |= {f"person.{each}" for each in DESCRIPTIONS}
ALWAYS |= {f"vehicle.{each}" for each in ("make", "model", "colour")}
LADDERS = (
    ("place.region", "place.city", "place.district"),
    ("date.month", "date.week", "date.day", "date.slot"),
    *((f"{kind}.token", f"{kind}.masked", kind) for kind in KINDS),
)


@dataclass(frozen=True, slots=True)
class Case:
    """One question: may this alert go to this peer, and what of it?"""

    names: frozenset[str]
    codes: tuple[str, ...]
    severity: int
    approved: frozenset[str]
    days_since: int
    policy: Mapping[str, Any]  # ours: nested, as in the TOML file
    region: str
    their_region: str
    their_levels: Mapping[str, str] | None  # None: no card
    trusted: bool
    org: str
    peers_agreed: bool
    only: Collection[str] | None  # the organisations it was narrowed to
    hidden: Collection[str]  # fields kept from this organisation
    suspended: bool


def goes(case: Case) -> set[str]:
    """The fields that go: what our policy, theirs and the reporter's consent all allow."""
    ours, theirs, hers = by_origin(case), by_receiver(case), by_consent(case)
    found = ours & theirs & hers
    if "person.race" in found and not _race(case, found):
        found.discard("person.race")
    return found if {"kind", "terms"} <= found else set()


def by_origin(case: Case) -> set[str]:
    """What our policy alone would let out."""
    policy = case.policy
    audience = policy["export_to"]
    in_audience = audience == "trusted" or (audience != "nobody" and case.org in audience)
    days = policy["notice_days"]
    if case.severity:
        days = policy["retention_days"][str(case.severity)]
    if not (
        case.trusted
        and in_audience
        and _crosses(policy, case.region, case.their_region)
        and case.days_since >= policy["publish_delay"]
        and days > 0
        and not (case.suspended and policy["dispute"]["suspend"])
    ):
        return set()
    return _fields(case, _levels(policy))


def by_receiver(case: Case) -> set[str]:
    """What the peer's card says it may hold; what a card does not say is at its strictest."""
    return _fields(case, dict(case.their_levels or {}))


def by_consent(case: Case) -> set[str]:
    """What the reporter allowed, and what the desk made of it for this one alert."""
    if not case.peers_agreed or (case.only is not None and case.org not in case.only):
        return set()
    hidden = set(case.hidden)
    if hidden & {"kind", "terms"}:
        return set()
    for ladder in LADDERS:
        for place, name in enumerate(ladder):
            if name in case.hidden:
                hidden |= set(ladder[place:])
    # A part of a plate tells as much as its masked form: what hides the token hides both.
    if "plate.token" in case.hidden:
        hidden.add("plate.part")
    if "plate.part" in case.hidden:
        hidden.add("plate")
    return set(case.names) - hidden


def _fields(case: Case, levels: Mapping[str, str]) -> set[str]:
    if not _category(case, levels.get("categories", "crimes")):
        return set()
    allowed = set(ALWAYS)
    place, date = levels.get("place_precision"), levels.get("date_precision")
    allowed |= _up_to(("region", "city", "district"), place, "place.")
    allowed |= _up_to(("month", "week", "day"), date, "date.")
    if "date.day" in allowed:
        allowed.add("date.slot")
    for kind in KINDS:
        level = levels.get(f"identifiers.{kind}", "withhold")
        if level in {"match", "masked", "clear"}:
            allowed.add(f"{kind}.token")
        if level in {"masked", "clear"}:
            allowed |= {f"{kind}.masked"} | ({"plate.part"} if kind == "plate" else set())
        if level == "clear":
            allowed.add(kind)
    for name in ("name", "photo"):
        level = levels.get(name, "never")
        if level == "allow" or (level == "moderator" and name in case.approved):
            allowed.add(name)
    if levels.get("race_descriptor", "off") != "off":
        allowed.add("person.race")
    if levels.get("text", "codes_only") == "edited":
        allowed |= {"text", "advice", "reason"}
    return allowed & case.names


def _race(case: Case, found: set[str]) -> bool:
    """Race goes beside another description, or alone where both sides allow that."""
    ours = case.policy["race_descriptor"]
    theirs = (case.their_levels or {}).get("race_descriptor", "off")
    alone = ours == theirs == "allow"
    return alone or any(f"person.{each}" in found for each in DESCRIPTIONS)


def _levels(policy: Mapping[str, Any]) -> dict[str, str]:
    kinds = {f"identifiers.{kind}": policy["identifiers"][kind] for kind in KINDS}
    return {name: value for name, value in policy.items() if isinstance(value, str)} | kinds


def _up_to(levels: tuple[str, ...], level: str | None, prefix: str) -> set[str]:
    if level not in levels:
        return set()
    return {prefix + each for each in levels[: levels.index(level) + 1]}


def _category(case: Case, level: str) -> bool:
    if level == "all" or case.severity == 0 or any(c not in NO_CRIME for c in case.codes):
        return True
    return level == "crimes_and_risky" and any(SEVERITY[code] >= 2 for code in case.codes)


def _crosses(policy: Mapping[str, Any], here: str, there: str) -> bool:
    """Whether our policy lets alerts go from one region to another."""
    if here and there and here[:2] == there[:2]:
        return True
    if policy["cross_border"] == "allow":
        return True
    listed = policy["cross_border_regions"]
    is_listed = any(there == each or there.startswith(f"{each}-") for each in listed if there)
    return policy["cross_border"] == "listed" and is_listed


def terms(policy: Mapping[str, Any], consent: Mapping[str, bool]) -> list[object]:
    """What receivers may do: what the reporter ticked, as far as our policy goes along."""
    police = policy["police_share"]
    return [
        "members" if consent["members"] else "staff",
        consent["print"] and policy["print"]["mode"] != "off",
        consent["statistics"],
        consent["police_anonymised"]
        and police["mode"] != "disabled"
        and bool(police["approver"].strip()),  # named, or nothing goes
        consent["peers"] and policy["onward"] == "on",
    ]
