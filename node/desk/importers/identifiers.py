"""Addresses, handles, profiles and names out of cells as people fill them; `phones` has numbers.

A cell may hold several, with labels. Normal forms come from `protocol.identifiers`; here a cell is
taken apart and each piece judged.
Invariant: what cannot be read becomes a doubt, never a guess that looks like a number.
"""

import re
from typing import Final

from node.desk.importers.phones import read_phones
from node.desk.importers.readings import Reading, unique
from node.desk.importers.words import is_nothing, plain
from protocol.errors import IdentifierError
from protocol.identifiers import (
    normalise_email,
    normalise_handle,
    normalise_profile,
)

_EMAIL: Final = re.compile(r"[^\s<>()\[\],;:/\"']+@[\w.\-]+\.\w{2,}")
_URL: Final = re.compile(r"(?:https?://|www\.)[^\s<>\"']+", re.IGNORECASE)
_PAGE: Final = re.compile(r"[\w-]+(?:\.[\w-]+)+/\S+")
SERVICES: Final = (
    "telegram", "instagram", "snapchat", "snap", "twitter", "facebook", "whatsapp", "signal", "kik",
    "wechat", "discord", "tiktok", "onlyfans", "insta", "ig", "tg", "fb", "reddit", "grindr",
    "viber", "line", "skype", "x",
)  # fmt: skip


def emails_in(text: str) -> list[str]:
    """Return the email addresses in a text, as written."""
    return [m.rstrip(".") for m in _EMAIL.findall(text)]


def urls_in(text: str) -> list[str]:
    """Return the web addresses in a text, as written."""
    return [m.rstrip(".,;)") for m in _URL.findall(text)]


def read_emails(cell: str) -> Reading:
    """Return every email address in a cell in its normal form."""
    if is_nothing(cell):
        return Reading()
    values: list[str] = []
    doubts: list[tuple[str, str, str]] = []
    found = emails_in(cell)
    if not found:
        return Reading(doubts=((cell, "", "not an email address"),))
    for text in found:
        try:
            values.append(normalise_email(text))
        except IdentifierError:
            doubts.append((text, "", "not an email address"))
    return Reading(unique(values), (), tuple(doubts))


def read_handles(cell: str, service: str | None) -> Reading:
    """Return every handle in a cell as `service:name`; the header may name the `service`."""
    if is_nothing(cell):
        return Reading()
    values: list[str] = []
    doubts: list[tuple[str, str, str]] = []
    for piece in (p.strip() for p in re.split(r"[\n;,|]+|\s+/\s+", cell)):
        if not piece or is_nothing(piece):
            continue
        try:
            values.append(normalise_handle(_with_service(piece, service)))
        except IdentifierError:
            doubts.append((piece, "", "which service is this handle on? write service:name"))
    return Reading(unique(values), (), tuple(doubts))


def _with_service(piece: str, service: str | None) -> str:
    words = piece.replace("@", " ").split()
    if (
        ":" not in piece
        and "/" not in piece
        and len(words) == 2
        and words[0].lower().strip("-") in SERVICES
    ):
        return f"{words[0]}:{words[1]}"
    if service and ":" not in piece and "/" not in piece and " " not in piece:
        return f"{service}:{piece.lstrip('@')}"
    return piece


def service_of(header: str) -> str | None:
    """Return the service that a header names ("Telegram handle"), if one."""
    words = plain(header).split()
    return next((s for s in SERVICES if s in words and len(s) > 1), None)


def read_profiles(cell: str) -> Reading:
    """Return every web profile in a cell in its normal form."""
    if is_nothing(cell):
        return Reading()
    values: list[str] = []
    doubts: list[tuple[str, str, str]] = []
    for piece in re.split(r"[\s;,|]+", cell):
        if "." not in piece:
            continue
        try:
            values.append(normalise_profile(piece))
        except IdentifierError:
            doubts.append((piece, "", "not a web address of a profile"))
    if not values and not doubts:
        doubts.append((cell, "", "not a web address of a profile"))
    return Reading(unique(values), (), tuple(doubts))


def read_names(cell: str) -> Reading:
    """Return the names he uses: several split, quotes and "says" dropped; "Steve?" is a doubt."""
    if is_nothing(cell):
        return Reading()
    values: list[str] = []
    doubts: list[tuple[str, str, str]] = []
    for raw in re.split(
        r"[;,\n|/&]+|\s+(?:or|aka|a\.k\.a\.?|alias|ou|oder|или|and|und|et)\s+",
        cell,
        flags=re.IGNORECASE,
    ):
        piece = raw.strip()
        piece = re.sub(
            r"^(?:says|said|called|calls himself|goes by|known as|named|aka|a\.k\.a\.?|alias|"
            r"name is|"
            r"se fait appeler|dit|dice ser|se hace llamar|nennt sich|называет себя|"
            r"представляется)\s+",
            "", piece, flags=re.IGNORECASE,
        )  # fmt: skip
        name = piece.strip(" '\"’‘“”«»„()[]").strip()
        unsure = name.endswith("?")
        name = name.rstrip("?").strip(" '\"’‘“”«»„")
        if not name or is_nothing(name) or len(name) > 80:
            continue
        if sum(c.isdigit() for c in name) >= 6 or "@" in name:
            doubts.append(
                (piece, "", "a number or address in the column of names: it stays private")
            )
            continue
        values.append(name)
        if unsure:
            doubts.append((piece, name, "the list itself is not sure"))
    return Reading(unique(values), (), tuple(doubts))


def without_emails(text: str) -> str:
    """Return the text with its email addresses taken out."""
    return _EMAIL.sub(" ", text)


def read_mixed(cell: str, country: str | None) -> list[tuple[str, Reading]]:
    """Return (kind, reading) of a cell that holds anything by which he can be known."""
    found: list[tuple[str, Reading]] = []
    if emails_in(cell):
        found.append(("email", read_emails(cell)))
        cell = without_emails(cell)
    if urls_in(cell):
        found.append(("profile", read_profiles(" ".join(urls_in(cell)))))
        cell = _URL.sub(" ", cell)
    for piece in (p.strip(" /") for p in re.split(r"[\n;,|]+|\s+/\s+", cell)):
        if not piece:
            continue
        if sum(c.isdigit() for c in piece) >= 6:
            found.append(("phone", read_phones(piece, country)))
        elif "@" in piece or ":" in piece:
            found.append(("handle", read_handles(piece, None)))
        elif _PAGE.fullmatch(piece):
            handle = read_handles(piece, None)  # "t.me/name"; else the page of an unknown service
            page = ("profile", read_profiles(piece))
            found.append(("handle", handle) if handle.values else page)
        elif len(piece.split()) <= 3 and not is_nothing(piece):
            found.append(("name", read_names(piece)))
        elif not is_nothing(piece):
            found.append(("", Reading(doubts=((piece, "", "what is this? it stays private"),))))
    return found
