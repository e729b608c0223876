"""Vectors of identifiers: what people type, its normal form, and the masked form."""

from __future__ import annotations

from typing import Any

from protocol.codec import Value
from protocol.fields import expand
from protocol.identifiers import (
    masked,
    normalise_email,
    normalise_handle,
    normalise_phone,
    normalise_plate,
    normalise_plate_part,
    normalise_profile,
)
from tests.vectors.drawing import Case, Cases, to_json

_ACCEPTED: dict[str, tuple[tuple[str, str | None], ...]] = {
    "phone": (
        ("+1 510 555 0189", None),
        ("(510) 555-0189", "US"),
        ("1-510-555-0189", "US"),
        ("510.555.0189 x12", "US"),
        ("510 555 0189 ext. 7", "US"),
        ("tel:+1-510-555-0189", None),
        ("\uff15\uff11\uff10 555 0189", "US"),
        ("\u202a+1 510 555 0189\u202c", None),
        ("07700 900123", "GB"),
        ("+44 (0)7700 900123", None),
        ("00447700900123", None),
        ("01 99 00 12 34", "FR"),
        ("+33 1 99 00 12 34", "US"),
    ),
    "email": (
        ("Ana@Example.COM", None),
        ("ana+dates@example.org", None),
        ("mailto:ana.b@example.net", None),
        ("ana@b\u00fccher.example.org", None),
        (" ana@example.com ", None),
    ),
    "handle": (
        ("telegram:@Some_Name", None),
        ("TG: some_name", None),
        ("@some_name on Telegram", None),
        ("some_name (insta)", None),
        ("https://t.me/Some_Name", None),
        ("instagram.com/some_name/", None),
        ("twitter:somename", None),
    ),
    "plate": (
        ("7abc 271", "US"),
        ("FR: ab-123-cd", None),
        ("\u0410123\u0412\u0421 77", "RU"),
        ("\u03a5\u039a\u0397 1234", "GR"),
        ("\uff17\uff21\uff22\uff23\uff12\uff17\uff11", "US"),
        ("\u00d6-AB 12", "DE"),
        ("\u4eacA12345", "CN"),
        ("\u0661\u0662\u0663 ABC", "EG"),
        ("O0O 123", "US"),
    ),
    "plate.part": (
        ("GZW??", None),
        ("gzw __", None),
        ("partial 7X", None),
        ("7X", None),
        ("starts with 7X", None),
        ("ends in 271", None),
        ("part of plate: 27", None),
        ("7X\u2026", None),
        ("**7X**1", None),
    ),
    "profile": (
        ("https://www.Example.com/Profile/123/", None),
        ("example.org/ana", None),
        ("http://m.example.net:8080/u/9?utm_source=x&id=4", None),
        ("https://example.com/profile.php?id=7", None),
    ),
}

_REFUSED: dict[str, tuple[tuple[str, str | None], ...]] = {
    "phone": (
        ("555-0123", "US"),
        ("+1 555 0123", None),
        ("510 555 0189", None),
        ("510 555 0189", "ZZ"),
        ("1-800-EXAMPLE", "US"),
        ("510 555 0189 (mobile)", "US"),
        ("+999 510 555 0189", None),
        ("12", "US"),
        ("", "US"),
        ("+" + "1" * 40, None),
        ("9" * 501, "US"),
    ),
    "email": (
        ("ana", None),
        ("ana@", None),
        ("ana@localhost", None),
        ("ana b@example.com", None),
        ("+tag@example.com", None),
        ("ana@[127.0.0.1]", None),
        ("ana@@example.com", None),
        ('"ana"@example.com', None),
        ("a*a@example.com", None),
    ),
    "handle": (
        ("some_name", None),
        ("telegram:", None),
        (":some_name", None),
        ("telegram:some name", None),
        ("https://example.com/some_name", None),
        ("t.me/", None),
        ("telegram:" + "a" * 65, None),
        ("telegram:a*b", None),
    ),
    "plate": (
        ("7ABC271", None),
        ("7ABC271", "usa"),
        ("GZW??", "US"),
        ("partial 7X", "US"),
        ("A", "US"),
        ("---", "US"),
        ("\u0416123", "RU"),
        ("A" * 13, "US"),
    ),
    "plate.part": (("", None), ("??", None), ("7", None), ("*7*", None), ("A" * 17, None)),
    "profile": (
        ("example.com", None),
        ("ftp://example.com/a", None),
        ("https://user:secret@example.com/a", None),
        ("https://example.com/a%20b", None),
        ("javascript:alert(1)", None),
        ("http://[::1]/a", None),
    ),
}

_MASKED = (
    ("phone", "+15105550189"),
    ("phone", "+447700900123"),
    ("phone", "+33199001234"),
    ("phone", "+353209100100"),
    ("email", "ana@example.com"),
    ("email", "a@example.com"),
    ("handle", "telegram:some_name"),
    ("handle", "telegram:abc"),
    ("handle", "telegram:a"),
    ("plate", "US:7ABC271"),
    ("plate", "US:AB12"),
    ("plate", "US:AB"),
    ("profile", "example.com/profile/123"),
)
_NOT_MASKED = (
    ("phone", "510 555 0189"),
    ("email", "Ana"),
    ("handle", "@some_name"),
    ("plate", "7ABC271"),
    ("profile", "example.com"),
    ("name", "Ana"),
)


def build() -> dict[str, list[Case]]:
    """Return identifiers.json, masks.json and expansions.json."""
    typed = Cases(_run_typed)
    for kind, texts in _ACCEPTED.items():
        for number, (text, country) in enumerate(texts, 1):
            typed.accept(f"{kind} {number}", {"kind": kind, "text": text, "country": country})
    for kind, texts in _REFUSED.items():
        for number, (text, country) in enumerate(texts, 1):
            given = {"kind": kind, "text": text, "country": country}
            typed.refuse(f"no {kind} {number}", given, "identifier")
    masks = Cases(lambda given: {"masked": masked(given["kind"], given["normal"])})
    for kind, normal in _MASKED:
        masks.accept(f"{kind} {normal}", {"kind": kind, "normal": normal})
    for kind, normal in _NOT_MASKED:
        masks.refuse(f"{kind} {normal}", {"kind": kind, "normal": normal}, "identifier")
    return {
        "identifiers.json": typed.listed,
        "masks.json": masks.listed,
        "expansions.json": _expansions(),
    }


def _run_typed(given: Any) -> Any:
    text, country = given["text"], given["country"]
    match given["kind"]:
        case "phone":
            return {"normal": normalise_phone(text, country)}
        case "plate":
            return {"normal": normalise_plate(text, country)}
        case kind:
            return {"normal": _PLAIN[kind](text)}


_PLAIN = {
    "email": normalise_email,
    "handle": normalise_handle,
    "plate.part": normalise_plate_part,
    "profile": normalise_profile,
}


def _expansions() -> list[Case]:
    cases = Cases(lambda given: {n: to_json(v) for n, v in sorted(expand(given).items())})
    accepted: dict[str, dict[str, Value]] = {
        "codes give severity and kind": {"codes": ["theft", "threat"]},
        "a notice": {"codes": ["raid"]},
        "a raised severity stays": {"codes": ["theft"], "severity": 4},
        "a day gives its week and month": {"codes": ["theft"], "date.day": "2026-01-01"},
        "a week gives the month of its Thursday": {"codes": ["theft"], "date.week": "2026-W01"},
        "a slot stays with its day": {"date.day": "2026-01-20", "date.slot": "18-24"},
        "identifiers give their masks": {
            "phone": ["+15105550189", "+447700900123"],
            "email": ["ana@example.com"],
            "plate": ["US:7ABC271"],
            "handle": ["telegram:some_name"],
            "profile": ["example.com/ana"],
        },
        "two numbers of one mask": {"phone": ["+15105550189", "+15105551189"]},
        "a place": {"place.region": "FR", "place.city": "Lyon", "place.district": "Gerland"},
    }
    refused: dict[str, dict[str, Value]] = {
        "a district without its city": {"place.region": "FR", "place.district": "Gerland"},
        "a city without its region": {"place.city": "Lyon"},
        "a slot without its day": {"date.month": "2026-01", "date.slot": "18-24"},
        "a week that is not the day's": {"date.day": "2026-01-20", "date.week": "2026-W03"},
        "a month that is not the week's": {"date.week": "2026-W30", "date.month": "2026-01"},
        "a mask that is not the number's": {
            "phone": ["+15105550189"],
            "phone.masked": ["+1*******123"],
        },
        "a lowered severity": {"codes": ["weapon"], "severity": 1},
        "an accusation called a notice": {"codes": ["theft"], "kind": "notice"},
        "a number that is not in normal form": {"phone": ["510 555 0189"]},
        "a field that does not exist": {"address": "1 Example Street"},
    }
    for name, alert in accepted.items():
        cases.accept(name, alert)
    for name, alert in refused.items():
        cases.refuse(name, alert)
    return cases.listed
