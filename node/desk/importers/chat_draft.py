"""Which messages of a chat are reports, and the draft that each of them becomes.

Most lines are no report: greetings, pictures, questions. Everything read from a message is a guess,
so every field of it shows as a doubt. Invariant: a number of any sender is a member's and never
becomes a client's.
"""

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from node.desk.doubts import Doubt
from node.desk.importers import appearance, categories, dates, identifiers, phones, readings
from node.desk.importers.chat import Message, is_empty_message
from node.desk.importers.consent import ConsentColumns
from node.desk.importers.draft import ROW_KEY, DraftProposal, row_fingerprint
from node.desk.importers.language import language_of
from node.desk.importers.words import fold, word_list
from node.desk.prompts import REPORTER_KEY, prompts
from protocol.codec import Value
from protocol.errors import IdentifierError, ProtocolError
from protocol.fields import validate
from protocol.identifiers import normalise_email, normalise_phone
from protocol.vocabulary import CODES, NOTICES

_QUOTED: Final = re.compile(r"['\"‘’“”«»]([A-ZА-ЯЁ][\w-]{1,30})['\"‘’“”«»]")
_CALLED: Final = re.compile(
    r"\b(?:[Nn]ame\s*[:=]|named|called|calls himself|goes by|says his name is|name is|"
    r"says he'?s)\s+([A-Z][\w-]{1,30})"
)


@dataclass(frozen=True, slots=True)
class Room:
    """What holds for a whole chat: country, region, dates, and the members' names and numbers."""

    country: str | None
    region: str | None
    reader: dates.DateReader
    members: tuple[str, ...] = field(repr=False)
    numbers: frozenset[str] = field(repr=False)


def room_of(
    messages: Sequence[Message], country: str | None, region: str | None, today: dt.date
) -> Room:
    """Return what the whole chat says: how its dates are written, and who its members are."""
    order = dates.infer_order([m.day for m in messages], country, today)
    members = tuple(dict.fromkeys(m.sender for m in messages if m.sender))
    numbers = {n for member in members for n in phones.read_phones(member, country).values}
    for message in messages:
        if _pattern("mine").search(fold(message.text)):
            numbers.update(_phones(message.text, country))
    return Room(country, region, dates.DateReader(order, today, today), members, frozenset(numbers))


def draft_of(message: Message, room: Room) -> DraftProposal | None:
    """Return the draft that a message becomes, or None where it is no report."""
    text = message.text
    if is_empty_message(text):
        return None
    fields = _identifiers(text, room)
    codes = categories.one_kind(categories.read_story(text).codes)
    ends = [p for p in appearance.plates_in(text, room.country)[1] if _ends_a_number(p, text)]
    if not _is_report(text, fields, codes, partly=bool(ends)):
        return None
    doubts: list[Doubt] = []
    if codes:
        fields["codes"] = list(codes)
        doubts.append(_doubt(message, text, ", ".join(codes), "codes guessed from the words"))
    doubts.extend(
        _doubt(message, part.strip("*?"), "", "a part of a number: it stays in the text")
        for part in ends
    )
    fields["text"] = [language_of(text, "en" if room.country in _ENGLISH else "und"), text]
    if room.region:
        fields["place.region"] = room.region
    doubts.extend(_when(message, room, fields))
    doubts.extend(
        _doubt(message, v, v, "a name read from the words") for v in _listed(fields, "name")
    )
    good = _valid(fields)
    private = {
        f"{REPORTER_KEY}sender": message.sender,
        f"{ROW_KEY}message": text,
        f"{ROW_KEY}date": f"{message.day} {message.time}",
    }
    # All members' names are looked for, but only the sender is kept with the draft.
    watched = {**private, f"{REPORTER_KEY}members": "\n".join(room.members)}
    doubts.extend(d.at(message.row, "message") for d in prompts(good, watched))
    fingerprint = row_fingerprint(
        ("day", "sender", "text"), (_minute(message, room), message.sender, text)
    )
    unique = tuple(_guessed(d, room) for d in dict.fromkeys(doubts))
    return DraftProposal(message.row, fingerprint, good, private, unique, ConsentColumns())


_ENGLISH: Final = frozenset({"US", "GB", "CA", "IE", "AU", "NZ", "ZA"})


def _doubt(message: Message, text: str, guess: str, reason: str, column: str = "message") -> Doubt:
    return Doubt(message.row, column, text, guess, blocking=False, reason=reason)


def _guessed(doubt: Doubt, room: Room) -> Doubt:
    """Show what a number in the text was read as."""
    if doubt.reason != "a number inside the text":
        return doubt
    found = phones.read_phones(doubt.text, room.country).values
    return Doubt(
        doubt.row, doubt.column, doubt.text, ", ".join(found), doubt.blocking, doubt.reason
    )


def _minute(message: Message, room: Room) -> str:
    """The minute it was sent, the same in every shape of export."""
    day = room.reader.read(message.day).guess
    clock = re.match(r"(\d{1,2})[:.h](\d{2})(?:[:.]\d{2})?\s*([AaPp])?", message.time)
    if clock is None:
        return day
    hour = int(clock.group(1))
    if clock.group(3):
        hour = hour % 12 + (12 if clock.group(3).lower() == "p" else 0)
    return f"{day} {hour:02}:{clock.group(2)}"


def _is_report(
    text: str, fields: dict[str, Value], codes: tuple[str, ...], *, partly: bool
) -> bool:
    """Whether a message warns of somebody; `partly`: it has the end of his number."""
    words = fold(text)
    known = partly or bool(
        {"phone", "email", "plate", "plate.part", "handle", "profile"} & fields.keys()
    )
    if _pattern("mine").search(words) and not codes:
        return False
    if codes:
        grave = any(CODES[c].severity >= 2 for c in codes) or set(codes) <= NOTICES
        return known or (
            grave and not (_pattern("question").search(words) and set(codes) <= NOTICES)
        )
    if _pattern("question").search(words) or words.rstrip().endswith("?"):
        return False
    return known and bool(_pattern("warning").search(words))


def _phones(text: str, country: str | None) -> list[str]:
    found: list[str] = []
    for stretch in phones.phones_in(text):
        found.extend(phones.read_phones(stretch, country).values)
        if country is None:
            try:
                found.append(normalise_phone(stretch, None))
            except IdentifierError:
                continue
    return list(dict.fromkeys(found))


def _ends_a_number(part: str, text: str) -> bool:
    """Whether digits alone are the end of a number: "ends 0131", of which nobody said a plate."""
    return not re.search(r"[^\W\d_]", part) and not appearance.speaks_of_plate(text)


def _identifiers(text: str, room: Room) -> dict[str, Value]:
    fields: dict[str, Value] = {}
    phones: list[Value] = [p for p in _phones(text, room.country) if p not in room.numbers]
    if phones:
        fields["phone"] = phones[: readings.MOST]
    emails: list[Value] = []
    for email in identifiers.emails_in(text):
        try:
            emails.append(normalise_email(email))
        except IdentifierError:
            continue
    if emails:
        fields["email"] = list(dict.fromkeys(emails))[: readings.MOST]
    plates, parts = appearance.plates_in(text, room.country)
    parts = tuple(part for part in parts if not _ends_a_number(part, text))
    if plates:
        fields["plate"] = list(plates)
    if parts:
        fields["plate.part"] = list(parts)
    fields.update({f"vehicle.{k}": v for k, v in appearance.car_in(text).items()})
    members = {fold(m) for m in room.members}
    names = [
        m.group(1)
        for pattern in (_QUOTED, _CALLED)
        for m in pattern.finditer(text)
        if fold(m.group(1)) not in members
    ]
    if names:
        fields["name"] = list(dict.fromkeys(names))[: readings.MOST]
    return fields


def _listed(fields: dict[str, Value], name: str) -> list[str]:
    value = fields.get(name)
    return [str(v) for v in value] if isinstance(value, list) else []


def _when(message: Message, room: Room, fields: dict[str, Value]) -> list[Doubt]:
    """When it happened: counted back from the day of the message, else the week it was sent."""
    sent = room.reader.read(message.day)
    if not sent.day:
        return [_doubt(message, message.day, sent.guess, sent.reason or "not a date", "date")]
    day = dt.date.fromisoformat(sent.day)
    said = dates.said_when(message.text, day)
    if said is not None and said.guess:
        name = "day" if said.day else "week" if said.week else "month"
        fields[f"date.{name}"] = said.guess
    else:
        year, week, _ = day.isocalendar()
        fields["date.week"] = f"{year:04}-W{week:02}"
    guess = next(str(v) for k, v in fields.items() if k.startswith("date."))
    reason = sent.reason or "counted from when the message was sent"
    return [_doubt(message, message.day, guess, reason, "date")]


def _valid(fields: dict[str, Value]) -> dict[str, Value]:
    good: dict[str, Value] = {}
    for name, value in fields.items():
        try:
            validate(name, value)
        except ProtocolError:
            if name != "text" or not isinstance(value, list):
                continue
            good[name] = [value[0], str(value[1])[:1000]]
        else:
            good[name] = value
    return good


@cache
def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(str(word_list("chat")[name]))
