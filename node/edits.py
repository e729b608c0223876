"""What a form does to the fields of a draft or alert: one rule for new, edited and corrected ones.

Weaker forms (a coarser date, a masked number, the kind) follow from the finer ones each time a
record is signed, so an edit drops them and never contradicts them. The country and region of what
somebody typed are ours where she names none.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from federation.policy import Policy
from federation.release import Consent
from keys.oprf import OprfKey
from node.errors import BadField
from node.fields_form import field_name, parse_form, replaces
from node.pipeline import leaves_of
from node.settings import Settings
from node.tokens import token_leaf, with_tokens
from protocol import vocabulary
from protocol.codec import Value
from protocol.errors import ProtocolError
from protocol.fields import FIELDS
from protocol.ids import Day

Form = Mapping[str, Sequence[str]]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC).toordinal()
_DATES = ("date.day", "date.week", "date.month")  # finest first
_LEVELS = {f"{kind}.clear": kind for kind in vocabulary.IDENTIFIER_KINDS} | {
    "day": "date.day", "week": "date.week", "month": "date.month"
}  # fmt: skip
_WHOLE = {
    family: frozenset(name for name in FIELDS if name.partition(".")[0] == family)
    for family in (*vocabulary.IDENTIFIER_KINDS, "date", "place", "vehicle", "person")
}
_WHOLE["identifiers"] = frozenset({"name"}).union(
    *(_WHOLE[kind] for kind in vocabulary.IDENTIFIER_KINDS)
)
_FAMILY_OF = {"identifiers": frozenset({*vocabulary.IDENTIFIER_KINDS, "name"}), "time": {"date"}}


def local_day(now_us: int, timezone: str) -> Day:
    """The day number of now where the organisation is: what "yesterday" counts from."""
    moment = datetime.fromtimestamp(now_us / 1_000_000, ZoneInfo(timezone))
    return Day(moment.toordinal() - _EPOCH)


def edited(
    fields: Mapping[str, Value], form: Form, settings: Settings, today: Day
) -> dict[str, Value]:
    """Fields after a form was laid over them; an empty value removes a field. BadField."""
    kept = {name: value for name, value in own_words(fields).items() if name not in replaces(form)}
    region = kept.get("place.region")
    values = parse_form(
        form,
        settings.country,
        today,
        language=settings.language,
        region=str(region) if region else settings.region,
    )
    after = kept | values
    _hold_places(after)
    return after


def own_words(fields: Mapping[str, Value]) -> dict[str, Value]:
    """The fields that people gave, without those that follow from them."""
    found = {name: value for name, value in fields.items() if name not in {"kind", "terms"}}
    for kind in vocabulary.IDENTIFIER_KINDS:
        found.pop(token_leaf(kind), None)
        if kind in found:
            found.pop(f"{kind}.masked", None)
    finest = next((name for name in _DATES if name in found), None)
    for name in _DATES:
        if name != finest:
            found.pop(name, None)
    codes = found.get("codes")
    if isinstance(codes, list):
        least = vocabulary.severity_of([str(code) for code in codes])
        if found.get("severity") == least:
            del found["severity"]
    return found


def _hold_places(fields: dict[str, Value]) -> None:
    if "place.district" in fields and "place.city" not in fields:
        raise BadField("district: needs its city")
    if "place.city" in fields and "place.region" not in fields:
        raise BadField("city: needs its region")
    if "date.slot" in fields and "date.day" not in fields:
        raise BadField("slot: needs its day")


def all_leaves(
    fields: Mapping[str, Value], policy: Policy, consent: Consent, oprf_key: OprfKey | None
) -> dict[str, Value]:
    """Every leaf of these fields, tokens with them; BadField where they do not go together."""
    if not fields.get("codes"):
        raise BadField("codes: none; say what happened")
    try:
        return with_tokens(leaves_of(fields, policy, consent), policy, oprf_key)
    except ProtocolError as error:
        raise BadField(str(error)) from None


def concerns(about: str, form: Form) -> bool:
    """Whether a doubt about this field is settled by the form: a person has written it herself."""
    roots = {field_name(word).partition(".")[0] for word in form}
    root = about.partition(":")[0].partition(".")[0]
    return bool(root) and bool(roots & (_FAMILY_OF.get(root) or {root}))


def leaves_meant(word: str) -> frozenset[str]:
    """The leaves that a person's word means, for withholding; `with_stronger` adds the finer ones.

    A field's name means every level of it: phone, phone.masked and phone.token; date, place,
    vehicle, person and identifiers mean all of theirs. What names a level means that one: city,
    date.day, phone.masked, and phone.clear for the number in clear alone. BadField.
    """
    plain = word.strip().casefold()
    if plain in _LEVELS:
        return frozenset({_LEVELS[plain]})
    whole = _WHOLE.get(plain)
    if whole is None and plain not in FIELDS:
        plain = field_name(plain)
        whole = _WHOLE.get(plain)
    return whole or frozenset({plain})
