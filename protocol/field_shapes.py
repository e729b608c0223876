"""The shapes that field values take, as predicates built once: `check(value) -> bool`.

Decoding a record calls ten of these, so each is a closure over compiled patterns. None raises: a
value from outside is of the shape or it is not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date
from typing import Final

from protocol.codec import Value
from protocol.limits import CODES_MAX, IDENTIFIERS_MAX, STR_BYTES, TERMS_NAMES_MAX
from protocol.vocabulary import AUDIENCES, CODES, NOTICES, RELATIONS

Check = Callable[[Value], bool]

REGION: Final = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")
PLATE_PART: Final = re.compile(r"(?=.*[A-Z0-9])[A-Z0-9?*]{1,16}")
_HOST = r"(?=.{1,253}(/|$))([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}"
_LOCAL = r"[^\s@*\x00-\x1f\x7f]{1,64}"
_SERVICE = r"[a-z0-9][a-z0-9._-]{0,31}"
# For each kind of identifier: the normal form, and the masked form.
IDENTIFIERS: Final = {
    "phone": (re.compile(r"\+[1-9][0-9]{6,14}"), re.compile(r"\+[1-9][0-9]{0,2}\*{1,11}[0-9]{3}")),
    "email": (re.compile(rf"{_LOCAL}@{_HOST}"), re.compile(rf"[^\s@*]?\*\*\*@{_HOST}")),
    "handle": (
        re.compile(rf"{_SERVICE}:[^\s@/*\x00-\x1f\x7f]{{1,64}}"),
        re.compile(rf"{_SERVICE}:[^\s@/*]{{0,2}}\*\*\*"),
    ),
    "plate": (
        re.compile(r"[A-Z]{2}:[A-Z0-9]{2,12}"),
        re.compile(r"[A-Z]{2}:\*\*\*[A-Z0-9]{1,3}"),
    ),
    "profile": (re.compile(rf"{_HOST}/[^\s#\x00-\x1f\x7f]{{1,400}}"), re.compile(_HOST)),
}
_MONTH = re.compile(r"(?!0000)[0-9]{4}-(0[1-9]|1[0-2])")
_WEEK = re.compile(r"(?!0000)[0-9]{4}-W(0[1-9]|[1-4][0-9]|5[0-3])")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")
_TERMS_NAME_CHARACTERS = 40


def text(most: int) -> Check:
    """Return the check for a text of 1 to `most` characters."""

    def check(value: Value) -> bool:
        return type(value) is str and 0 < len(value) <= most

    return check


def texts(most: int) -> Check:
    """Return the check for 1 to 16 different texts of 1 to `most` characters."""

    def check(value: Value) -> bool:
        if type(value) is not list or not 0 < len(value) <= IDENTIFIERS_MAX:
            return False
        return all(type(x) is str and 0 < len(x) <= most for x in value) and _differ(value)

    return check


def one_of(words: Iterable[str]) -> Check:
    """Return the check for one word of a list."""
    allowed = frozenset(words)

    def check(value: Value) -> bool:
        return type(value) is str and value in allowed

    return check


def matching(pattern: re.Pattern[str]) -> Check:
    """Return the check for a text that matches a pattern from end to end."""
    fullmatch = pattern.fullmatch

    def check(value: Value) -> bool:
        return type(value) is str and fullmatch(value) is not None

    return check


def array_of(pattern: re.Pattern[str]) -> Check:
    """Return the check for 1 to 16 different texts that each match a pattern."""
    fullmatch = pattern.fullmatch

    def check(value: Value) -> bool:
        if type(value) is not list or not 0 < len(value) <= IDENTIFIERS_MAX:
            return False
        for item in value:
            if type(item) is not str or fullmatch(item) is None:
                return False
        return len(value) == 1 or _differ(value)

    return check


def is_severity(value: Value) -> bool:
    """Say whether this is an integer from 0 (notices only) to 4."""
    return type(value) is int and 0 <= value <= 4


def is_codes(value: Value) -> bool:
    """Say whether these are 1 to 8 different codes, all notices or none."""
    if type(value) is not list or not 0 < len(value) <= CODES_MAX:
        return False
    notices = 0
    for code in value:
        if type(code) is not str or code not in CODES:
            return False
        notices += code in NOTICES
    return notices in {0, len(value)} and _differ(value)


def is_terms(value: Value) -> bool:
    """Say whether this is [audience, print, statistics, police, onward, [field names]]."""
    if type(value) is not list or len(value) != 6:
        return False
    audience, printing, statistics, police, onward, names = value
    if type(audience) is not str or audience not in AUDIENCES:
        return False
    if not (type(printing) is type(statistics) is type(police) is type(onward) is bool):
        return False
    if type(names) is not list or len(names) > TERMS_NAMES_MAX:
        return False
    for name in names:
        if type(name) is not str or not 0 < len(name) <= _TERMS_NAME_CHARACTERS:
            return False
    return _differ(names)


def is_tokens(value: Value) -> bool:
    """Say whether these are 1 to 16 pairs [key id of 8 bytes, token of 32 bytes]."""
    if type(value) is not list or not 0 < len(value) <= IDENTIFIERS_MAX:
        return False
    for pair in value:
        if type(pair) is not list or len(pair) != 2:
            return False
        kid, token = pair
        if type(kid) is not bytes or type(token) is not bytes:
            return False
        if len(kid) != 8 or len(token) != 32:
            return False
    return True


def is_ref(value: Value) -> bool:
    """Say whether this is [relation, [[rk, eid]…]]: one record, for same_as two, ascending by rk.

    A record is named by its key and one revision of it: hashes, which tell nothing to whoever does
    not hold it.
    """
    if type(value) is not list or len(value) != 2:
        return False
    relation, subjects = value
    if type(relation) is not str or relation not in RELATIONS or type(subjects) is not list:
        return False
    if len(subjects) != (2 if relation == "same_as" else 1):
        return False
    before = b""
    for pair in subjects:
        if type(pair) is not list or len(pair) != 2:
            return False
        rk, eid = pair
        if type(rk) is not bytes or type(eid) is not bytes or len(rk) != 16 or len(eid) != 32:
            return False
        if rk <= before:
            return False
        before = rk
    return True


def is_prose(value: Value) -> bool:
    """Say whether this is [language tag, text]."""
    if type(value) is not list or len(value) != 2:
        return False
    language, words = value
    if type(language) is not str or type(words) is not str:
        return False
    return _LANGUAGE.fullmatch(language) is not None and 0 < len(words) <= STR_BYTES


def is_month(value: Value) -> bool:
    """Say whether this is a month, 2026-01."""
    return type(value) is str and _MONTH.fullmatch(value) is not None


def is_week(value: Value) -> bool:
    """Say whether this is a week of its year (ISO 8601), 2026-W03."""
    if type(value) is not str or _WEEK.fullmatch(value) is None:
        return False
    if not value.endswith("53"):
        return True
    try:
        date.fromisocalendar(int(value[:4]), 53, 4)
    except ValueError:
        return False
    return True


def is_day(value: Value) -> bool:
    """Say whether this is a day of the calendar, 2026-01-20."""
    if type(value) is not str or _DAY.fullmatch(value) is None:
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _differ(items: list[Value]) -> bool:
    return len(items) == len(set(items))
