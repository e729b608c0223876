"""Normal forms of phone numbers, email addresses, handles and profiles, and their masked forms.

A number is compared by its normal form on every node, so two spellings of one identifier must meet
in one text: a mismatch is an alert that silently does not come. The rules are frozen by test
vectors. Plates have rules of their own, in `protocol.plates`. Errors never quote what was typed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from protocol.errors import IdentifierError
from protocol.field_shapes import IDENTIFIERS
from protocol.plates import masked_plate, normalise_plate, normalise_plate_part

__all__ = [
    "masked",
    "normalise_email",
    "normalise_handle",
    "normalise_phone",
    "normalise_plate",
    "normalise_plate_part",
    "normalise_profile",
]

_TYPED_CHARACTERS = 500
_EXTENSION = re.compile(
    r"[\s,;]*(?:;?ext(?:ension|n)?[.=:]?|poste|anexo|int\.|доб\.?|x|#)\s*[0-9]{1,7}\s*$",
    re.IGNORECASE,
)
# Calling codes of one and two digits (ITU-T E.164); every other has three.
_CALLING: Final = re.compile(
    "1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|[2-9][0-9]{2}"
)
_SHOWN_DIGITS = 3
_SERVICE_ALIASES: Final[Mapping[str, str]] = {
    "ig": "instagram",
    "insta": "instagram",
    "tg": "telegram",
    "twitter": "x",
    "snap": "snapchat",
    "sc": "snapchat",
    "fb": "facebook",
    "of": "onlyfans",
}
_SERVICE_HOSTS: Final[Mapping[str, str]] = {
    "t.me": "telegram",
    "telegram.me": "telegram",
    "instagram.com": "instagram",
    "x.com": "x",
    "twitter.com": "x",
    "snapchat.com": "snapchat",
    "tiktok.com": "tiktok",
    "facebook.com": "facebook",
    "onlyfans.com": "onlyfans",
    "reddit.com": "reddit",
}
_PATH_PREFIXES: Final = ("add/", "u/", "user/", "in/")
_KEPT_PARAMETERS: Final = frozenset({"id", "uid", "user", "profile"})
_NAME_ON_SERVICE = re.compile(r"@?(\S+)\s+(?:on\s+|\(\s*)([A-Za-z0-9._-]+)\s*\)?")
_SERVICE_AND_NAME = re.compile(r"([A-Za-z0-9._-]+)\s*:\s*@?(\S+)")


def normalise_phone(text: str, country: str | None) -> str:
    """Return a phone number as E.164, `+15105550189`.

    `country` (ISO 3166-1, two letters) reads numbers written without their calling code. Numbers
    that are merely possible are accepted, for numbering plans change; extensions are dropped.
    Raises IdentifierError, also for a local number without its area ("555-0123").
    """
    import phonenumbers

    typed = _EXTENSION.sub("", _typed(text, "a phone number").removeprefix("tel:"))
    if any(character.isalpha() for character in typed):
        raise IdentifierError("a phone number has no letters")
    if typed.startswith("00") and country is None:
        typed = "+" + typed[2:]
    if not typed.startswith("+") and country not in phonenumbers.SUPPORTED_REGIONS:
        raise IdentifierError("a phone number needs its country, or + and the calling code")
    try:
        number = phonenumbers.parse(typed, country)
    except phonenumbers.NumberParseException:
        raise IdentifierError("not a phone number") from None
    possible = phonenumbers.is_possible_number_with_reason(number)
    if possible != phonenumbers.ValidationResult.IS_POSSIBLE:
        raise IdentifierError("not a whole phone number")
    normal = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return _in_form("phone", str(normal))


def normalise_email(text: str) -> str:
    """Return an email address in lower case, its domain as IDNA, without a +tag.

    Nothing is looked up. Raises IdentifierError.
    """
    from email_validator import EmailNotValidError, validate_email

    typed = _typed(text, "an email address").removeprefix("mailto:")
    try:
        found = validate_email(typed, check_deliverability=False)
    except EmailNotValidError:
        raise IdentifierError("not an email address") from None
    local = found.local_part.partition("+")[0].casefold()
    return _in_form("email", unicodedata.normalize("NFC", f"{local}@{found.ascii_domain.lower()}"))


def normalise_handle(text: str) -> str:
    """Return a handle as `service:name`, lower case.

    Reads `service:name`, `service: @name`, `@name on service`, `name (service)` and addresses of
    well-known services such as t.me/name. Raises IdentifierError, also where no service is named.
    """
    typed = _typed(text, "a handle")
    if "/" in typed:
        return _handle_of_address(typed)
    if match := _SERVICE_AND_NAME.fullmatch(typed):
        service, name = match.groups()
    elif match := _NAME_ON_SERVICE.fullmatch(typed):
        name, service = match.groups()
    else:
        raise IdentifierError("a handle is written service:name")
    return _handle(service, name)


def normalise_profile(url: str) -> str:
    """Return a profile's address as `host/path`, lower case.

    Scheme, `www.` or `m.`, port, trailing slashes and tracking parameters are dropped; parameters
    that name a profile (id, uid, user, profile) are kept, sorted. Raises IdentifierError.
    """
    typed = _typed(url, "a profile's address")
    host, path, query = _address(typed)
    kept = sorted((k, v) for k, v in parse_qsl(query) if k in _KEPT_PARAMETERS)
    tail = "?" + "&".join(f"{key}={value}" for key, value in kept) if kept else ""
    return _in_form("profile", f"{host}/{path}{tail}".casefold())


def masked(kind: str, normal: str) -> str:
    """Return the masked form of an identifier in normal form.

    phone `+1*******189` · email `a***@example.com` · handle `telegram:ab***` · plate `US:***271` ·
    profile `example.com`. What is shown is never the whole. Raises IdentifierError.
    """
    mask = _MASKS.get(kind)
    if mask is None:
        raise IdentifierError("no identifier of this kind")
    return mask(_in_form(kind, normal))


def calling_code(phone: str) -> str:
    """Return the calling code, without +, of a number in E.164."""
    found = _CALLING.match(phone.removeprefix("+"))
    if found is None:
        raise IdentifierError("not a phone number")
    return found[0]


def _masked_phone(normal: str) -> str:
    code = calling_code(normal)
    hidden = len(normal) - 1 - len(code) - _SHOWN_DIGITS
    return f"+{code}{'*' * hidden}{normal[-_SHOWN_DIGITS:]}"


def _masked_email(normal: str) -> str:
    local, _, domain = normal.rpartition("@")
    return f"{local[0] if len(local) > 1 else ''}***@{domain}"


def _masked_handle(normal: str) -> str:
    service, _, name = normal.partition(":")
    return f"{service}:{name[: min(2, len(name) // 2)]}***"


def _masked_profile(normal: str) -> str:
    return normal.partition("/")[0]


_MASKS: Final[Mapping[str, Callable[[str], str]]] = {
    "phone": _masked_phone,
    "email": _masked_email,
    "handle": _masked_handle,
    "plate": masked_plate,
    "profile": _masked_profile,
}


def _typed(text: str, what: str) -> str:
    """Return what was typed without invisible marks, full-width forms and outer spaces."""
    if len(text) > _TYPED_CHARACTERS:
        raise IdentifierError(f"too long for {what}")
    visible = "".join(c for c in text if unicodedata.category(c) != "Cf")
    return unicodedata.normalize("NFKC", visible).strip()


def _in_form(kind: str, normal: str) -> str:
    pattern = IDENTIFIERS.get(kind)
    if pattern is None or pattern[0].fullmatch(normal) is None:
        raise IdentifierError(f"not a usable {kind}")
    return normal


def _handle_of_address(typed: str) -> str:
    host, path, _ = _address(typed)
    service = _SERVICE_HOSTS.get(host)
    if service is None:
        raise IdentifierError("an address of no known service: give it as a profile")
    for prefix in _PATH_PREFIXES:
        path = path.removeprefix(prefix)
    return _handle(service, path.removeprefix("@").partition("/")[0])


def _handle(service: str, name: str) -> str:
    low = service.lower()
    return _in_form("handle", f"{_SERVICE_ALIASES.get(low, low)}:{name.casefold()}")


def _address(typed: str) -> tuple[str, str, str]:
    """Return host, path and query of a web address, with or without its scheme."""
    try:
        parts = urlsplit(typed if "://" in typed else f"https://{typed}")
        host = (parts.hostname or "").encode("idna").decode("ascii").lower()
    except (ValueError, UnicodeError):
        raise IdentifierError("not a web address") from None
    if parts.scheme not in {"http", "https"} or "@" in parts.netloc:
        raise IdentifierError("not a web address")
    path = unicodedata.normalize("NFC", unquote(parts.path)).strip("/")
    return host.removeprefix("www.").removeprefix("m."), path, parts.query
