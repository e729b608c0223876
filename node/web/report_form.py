"""The form of a report: its questions in order, what was typed, and what is wrong with it.

A report has two readings. What can be shared is read into fields, one by one, so that each is told
apart that cannot be read. What was typed stays word for word in the private report. The names of
the questions are those of the fields (`node.fields_form`), so that the desk finds them again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from node.desk.prompts import REPORTER_KEY
from node.errors import BadField
from node.fields_form import parse_form
from node.reporting import Told
from node.settings import Settings
from node.store.drafts import SCOPES
from node.web.form import Form
from node.web.roles import STAFF, Role
from node.web.vocabulary_words import N_
from protocol.ids import Day

CODE_GROUPS: Final = (
    (N_("Violence and threats"), (
        "sexual_assault", "physical_assault", "weapon", "life_threatening", "confinement",
        "drugging", "threat", "stalking", "blackmail_outing", "coercion_third_party")),
    (N_("Against what was agreed"), (
        "condom_removal", "condom_refusal", "boundary_violation", "covert_filming")),
    (N_("Money and things"), ("robbery", "theft", "non_payment", "fake_payment")),
    (N_("Trouble"), (
        "harassment", "hate_abuse", "impersonates_authority", "bad_supply", "uneasy", "no_show",
        "haggler", "nuisance_contact", "intoxicated", "disrespect")),
    (N_("A warning that accuses nobody"), (
        "police_activity", "raid", "immigration_check", "venue_unsafe", "missing_worker")),
)  # fmt: skip
"""What can have happened, in the order of the form. A test holds that each code is here once."""

WHEN: Final = {
    "today": N_("today"),
    "yesterday": N_("yesterday"),
    "this_week": N_("this week"),
    "last_week": N_("last week"),
    "this_month": N_("this month"),
    "last_month": N_("last month"),
    "earlier": N_("earlier, as said below"),
}
WHO: Final = ("phone", "name")
WHO_ELSE: Final = ("email", "handle", "profile")
LOOKS: Final = tuple(
    f"person.{part}"
    for part in ("age", "height", "build", "hair", "marks", "accent", "words", "clothing")
)
VEHICLE: Final = ("plate", "vehicle.make", "vehicle.model", "vehicle.colour")
PLACE: Final = ("place.city",)
PLACE_ELSE: Final = ("place.district", "place.region")
CHOICES: Final = ("location_type", "role")
PROSE: Final = ("text", "advice")
REACH: Final = "reach"
SAY: Final = "say"
CONTACT: Final = "contact"
LEDGER_TEXT_BYTES: Final = 3800  # what is longer stays in the private report, for the desk to cut
MONTHS_BACK: Final = 24
_POLICE: Final = ("police_anonymised", "police_supported")
_LINES: Final = (*WHO, *WHO_ELSE, *VEHICLE, *PLACE, *PLACE_ELSE, *LOOKS, *CHOICES)


@dataclass(frozen=True, slots=True)
class Read:
    """A form that was read. `wrong` says for a question why it cannot be sent as it is."""

    told: Told
    wrong: Mapping[str, str]


def bases_for(role: Role) -> tuple[str, ...]:
    """How somebody of a role may know what she tells; the first is what is meant unless said."""
    own = ("first_hand", "relayed")
    return own if role not in STAFF else ("with_consent", *own)


def scopes_asked(police_mode: str) -> tuple[str, ...]:
    """The scopes that the form asks for: those of the police only where the policy has any."""
    return tuple(s for s in SCOPES if police_mode != "disabled" or s not in _POLICE)


def months_before(today: Day) -> list[str]:
    """This month and those before it, as 2026-01."""
    first = _date(today).replace(day=1)
    found = []
    for _ in range(MONTHS_BACK):
        found.append(f"{first:%Y-%m}")
        first = (first - timedelta(days=1)).replace(day=1)
    return found


def read_report(
    form: Form, settings: Settings, today: Day, role: Role, language: str, scopes: Sequence[str]
) -> Read:
    """Read a form. Nothing of it is lost: what is wrong is named, and the form shown again."""
    wrong: dict[str, str] = {}
    fields: dict[str, list[str]] = {}
    private: dict[str, str] = {"told by": str(role)}
    for name in ("codes", *_LINES, *PROSE):
        texts = [each for each in _typed(form, name, wrong) if each]
        if texts:
            fields[name] = texts
            private[name] = ", ".join(texts)
    if not fields.get("codes"):
        wrong["codes"] = "none"
    _read_when(form, today, fields, private, wrong)
    basis = _line(form, "basis", wrong)
    fields["basis"] = [basis if basis in bases_for(role) else bases_for(role)[0]]
    consent = [scope for scope in scopes if scope in form.every("consent")]
    _read_reach(form, private, wrong, asked=CONTACT in consent)
    for name in PROSE:
        if len("".join(fields.get(name, ())).encode()) > LEDGER_TEXT_BYTES:
            del fields[name]
    for name, texts in fields.items():
        try:
            parse_form({name: texts}, settings.country, today, language=language)
        except BadField:
            wrong.setdefault(name, "unread")
    for name in PROSE:
        fields[name] = [f"{language}: {text}" for text in fields.get(name, ())]
    if "place.district" in fields and "place.city" not in fields:
        wrong.setdefault("place.city", "unread")
    told = Told(
        {name: texts for name, texts in fields.items() if texts}, consent, private,
        source=f"page {role}", once=form.line("once"),
    )  # fmt: skip
    return Read(told, wrong)


def _typed(form: Form, name: str, wrong: dict[str, str]) -> list[str]:
    try:
        if name == "codes":
            return form.every(name)
        return [form.text(name) if name in PROSE else form.line(name)]
    except BadField:
        wrong[name] = "long"
        return []


def _line(form: Form, name: str, wrong: dict[str, str]) -> str:
    return next(iter(_typed(form, name, wrong)), "")


def _read_when(
    form: Form, today: Day, fields: dict[str, list[str]], private: dict[str, str],
    wrong: dict[str, str],
) -> None:  # fmt: skip
    """Roughly when: a word, or else a day or a month; a time of day only beside a day."""
    when, day, month, slot = (_line(form, n, wrong) for n in ("when", "day", "month", "slot"))
    found = day or when_meant(when, today) or month
    if not found:
        wrong.setdefault("when", "none")
        return
    fields["date"] = [found]
    private["date"] = found
    if slot:
        private["date.slot"] = slot
        if len(found) == len("2026-01-20"):
            fields["date.slot"] = [slot]


def when_meant(word: str, today: Day) -> str:
    """The day, week or month that a word means, counted from today; "" for no such word."""
    now = _date(today)
    last_week, last_month = now - timedelta(days=7), now.replace(day=1) - timedelta(days=1)
    weeks = {"this_week": now.isocalendar(), "last_week": last_week.isocalendar()}
    if word in weeks:
        year, week, _ = weeks[word]
        return f"{year}-W{week:02}"
    return {
        "today": now.isoformat(),
        "yesterday": (now - timedelta(days=1)).isoformat(),
        "this_month": f"{now:%Y-%m}",
        "last_month": f"{last_month:%Y-%m}",
    }.get(word, "")


def _read_reach(form: Form, private: dict[str, str], wrong: dict[str, str], *, asked: bool) -> None:
    """How to reach her: only where she wants to be contacted, and only in the private report."""
    for name in (REACH, SAY):
        text = _line(form, name, wrong)
        if text and not asked:
            wrong.setdefault(CONTACT, "unticked")
        elif text:
            private[REPORTER_KEY + name] = text


def _date(day: Day) -> date:
    return date(1970, 1, 1) + timedelta(days=day)


@dataclass(frozen=True, slots=True)
class Shown:
    """What a form shows: the text of each question, and what is ticked."""

    texts: Mapping[str, str] = field(repr=False)
    ticked: frozenset[tuple[str, str]] = field(repr=False)

    @classmethod
    def of(cls, form: Form) -> "Shown":
        """A form as it was sent, every character of it."""
        texts: dict[str, str] = {}
        for name, value in form.fields:
            texts.setdefault(name, value.replace("\0", ""))
        return cls(texts, frozenset(form.fields))

    def text(self, name: str) -> str:
        """What was typed."""
        return self.texts.get(name, "")

    def is_ticked(self, name: str, value: str) -> bool:
        """Whether a box or choice was taken."""
        return (name, value) in self.ticked

    def has_ticked(self, name: str, values: Sequence[str]) -> bool:
        """Whether any of these was taken."""
        return any((name, value) in self.ticked for value in values)

    def has_any(self, names: Sequence[str]) -> bool:
        """Whether anything was typed for any of these."""
        return any(self.texts.get(name) for name in names)
