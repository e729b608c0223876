"""The verifier's own rules of field values, written from docs/spec/02-records.md."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from tests.vectors.verifier_bytes import Refused, array, binary, enc, integer, need, show, text
from tests.vectors.verifier_identifiers import FORMS, mask

CODES = {
    code: severity
    for severity, codes in {
        4: "sexual_assault weapon confinement drugging life_threatening",
        3: "physical_assault robbery condom_removal threat stalking blackmail_outing "
        "covert_filming coercion_third_party impersonates_authority",
        2: "theft non_payment fake_payment boundary_violation condom_refusal hate_abuse "
        "harassment bad_supply uneasy",
        1: "no_show haggler nuisance_contact intoxicated disrespect",
        0: "police_activity raid immigration_check venue_unsafe missing_worker",
    }.items()
    for code in codes.split()
}
WORDS = {
    "kind": "alert notice voice hold",
    "date.slot": "00-06 06-12 12-18 18-24",
    "role": "client posing_as_client officer manager driver_or_landlord other",
    "basis": "first_hand with_consent relayed press_or_police",
    "location_type": "street hotel clients_home workers_home parlour club vehicle online other",
}
_PERSON = "age height build hair marks accent words clothing race"
CHARACTERS = {
    **dict.fromkeys(("place.city", "place.district"), 80),
    **{f"vehicle.{part}": 80 for part in ("make", "model", "colour")},
    **{f"person.{part}": 200 for part in _PERSON.split()},
    "reason": 500,
}
DATES = {
    "date.month": r"([0-9]{4}-[0-9]{2})",
    "date.week": r"([0-9]{4})-W([0-9]{2})",
    "date.day": r"([0-9]{4}-[0-9]{2}-[0-9]{2})",
}
KINDS = ("phone", "email", "handle", "plate", "profile")


def field(name: str, value: Any) -> None:
    """Hold a value to the shape of its field."""
    if name in WORDS:
        need(type(value) is str and value in WORDS[name].split())
    elif name in FORMS:
        _several(value, lambda item: need(re.fullmatch(FORMS[name], text(item, 600))))
    elif name in DATES:
        _date(name, value)
    elif name in CHARACTERS:
        text(value, CHARACTERS[name])
    elif name.endswith(".token"):
        need(name.removesuffix(".token") in KINDS)
        need(1 <= len(array(value)) <= 16)
        for pair in value:
            kid, token = array(pair, 2)
            binary(kid, 8)
            binary(token, 32)
    else:
        need(name in _OTHERS)
        _OTHERS[name](value)
    need(len(enc([name, value])) <= 4_096, "too_big")


def _several(value: Any, check: Callable[[Any], object]) -> None:
    need(1 <= len(array(value)) <= 16)
    for item in value:
        check(item)
    need(len(set(value)) == len(value))


def _date(name: str, value: Any) -> None:
    match = re.fullmatch(DATES[name], text(value, 10))
    need(match)
    assert match is not None
    try:
        if name == "date.week":
            date.fromisocalendar(int(match[1]), int(match[2]), 1)
        else:
            date.fromisoformat((match[1] + "-01")[:10])
    except ValueError:
        raise Refused("malformed") from None


def _terms(value: Any) -> None:
    audience, *flags, names = array(value, 6)
    need(audience in {"staff", "members"} if type(audience) is str else False)
    need(all(type(flag) is bool for flag in flags))
    for name in array(names, most=64):
        text(name, 40)
    need(len(set(names)) == len(names))


def _codes(value: Any) -> None:
    need(1 <= len(array(value)) <= 8)
    need(all(type(code) is str and code in CODES for code in value))
    need(len(set(value)) == len(value))
    need(len({CODES[code] == 0 for code in value}) == 1)


def _prose(value: Any) -> None:
    language, words = array(value, 2)
    need(re.fullmatch("[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}", text(language, 40)))
    text(words, 16_384)


def _ref(value: Any) -> None:
    relation, records = array(value, 2)
    need(relation in {"corroborate", "dispute", "same_as", "adopted_from"})
    need(len(array(records)) == (2 if relation == "same_as" else 1))
    for record in records:
        rk, eid = array(record, 2)
        binary(rk, 16)
        binary(eid, 32)
    rks = [record[0] for record in records]
    need(rks == sorted(set(rks)))


_OTHERS: dict[str, Callable[[Any], object]] = {
    "terms": _terms,
    "ref": _ref,
    "codes": _codes,
    "severity": lambda value: integer(value, 0, 4),
    "name": lambda value: _several(value, lambda item: text(item, 80)),
    "text": _prose,
    "advice": _prose,
    "place.region": lambda value: need(re.fullmatch("[A-Z]{2}(-[A-Z0-9]{1,3})?", text(value, 6))),
}


def together(fields: dict[str, Any]) -> None:
    """Hold the fields of one record to each other."""
    kind, severity = fields.get("kind"), fields.get("severity")
    least = max(CODES[code] for code in fields["codes"]) if "codes" in fields else None
    if least is not None and severity is not None:
        need(severity >= least)
        need((least == 0) == (severity == 0))
    for number in (least, severity):
        if number is not None and kind in {"alert", "notice"}:
            need((kind == "notice") == (number == 0))
    if kind == "voice":
        need(fields.keys() <= {"kind", "terms", "ref", "text", "reason"})
    if "ref" in fields:
        adopted = fields["ref"][0] == "adopted_from"
        need(not adopted if kind == "voice" else adopted and kind != "hold")


def _expand(given: Any) -> Any:
    leaves = dict(given)
    for name, value in given.items():
        field(name, value)
    for name, needed in _NEEDS:
        need(name not in leaves or needed in leaves)
    derived: dict[str, Any] = {}
    if "date.day" in leaves:
        year, week, _ = date.fromisoformat(leaves["date.day"]).isocalendar()
        derived["date.week"] = f"{year:04}-W{week:02}"
        derived["date.month"] = leaves["date.day"][:7]
    elif "date.week" in leaves:
        year, week = (int(part) for part in leaves["date.week"].split("-W"))
        thursday = date.fromisocalendar(year, week, 1) + timedelta(days=3)
        derived["date.month"] = thursday.isoformat()[:7]
    for kind in KINDS:
        if kind in leaves:
            derived[f"{kind}.masked"] = list(dict.fromkeys(mask(kind, x) for x in leaves[kind]))
    for name, value in derived.items():
        need(leaves.setdefault(name, value) == value)
    if "codes" in leaves:
        leaves.setdefault("severity", max(CODES[code] for code in leaves["codes"]))
        leaves.setdefault("kind", "notice" if CODES[leaves["codes"][0]] == 0 else "alert")
    for name, value in leaves.items():
        field(name, value)
    together(leaves)
    return {name: show(value) for name, value in leaves.items()}


_NEEDS = (
    ("place.district", "place.city"),
    ("place.city", "place.region"),
    ("date.slot", "date.day"),
)
CHECKS: dict[str, Callable[[Any], Any]] = {"expansions.json": _expand}
