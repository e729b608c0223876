"""A messenger's export becomes messages: who wrote when, and what.

Shapes: WhatsApp (Android and iOS, 12 and 24 h), Signal, Telegram (text and JSON); JSON of
Facebook, Instagram and Discord. Senders are
members: their names and numbers go to the private part and nowhere else. Which messages are
reports is decided in `chat_draft`.
"""

import datetime as dt
import json
import re
from dataclasses import dataclass, field
from functools import cache
from typing import Final, cast

from node.desk.errors import UnreadableList
from node.desk.importers.reading import clean_cell
from node.desk.importers.words import word_list

_DATE: Final = r"\d{1,4}[./-]\s?\d{1,2}[./-]\s?\d{1,4}\.?"
# Telephones write the date in their own language: "01/03/2026 à 22:15", "1.3.2026 klo 22.15".
_AT: Final = r"(?:,|،|\s|T)\s*(?:(?:à|às|as|a las|at|um|kl|klo|в|о|alle|ore|om)\.?\s+)?"
_TIME: Final = (
    r"(?:上午|下午|오전|오후)?\d{1,2}[:.h]\d{2}(?:[:.]\d{2})?(?:\.\d+)?(?:\s?[AaPp]\.?\s?[Mm]\.?)?"
)
_LINE: Final = re.compile(
    rf"^\[?\s*({_DATE}){_AT}({_TIME})\s*(?:Z|UTC)?\s*\]?\s*(?:[-–—]\s+)?(.*)$", re.DOTALL
)
_TELEGRAM: Final = re.compile(
    rf"^(.{{1,60}}?),?\s+\[({_DATE}){_AT}({_TIME})\]:?\s*(.*)$", re.DOTALL
)
_SENDER: Final = re.compile(r"^([^:\n]{1,60}|\+[\d\s()-]+):\s+(.*)$|^([^:\n]{1,60}):$", re.DOTALL)
_INVISIBLE: Final = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


_JSON: Final = re.compile(r"\s*(?:\{\s*[\"}]|\[\s*[{\[\"])")


@dataclass(frozen=True, slots=True)
class Message:
    """One message: the line it starts on, the day as written, the sender (private), the words."""

    row: int
    day: str
    time: str
    sender: str = field(repr=False)
    text: str = field(repr=False)


def read_chat(text: str) -> tuple[Message, ...] | None:
    """Return the messages of a chat export in order, or None where the text is no chat.

    Raises UnreadableList for JSON that is no chat: it is no list either.
    """
    if _JSON.match(text):
        return _telegram_json(text)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    head = [_INVISIBLE.sub("", line) for line in lines[:400]]
    starts = [s for line in head if line.strip() and (s := _start(line)) is not None]
    spoken = sum(1 for s in starts if s[2])
    if spoken < 2 or spoken < len(starts) * 0.5 or spoken < sum(1 for h in head if h.strip()) * 0.2:
        return None
    messages: list[Message] = []
    current: list[str] = []
    first: tuple[int, str, str, str] | None = None

    def finish() -> None:
        if first is not None and first[3]:
            messages.append(Message(*first, clean_cell("\n".join(current))))

    for number, line in enumerate(lines, start=1):
        start = _start(_INVISIBLE.sub("", line))
        if start is None:
            current.append(line)
            continue
        finish()
        first = (number, start[0], start[1], start[2])
        current = [start[3]]
    finish()
    return tuple(messages)


def is_empty_message(text: str) -> bool:
    """Say whether a message only stands for a picture, a deletion or nothing."""
    return not text.strip() or bool(_no_message().match(text.strip(" \u200e<>")))


def _start(line: str) -> tuple[str, str, str, str] | None:
    """(day, time, sender or "", words) where a line opens a message."""
    match = _TELEGRAM.match(line)
    if match:
        return match.group(2), match.group(3), match.group(1).strip(), match.group(4)
    match = _LINE.match(line)
    if match is None:
        return None
    rest = match.group(3)
    spoken = _SENDER.match(rest)
    if spoken is None:
        return match.group(1), match.group(2), "", rest
    sender = (spoken.group(1) or spoken.group(3)).lstrip("~ ").strip()
    return match.group(1), match.group(2), sender, spoken.group(2) or ""


def _telegram_json(text: str) -> tuple[Message, ...]:
    """The messages of one chat, or of the chats of a whole account, in the order of the file."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise UnreadableList(
            "the file is JSON that is cut off or damaged: export it again"
        ) from None
    chats = [document]
    if isinstance(document, dict) and isinstance(document.get("chats"), dict):
        found = document["chats"].get("list")
        chats = found if isinstance(found, list) else []
    listed = [chat.get("messages") for chat in chats if isinstance(chat, dict)]
    if not any(isinstance(each, list) for each in listed):
        raise UnreadableList(
            "the file is JSON, and holds no list of messages: a chat export of Telegram as JSON is "
            "read; save any other list as CSV or XLSX"
        )
    items = [item for each in listed if isinstance(each, list) for item in each]
    messages: list[Message] = []
    for number, item in enumerate(items, start=1):
        if not isinstance(item, dict) or item.get("type", "message") not in _SAID:
            continue
        when = _when(item)
        sender = _name(next((item[k] for k in _SENDERS if item.get(k)), ""))
        words = _flat(next((item[k] for k in _WORDS if k in item), ""))
        messages.append(Message(number, when[:10], when[11:16], sender, clean_cell(words)))
    if not any(message.sender for message in messages):
        raise UnreadableList(
            "the file is JSON, and its messages are of a kind that is not known: export the chat "
            "as text, or save the list as CSV or XLSX"
        )
    return tuple(messages)


# Telegram, Facebook and Instagram, Discord: what each calls the same things.
_SAID: Final = frozenset({"message", "Default", "Reply", "Generic", "Share"})
_SENDERS: Final = ("from", "sender", "sender_name", "author")
_WORDS: Final = ("text", "body", "content")


def _when(item: dict[str, object]) -> str:
    stamp = item.get("timestamp_ms")
    if isinstance(stamp, int) and 0 <= stamp < 2**43:
        return dt.datetime.fromtimestamp(stamp / 1000, dt.UTC).isoformat()
    return str(item.get("date") or item.get("timestamp") or "")


def _name(sender: object) -> str:
    if isinstance(sender, dict):
        found = cast("dict[str, object]", sender)
        sender = found.get("nickname") or found.get("name") or ""
    return str(sender)


def _flat(text: object) -> str:
    """Telegram writes a text as a string, or as a list of strings and {"text": …}."""
    if isinstance(text, str):
        return text
    if isinstance(text, list):
        return "".join(_flat(part) for part in cast("list[object]", text))
    if isinstance(text, dict):
        return _flat(cast("dict[str, object]", text).get("text", ""))
    return ""


@cache
def _no_message() -> re.Pattern[str]:
    return re.compile(str(word_list("chat")["no_message"]), re.IGNORECASE)
