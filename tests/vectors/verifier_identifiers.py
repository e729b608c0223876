"""The verifier's own normal forms, written from docs/spec/04-identifiers.md.

All is done again from nothing; of the world's numbering plans, those of the countries that the
vectors use.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.vectors.verifier_bytes import need

_HOST = r"(?=.{1,253}(?:/|$))(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}"
_SERVICE = r"[a-z0-9][a-z0-9._-]{0,31}"
FORMS = {
    "phone": r"\+[1-9][0-9]{6,14}",
    "phone.masked": r"\+[1-9][0-9]{0,2}\*{1,11}[0-9]{3}",
    "email": r"[^\s@*\x00-\x1f\x7f]{1,64}@" + _HOST,
    "email.masked": r"[^\s@*]?\*\*\*@" + _HOST,
    "handle": _SERVICE + r":[^\s@/*\x00-\x1f\x7f]{1,64}",
    "handle.masked": _SERVICE + r":[^\s@/*]{0,2}\*\*\*",
    "plate": r"[A-Z]{2}:[A-Z0-9]{2,12}",
    "plate.masked": r"[A-Z]{2}:\*\*\*[A-Z0-9]{1,3}",
    "plate.part": r"(?=.*[A-Z0-9])[A-Z0-9?*]{1,16}",
    "profile": _HOST + r"/[^\s#\x00-\x1f\x7f]{1,400}",
    "profile.masked": _HOST,
}
_CALLING = r"1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|[2-9][0-9]{2}"
_LOOKALIKES = dict(zip("АВЕКМНОРСТУХІЈЅ", "ABEKMHOPCTYXIJS", strict=True)) | dict(
    zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHIKMNOPTYX", strict=True)
)
_PART_WORDS = r"\s*(?:partial|part|contains)(?:\s+(?:of\s+)?plate)?\b[\s:]*"
_START_WORDS = r"\s*(?:starts?|begins?)(?:\s+with)?\b[\s:]*"
_END_WORDS = r"\s*(?:ends?|ending)(?:\s+(?:with|in))?\b[\s:]*"


def mask(kind: str, normal: str) -> str:
    """Return the masked form of a normal one."""
    if kind == "phone":
        code = re.match(_CALLING, normal[1:])
        assert code is not None
        return f"+{code[0]}{'*' * (len(normal) - 4 - len(code[0]))}{normal[-3:]}"
    if kind == "email":
        local, domain = normal.split("@")
        return f"{local[:1] if len(local) > 1 else ''}***@{domain}"
    if kind == "handle":
        service, name = normal.split(":", 1)
        return f"{service}:{name[: min(2, len(name) // 2)]}***"
    if kind == "plate":
        signs = normal[3:]
        return f"{normal[:2]}:***{signs[len(signs) - min(3, len(signs) // 2) :]}"
    return normal.split("/", maxsplit=1)[0]


def _masks(given: Any) -> Any:
    kind, normal = given["kind"], given["normal"]
    need(kind in {"phone", "email", "handle", "plate", "profile"}, "identifier")
    need(re.fullmatch(FORMS[kind], normal), "identifier")
    return {"masked": mask(kind, normal)}


def _plate(given: Any) -> str:
    typed, country = given["text"], given["country"]
    if prefix := re.fullmatch(r"\s*([A-Za-z]{2})\s*:(.*)", typed):
        country, typed = prefix[1].upper(), prefix[2]
    need(country and not re.search(r"[?*]", typed), "identifier")
    need(not re.match(_PART_WORDS, typed, re.IGNORECASE), "identifier")
    return f"{country}:{_signs(typed)}"


def _plate_part(given: Any) -> str:
    typed = given["text"].replace("_", "?").replace("#", "?").replace("…", "*")
    left = right = "*"
    if words := re.match(_START_WORDS, typed, re.IGNORECASE):
        left = ""
    elif words := re.match(_END_WORDS, typed, re.IGNORECASE):
        right = ""
    else:
        words = re.match(_PART_WORDS, typed, re.IGNORECASE)
    body = _signs(typed[words.end() :] if words else typed, "?*")
    if words or not re.search(r"[?*]", body):
        body = left + body + right
    need(len(re.sub(r"[?*]", "", body)) >= 2, "identifier")
    return re.sub(r"\*+", "*", body)


def _signs(typed: str, kept: str = "") -> str:
    signs = ""
    for character in unicodedata.normalize("NFKD", typed).upper():
        sign = _LOOKALIKES.get(character, character)
        if re.fullmatch("[A-Z0-9]", sign) or sign in kept:
            signs += sign
        elif sign.isdecimal():
            signs += str(unicodedata.decimal(sign))
        else:
            need(unicodedata.category(sign) not in {"Lu", "Ll", "Lt"}, "identifier")
    return signs


def _visible(typed: str) -> str:
    seen = "".join(c for c in typed if unicodedata.category(c) != "Cf")
    return unicodedata.normalize("NFKC", seen).strip()


def _email(given: Any) -> str:
    typed = _visible(given["text"]).removeprefix("mailto:")
    need(re.fullmatch(r'[^@\s"]+@[^@\s\[]+\.[^@\s\[]+', typed), "identifier")
    local, domain = typed.split("@")
    return f"{local.split('+')[0].casefold()}@{domain.encode('idna').decode().lower()}"


# Calling code, trunk prefix and length of a national number.
_PLANS = {"US": ("1", "1", 10), "GB": ("44", "0", 10), "FR": ("33", "0", 9)}


def _phone(given: Any) -> str:
    typed, country = _visible(given["text"]).removeprefix("tel:"), given["country"]
    typed = re.sub(r"\s*(x|ext\.?)\s*[0-9]{1,7}$", "", typed)
    need(not re.search(r"[^\W\d_]", typed), "identifier")
    if country is None and typed.startswith("00"):
        typed = "+" + typed[2:]
    digits = re.sub(r"\D", "", typed.replace("(0)", ""))
    if typed.startswith("+"):
        for code, _, length in _PLANS.values():
            if digits.startswith(code) and len(digits) == len(code) + length:
                return "+" + digits
    need(not typed.startswith("+") and country in _PLANS, "identifier")
    code, trunk, length = _PLANS[country]
    if len(digits) > length:
        digits = digits.removeprefix(trunk)
    need(len(digits) == length, "identifier")
    return f"+{code}{digits}"


_SERVICES = {
    "ig": "instagram",
    "insta": "instagram",
    "tg": "telegram",
    "twitter": "x",
    "fb": "facebook",
    "snap": "snapchat",
    "sc": "snapchat",
    "of": "onlyfans",
}
_HOSTS = {
    "t.me": "telegram",
    "telegram.me": "telegram",
    "twitter.com": "x",
    "x.com": "x",
    **{
        f"{name}.com": name
        for name in ("instagram", "snapchat", "tiktok", "facebook", "onlyfans", "reddit")
    },
}


def _web(typed: str) -> tuple[str, str, str]:
    try:
        parts = urlsplit(typed if "://" in typed else "https://" + typed)
    except ValueError:
        need(condition=False, code="identifier")
        raise
    need(parts.scheme in {"http", "https"} and "@" not in parts.netloc, "identifier")
    host = re.sub(r"^(www\.)?(m\.)?", "", parts.hostname or "")
    return host, unquote(parts.path).strip("/"), parts.query


def _handle(given: Any) -> str:
    typed = _visible(given["text"])
    if "/" in typed:
        host, path, _ = _web(typed)
        need(host in _HOSTS, "identifier")
        return f"{_HOSTS[host]}:{re.sub('^(add/|u/|user/|in/)?@?', '', path).split('/')[0]}".lower()
    found = re.fullmatch(r"(?P<service>[\w.-]+)\s*:\s*@?(?P<name>\S+)", typed) or re.fullmatch(
        r"@?(?P<name>\S+)\s+(?:on\s+|\(\s*)(?P<service>[\w.-]+)\s*\)?", typed
    )
    need(found, "identifier")
    assert found is not None
    service = found["service"].lower()
    return f"{_SERVICES.get(service, service)}:{found['name'].casefold()}"


def _profile(given: Any) -> str:
    host, path, query = _web(_visible(given["text"]))
    kept = [f"{k}={v}" for k, v in parse_qsl(query) if k in {"id", "uid", "user", "profile"}]
    return f"{host}/{path}{'?' if kept else ''}{'&'.join(sorted(kept))}".casefold()


_NORMAL: dict[str, Callable[[Any], str]] = {
    "phone": _phone,
    "email": _email,
    "handle": _handle,
    "plate": _plate,
    "plate.part": _plate_part,
    "profile": _profile,
}


def _identifiers(given: Any) -> Any:
    normal = _NORMAL[given["kind"]](given)
    need(re.fullmatch(FORMS[given["kind"]], normal), "identifier")
    return {"normal": normal}


CHECKS: dict[str, Callable[[Any], Any]] = {
    "identifiers.json": _identifiers,
    "masks.json": _masks,
}
