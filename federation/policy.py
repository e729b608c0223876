"""What an organisation lets out, takes in and keeps: every switch, its values and their order.

A policy is read from TOML, is frozen, and starts from the safest value of every switch, so that a
line that was forgotten releases nothing. `federation.release` applies it to records.
Invariants: `strictest(Policy(), p)` equals `Policy()` in every ordered switch; `load_policy` raises
PolicyError only, and its lines never repeat what stood in the file.
"""

import re
from collections.abc import Mapping
from importlib.resources import files
from typing import Annotated, Any, Final, Literal

import tomlkit
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from federation.errors import PolicyError
from federation.regions import covers, is_region
from keys.card import Accepts

MAX_DAYS: Final = 1096
"""The longest life that the protocol allows an entry."""

PRESETS: Final = ("criminalised", "client_criminalised", "gdpr", "decriminalised")
"""The presets that come with the node."""

IDENTIFIERS: Final = ("phone", "email", "handle", "plate", "profile")
"""The kinds of identifier that have a switch of their own."""

LegalModel = Literal["criminalised", "client_criminalised", "regulated", "decriminalised"]
Categories = Literal["crimes", "crimes_and_risky", "all"]
Identifier = Literal["withhold", "match", "masked", "clear"]
Moderated = Literal["never", "moderator", "allow"]
RaceDescriptor = Literal["off", "secondary", "allow"]
TextLevel = Literal["codes_only", "edited"]
PlacePrecision = Literal["none", "region", "city", "district"]
DatePrecision = Literal["none", "month", "week", "day"]
CrossBorder = Literal["deny", "listed", "allow"]

LEVELS: Final[Mapping[str, tuple[str, ...]]] = {
    "legal_model": ("criminalised", "client_criminalised", "regulated", "decriminalised"),
    "categories": ("crimes", "crimes_and_risky", "all"),
    **{f"identifiers.{kind}": ("withhold", "match", "masked", "clear") for kind in IDENTIFIERS},
    "name": ("never", "moderator", "allow"),
    "photo": ("never", "moderator", "allow"),
    "race_descriptor": ("off", "secondary", "allow"),
    "text": ("codes_only", "edited"),
    "place_precision": ("none", "region", "city", "district"),
    "date_precision": ("none", "month", "week", "day"),
    "cross_border": ("deny", "listed", "allow"),
    "onward": ("off", "on"),
    "reporter_data.mode": ("none", "callback"),
    "police_share.mode": ("disabled", "anonymised", "supported"),
    "subject_notice": ("never", "on_request"),
    "print.mode": ("off", "masked", "full"),
    "lookup_log": ("none", "counts"),
}
"""Switches whose values are words, each from its safest value to its widest."""

ACCEPTED: Final = (
    "categories",
    *(f"identifiers.{kind}" for kind in IDENTIFIERS),
    *("name", "photo", "race_descriptor", "text", "place_precision", "date_precision"),
)
"""Switches whose levels travel in the card, so that no peer sends what may not be held here."""


def _org(text: str) -> str:
    text = text.strip().lower()
    if not re.fullmatch(r"[a-z2-7]{52}", text):
        raise ValueError("must be organisation ids of 52 letters and digits")
    return text


def _region(text: str) -> str:
    if not is_region(text):
        raise ValueError('must be ISO 3166 codes such as "FR" or "US-CA"')
    return text


Orgs = tuple[Annotated[str, AfterValidator(_org)], ...]
Audience = Literal["nobody", "trusted"] | Orgs
Keep = Annotated[int, Field(ge=0, le=MAX_DAYS)]


class _Table(BaseModel):
    model_config = ConfigDict(
        strict=True, frozen=True, extra="forbid", hide_input_in_errors=True, allow_inf_nan=False
    )


class Identifiers(_Table):
    """How much of each kind of identifier goes out: nothing, a token, a masked form, or all."""

    phone: Identifier = "withhold"
    email: Identifier = "withhold"
    handle: Identifier = "withhold"
    plate: Identifier = "withhold"
    profile: Identifier = "withhold"


class RetentionDays(_Table):
    """How many days an alert lives, by its severity; 0 means that it is not kept at all."""

    critical: Keep = Field(default=0, alias="4")
    dangerous: Keep = Field(default=0, alias="3")
    risky: Keep = Field(default=0, alias="2")
    nuisance: Keep = Field(default=0, alias="1")


class ReporterData(_Table):
    """Whether anything that leads to the reporter is kept, and for how many days."""

    mode: Literal["none", "callback"] = "none"
    days: int = Field(default=0, ge=0, le=365)


class PoliceShare(_Table):
    """What may go to police when the reporter asked for it, and who must approve each time."""

    mode: Literal["disabled", "anonymised", "supported"] = "disabled"
    approver: str = Field(default="", max_length=80)


class Dispute(_Table):
    """How a listed person's objection is handled."""

    days: int = Field(default=1, ge=1, le=90)
    suspend: bool = True
    second_reviewer: bool = True


class Moderation(_Table):
    """How many reviewers an alert needs, and whether an urgent one may go out on one's word."""

    reviewers: int = Field(default=3, ge=1, le=3)
    urgent: bool = False
    urgent_hours: int = Field(default=1, ge=1, le=168)


class OptIn(_Table):
    """How a member agrees to be notified, and how she stops it."""

    double: bool = True
    stop_word: str = Field(default="STOP", min_length=2, max_length=20)
    neutral_sender: bool = True


class Print(_Table):
    """What may stand on paper, and whether every copy has a number."""

    mode: Literal["off", "masked", "full"] = "off"
    numbered: bool = True


class Policy(_Table):
    """The policy of an organisation; every switch starts from its safest value."""

    legal_model: LegalModel = "criminalised"
    categories: Categories = "crimes"
    name: Moderated = "never"
    photo: Moderated = "never"
    race_descriptor: RaceDescriptor = "off"
    text: TextLevel = "codes_only"
    place_precision: PlacePrecision = "none"
    date_precision: DatePrecision = "none"
    publish_delay: int = Field(default=30, ge=0, le=30)
    mandatory_reporting: str = Field(default="", max_length=2000)
    notice_days: int = Field(default=0, ge=0, le=90)
    subject_notice: Literal["never", "on_request"] = "never"
    export_to: Audience = "nobody"
    import_from: Audience = "nobody"
    cross_border: CrossBorder = "deny"
    cross_border_regions: tuple[Annotated[str, AfterValidator(_region)], ...] = ()
    onward: Literal["off", "on"] = "off"
    lookup_log: Literal["none", "counts"] = "none"
    statistics_min_cell: int = Field(default=20, ge=2, le=20)
    identifiers: Identifiers = Identifiers()
    retention_days: RetentionDays = RetentionDays()
    reporter_data: ReporterData = ReporterData()
    police_share: PoliceShare = PoliceShare()
    dispute: Dispute = Dispute()
    moderation: Moderation = Moderation()
    optin: OptIn = OptIn()
    print: Print = Print()

    def days_kept(self, severity: int) -> int:
        """Return how many days an alert of this severity lives (0..4; 0 is a notice)."""
        kept = self.retention_days
        return (self.notice_days, kept.nuisance, kept.risky, kept.dangerous, kept.critical)[
            severity
        ]

    def police_mode(self) -> str:
        """Return what may go to police: nothing until someone is named who approves it."""
        return self.police_share.mode if self.police_share.approver.strip() else "disabled"


def load_policy(toml_text: str) -> Policy:
    """Read a policy from TOML; PolicyError says for each bad switch what it may be set to."""
    import json
    import tomllib

    try:
        content: dict[str, Any] = tomllib.loads(toml_text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"at line \d+, column \d+|at end of document", str(error))
        where = f" {place[0]}" if place else ""
        raise PolicyError([f"this is not TOML: look{where}"]) from None
    try:
        # Through JSON, because strict mode takes a list for a tuple there and nowhere else;
        # a TOML date becomes null, which no switch accepts.
        return Policy.model_validate_json(json.dumps(content, default=lambda _: None))
    except ValidationError as error:
        from federation.problems import problem_lines

        raise PolicyError(problem_lines(error)) from None


def dump(policy: Policy) -> str:
    """Write a policy as TOML, every switch with its value; `load_policy` reads it back equal."""
    return tomlkit.dumps(policy.model_dump(mode="json", by_alias=True))


def preset_text(name: str) -> str:
    """Return a preset as it is shipped, with its explanations."""
    if name not in PRESETS:
        raise PolicyError([f"there is no such preset: choose one of {', '.join(PRESETS)}"])
    return (files("federation") / "presets" / f"{name}.toml").read_text(encoding="utf-8")


def preset(name: str) -> Policy:
    """Return a preset of that name."""
    return load_policy(preset_text(name))


def value_of(policy: Policy, switch: str) -> Any:
    """Return the value of a switch by its dotted name, such as "identifiers.phone"."""
    table, _, key = switch.rpartition(".")
    if table == "retention_days":
        return policy.days_kept(int(key))
    return getattr(getattr(policy, table) if table else policy, key)


def accepts_of(policy: Policy, region: str) -> Accepts:
    """Say in the form of a card what this policy lets the organisation hold."""
    levels = tuple((switch, str(value_of(policy, switch))) for switch in sorted(ACCEPTED))
    return Accepts(region, policy.legal_model, levels)


def strictest(a: Policy, b: Policy) -> Policy:
    """Return the policy that lets out, takes in and keeps only what both would.

    Texts are not ordered: both duties to report are shown, and an approver stands only if both
    name the same.
    """
    merged: dict[str, Any] = {}
    for name, field in Policy.model_fields.items():
        one, other = getattr(a, name), getattr(b, name)
        if isinstance(one, _Table):
            merged[name] = {
                inner.alias or key: _stricter(
                    f"{name}.{key}", getattr(one, key), getattr(other, key), inner.default
                )
                for key, inner in type(one).model_fields.items()
            }
        else:
            merged[name] = _stricter(name, one, other, field.default)
    merged["cross_border_regions"] = _both_list(a, b)
    return Policy.model_validate(merged)


_MORE_IS_SAFER: Final = {"publish_delay", "statistics_min_cell", "moderation.reviewers"}


def _stricter(switch: str, a: Any, b: Any, safest: Any) -> Any:
    if a == b:
        return a
    if switch in LEVELS:
        return min(a, b, key=LEVELS[switch].index)
    if switch in {"export_to", "import_from"}:
        return _fewer(a, b)
    if isinstance(a, bool):
        return safest
    if isinstance(a, int):
        return max(a, b) if switch in _MORE_IS_SAFER else min(a, b)
    if switch == "mandatory_reporting":
        return "\n\n".join(text for text in (a, b) if text)[:2000]
    return safest


def _fewer(a: Any, b: Any) -> Any:
    if "nobody" in {a, b}:
        return "nobody"
    if a == "trusted":
        return b
    return a if b == "trusted" else tuple(sorted(set(a) & set(b)))


def _both_list(a: Policy, b: Policy) -> tuple[str, ...]:
    """Return the regions abroad that both policies send to, when either goes by a list."""
    if "deny" in {a.cross_border, b.cross_border}:
        return ()
    if a.cross_border == "allow":
        return tuple(sorted(b.cross_border_regions)) if b.cross_border == "listed" else ()
    if b.cross_border == "allow":
        return tuple(sorted(a.cross_border_regions))
    mine, theirs = a.cross_border_regions, b.cross_border_regions
    both = {r for r in mine if covers(theirs, r)} | {r for r in theirs if covers(mine, r)}
    return tuple(sorted(both))
