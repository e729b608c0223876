"""The controlled vocabulary: codes travel, words are translated.

What this decides: each code's severity, its two letters for SMS, and whether it normally alleges a
crime (policies gate on that). "Police as danger" (`police_activity`, a notice) and "officer as
aggressor" (a role, with a code of what was done) are different things and never share a code.
Invariant: a record's codes either all accuse or are all of the notice row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from protocol.errors import malformed


@dataclass(frozen=True, slots=True)
class Code:
    """One incident code; severity 4 (critical) to 1 (nuisance), 0 for a notice."""

    name: str
    severity: int
    letters: str
    crime: bool
    words: str


_ROWS: Final = (  # severity, letters, ◆ = normally alleges a crime, code, plain words
    (4, "SA", "◆", "sexual_assault", "rape or sexual assault"),
    (4, "WP", "◆", "weapon", "had or used a weapon"),
    (4, "KD", "◆", "confinement", "locked in, held or abducted"),
    (4, "DG", "◆", "drugging", "spiked a drink or drugged"),
    (4, "LT", "◆", "life_threatening", "choking or other danger to life"),
    (3, "VI", "◆", "physical_assault", "hit or hurt"),
    (3, "RB", "◆", "robbery", "took things by force or threat"),
    (3, "NC", "◆", "condom_removal", "removed or broke the condom on purpose"),
    (3, "TH", "◆", "threat", "threatened to harm"),
    (3, "ST", "◆", "stalking", "follows or watches"),
    (3, "BM", "◆", "blackmail_outing", "blackmail, or threatens to tell others"),
    (3, "CF", "◆", "covert_filming", "filmed or recorded in secret"),
    (3, "CO", "◆", "coercion_third_party", "forces someone to work for them"),
    (3, "IA", "◆", "impersonates_authority", "pretends to be police or another authority"),
    (2, "TF", "◆", "theft", "stole money or things"),
    (2, "NP", "◆", "non_payment", "did not pay"),
    (2, "FM", "◆", "fake_payment", "false money, fake transfer or chargeback"),
    (2, "BV", "", "boundary_violation", "did what was not agreed"),
    (2, "CN", "", "condom_refusal", "refused a condom"),
    (2, "HA", "", "hate_abuse", "abuse for race, gender, or who someone is"),
    (2, "HR", "", "harassment", "harassment or repeated insults"),
    (2, "BS", "", "bad_supply", "sells or brings dangerous drugs"),
    (2, "CR", "", "uneasy", "nothing happened, but felt unsafe"),
    (1, "NS", "", "no_show", "booked and did not come"),
    (1, "HG", "", "haggler", "argues about the price"),
    (1, "PH", "", "nuisance_contact", "nuisance calls or messages"),
    (1, "IX", "", "intoxicated", "drunk or high"),
    (1, "DR", "", "disrespect", "rude or disrespectful"),
    (0, "PO", "", "police_activity", "police in the area"),
    (0, "RD", "", "raid", "raid under way or announced"),
    (0, "IM", "", "immigration_check", "immigration check"),
    (0, "VN", "", "venue_unsafe", "a place that is not safe"),
    (0, "MW", "", "missing_worker", "a worker is missing"),
)

_ALL: Final = tuple(
    Code(name, severity, letters, mark == "◆", words)
    for severity, letters, mark, name, words in _ROWS
)

CODES: Final[Mapping[str, Code]] = {code.name: code for code in _ALL}
SEVERITIES: Final[Mapping[str, int]] = {code.name: code.severity for code in _ALL}
BY_LETTERS: Final[Mapping[str, Code]] = {code.letters: code for code in _ALL}
NOTICES: Final = frozenset(code.name for code in _ALL if code.severity == 0)
CRIMES: Final = frozenset(code.name for code in _ALL if code.crime)

SEVERITY_WORDS: Final = ("notice", "nuisance", "risky", "dangerous", "critical")  # by severity
KINDS: Final = ("alert", "notice", "voice", "hold")
VOICES: Final = ("corroborate", "dispute", "same_as")  # what a voice says of others' alerts
ADOPTED_FROM: Final = "adopted_from"  # what an alert says of the one that it was made from
RELATIONS: Final = (*VOICES, ADOPTED_FROM)
AUDIENCES: Final = ("staff", "members")
ROLES: Final = (
    "client",
    "posing_as_client",
    "officer",
    "manager",
    "driver_or_landlord",
    "other",
)
BASES: Final = ("first_hand", "with_consent", "relayed", "press_or_police")
LOCATION_TYPES: Final = (
    "street",
    "hotel",
    "clients_home",
    "workers_home",
    "parlour",
    "club",
    "vehicle",
    "online",
    "other",
)
DATE_SLOTS: Final = ("00-06", "06-12", "12-18", "18-24")
LEVELS: Final = ("withhold", "match", "masked", "clear")  # weakest first
IDENTIFIER_KINDS: Final = ("phone", "email", "handle", "plate", "profile")


def is_notice(codes: Iterable[str]) -> bool:
    """Say whether these codes accuse nobody.

    Raises ProtocolError MALFORMED for no code, an unknown code, or codes of both sorts in a record.
    """
    chosen = set(codes)
    if not chosen or not chosen <= CODES.keys():
        raise malformed("codes: none, or one that is unknown")
    notices = chosen & NOTICES
    if notices and notices != chosen:
        raise malformed("codes: a notice accuses nobody, so it has no accusing code")
    return bool(notices)


def severity_of(codes: Iterable[str]) -> int:
    """Return the severity the codes themselves give: the highest; 0 for a notice.

    A moderator may raise it and never lower it. Raises ProtocolError as `is_notice` does.
    """
    chosen = list(codes)
    return 0 if is_notice(chosen) else max(CODES[name].severity for name in chosen)
