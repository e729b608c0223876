"""The shield: what members entered as their own, and whether a draft says any of it.

A member enters numbers, addresses, names, handles, plates or pages that she does not want to see
published. The store keeps a MAC of each, under a key that follows from the store's; whoever reads a
copy of the tables cannot try numbers. A draft that says one of them goes out only when two people
agree, and nobody is told whose it is. Judged is what would go out, every field and every word.

What is compared is coarse on purpose, since a match only asks for a second person: of a number its
last seven digits, of all else letters and digits without space, case or accent.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection

from node.desk.importers.identifiers import emails_in, urls_in
from node.desk.importers.words import fold
from node.errors import BadField, Refused
from node.store.shield import all_hashes
from protocol.errors import IdentifierError
from protocol.identifiers import (
    normalise_email,
    normalise_handle,
    normalise_phone,
    normalise_plate,
    normalise_profile,
)

KINDS: Final = ("phone", "name", "handle", "email", "plate", "profile")
PEOPLE: Final = 2  # who must agree where a draft may name a worker
DIGITS: Final = 7
LEAST_LETTERS: Final = 3
WORDS_MOST: Final = 6  # words that make one name, handle or plate together
PIECE: Final = (2, 6)  # signs of a name in a script that puts no space between words
TYPED_MOST: Final = 200
HASH_BYTES: Final = 16
OF_THE_VOCABULARY: Final = frozenset(
    {"codes", "kind", "role", "basis", "location_type", "date.slot", "terms"}
)
"""Fields in which nobody writes words of her own."""

_NUMBER: Final = re.compile(r"\d(?:[\W_]{0,4}\d)+")
_WORD: Final = re.compile(r"[^\W_]+")
_UNSPACED: Final = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u9fff\uac00-\ud7af]+"
)


@dataclass(frozen=True, slots=True)
class Shield:
    """All that members entered, to hold a draft against."""

    key: bytes = field(repr=False)
    hashes: frozenset[bytes] = field(repr=False)

    def fields_naming(self, fields: Mapping[str, Any]) -> frozenset[str]:
        """The fields that say something which a member entered; empty for none."""
        return frozenset(name for name, value in fields.items() if self.said({name: value}))

    def said(self, fields: Mapping[str, Any]) -> frozenset[bytes]:
        """What of the list these fields say, as its hashes."""
        if not self.hashes:
            return frozenset()
        forms = (
            form
            for name, value in fields.items()
            if name not in OF_THE_VOCABULARY
            for form in forms_in(name, value)
        )
        return self.hashes.intersection(_mac(self.key, form) for form in forms)


def load_shield(connection: Connection, store_key: bytes) -> Shield:
    """The shield as it stands."""
    return Shield(shield_key(store_key), all_hashes(connection))


def refuse_shielded(
    connection: Connection,
    store_key: bytes,
    words: Mapping[str, Any],
    before: Mapping[str, Any] | None = None,
) -> None:
    """Refuse words for peers that newly say what a member entered: here one person writes them."""
    shield = load_shield(connection, store_key)
    if shield.said(words) - shield.said(before or {}):
        raise Refused(
            "this may name a worker: leave it out; in a draft, two people may agree to it"
        )


def shield_key(store_key: bytes) -> bytes:
    """The key of the list, from the key of the store."""
    return hashlib.blake2b(key=store_key, person=b"parasol-shield", digest_size=32).digest()


def shield_hash(store_key: bytes, kind: str, text: str, country: str | None) -> bytes:
    """What is stored of an entry. BadField where it is none of its kind."""
    return _mac(shield_key(store_key), form_of(kind, text, country))


def form_of(kind: str, text: str, country: str | None) -> str:
    """An entry as it is compared. BadField; it never repeats what was typed."""
    if len(text) > TYPED_MOST:
        raise BadField(f"at most {TYPED_MOST} characters")
    try:
        match kind:
            case "phone":
                return f"phone:{normalise_phone(text, country)[-DIGITS:]}"
            case "email":
                return f"email:{normalise_email(text)}"
            case "plate":
                return _word_form(normalise_plate(text, country).partition(":")[2])
            case "profile":
                return f"profile:{normalise_profile(text)}"
            case "handle":
                # Without its service: reports often name the one and not the other.
                named = ":" in text or "/" in text or " " in text.strip()
                return _word_form(normalise_handle(text).partition(":")[2] if named else text)
            case "name":
                return _word_form(text)
    except IdentifierError as error:
        raise BadField(str(error)) from None
    raise BadField(f"kind: one of {', '.join(KINDS)}")


def _word_form(text: str) -> str:
    letters = "".join(_WORD.findall(fold(_plain(text))))
    least = PIECE[0] if _UNSPACED.search(letters) else LEAST_LETTERS
    if len(letters) < least:
        raise BadField(f"too short: at least {least} letters or digits")
    return f"word:{letters}"


def forms_in(name: str, value: Any) -> Iterator[str]:
    """Everything in a field that could be somebody's own, as entries are compared."""
    if isinstance(value, list):
        for each in value:
            yield from forms_in(name, each)
    elif isinstance(value, str):
        text = _plain(value)
        if name == "profile":
            yield f"profile:{text}"
        yield from _numbers(text)
        yield from _addresses(text)
        yield from _words(fold(text))


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


def _numbers(text: str) -> Iterator[str]:
    for found in _NUMBER.findall(text):
        digits = "".join(str(unicodedata.decimal(each)) for each in found if each.isdecimal())
        for at in range(len(digits) - DIGITS + 1):
            yield f"phone:{digits[at : at + DIGITS]}"


def _addresses(text: str) -> Iterator[str]:
    for found in emails_in(text):
        try:
            yield f"email:{normalise_email(found)}"
        except IdentifierError:
            continue
    for found in urls_in(text):
        try:
            yield f"profile:{normalise_profile(found)}"
        except IdentifierError:
            continue


def _words(text: str) -> Iterator[str]:
    words = _WORD.findall(text)
    for at in range(len(words)):
        joined = ""
        for word in words[at : at + WORDS_MOST]:
            joined += word
            yield f"word:{joined}"
    for stretch in _UNSPACED.findall(text):
        for at in range(len(stretch)):
            for length in range(PIECE[0], PIECE[1] + 1):
                yield f"word:{stretch[at : at + length]}"


def _mac(key: bytes, form: str) -> bytes:
    return hashlib.blake2b(form.encode(), key=key, digest_size=HASH_BYTES).digest()
