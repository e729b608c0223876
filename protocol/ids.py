"""The names of things: identifiers over bytes, and days counted from 1970-01-01 (UTC).

Each identifier is a NewType, so that the type checker refuses an entry id where a record key is
meant. The record key is the one name of an alert everywhere outside its entry; people see it in
base32.
"""

from __future__ import annotations

import base64
from datetime import date
from typing import NewType

from protocol.errors import malformed
from protocol.limits import DAY_MAX

OrgId = NewType("OrgId", bytes)  # 32 bytes, fixed for ever by the first org document
NodeKey = NewType("NodeKey", bytes)  # 32 bytes, an Ed25519 public key
RecordKey = NewType("RecordKey", bytes)  # 16 bytes, "rk": one record across its revisions
EntryId = NewType("EntryId", bytes)  # 32 bytes, "eid": one signed revision
RecordId = NewType("RecordId", bytes)  # 16 random bytes, "rid": known inside an entry only
Salt = NewType("Salt", bytes)  # 16 random bytes, fresh for each field and revision
Day = NewType("Day", int)  # whole days since 1970-01-01 UTC

RECORD_KEY_BYTES = 16
_DAY_US = 86_400_000_000
_EPOCH = date(1970, 1, 1).toordinal()
_ISO_DATE_CHARACTERS = 10
_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
_PAIRS = [one + other for one in _LETTERS for other in _LETTERS]
_PAIR_AT = range(120, -1, -10)  # where the 13 pairs of letters stand in the 130 bits of an id
_DIGITS = str.maketrans(_LETTERS, "0123456789abcdefghijklmnopqrstuv")  # as `int` reads base 32
_MISREAD = str.maketrans({"0": "o", "1": "i", " ": None, "-": None, "\t": None, "\n": None})


def text_id(raw: bytes) -> str:
    """Return bytes as lower-case base32 without padding, as people see org and alert ids."""
    if len(raw) != RECORD_KEY_BYTES:
        return base64.b32encode(raw).decode("ascii").rstrip("=").lower()
    bits = int.from_bytes(raw, "big") << 2  # an alert's id, of which lists show very many
    return "".join([_PAIRS[bits >> at & 1023] for at in _PAIR_AT])


def parse_record_key(text: str) -> RecordKey:
    """Read an alert's id as a person typed it: any case, spaces, hyphens, 0 for O, 1 for I.

    Raises ProtocolError MALFORMED.
    """
    found = _record_key(text) or _record_key(text.strip().lower().translate(_MISREAD))
    if found is None:
        raise malformed("not an alert id")
    return found


def _record_key(written: str) -> RecordKey | None:
    """The key that `text_id` writes so, if there is one."""
    try:
        raw = (int(written.translate(_DIGITS), 32) >> 2).to_bytes(RECORD_KEY_BYTES, "big")
    except (OverflowError, ValueError):
        return None
    return RecordKey(raw) if text_id(raw) == written else None


def day_of(now_us: int) -> Day:
    """Return the day that contains a time in microseconds since 1970 (UTC)."""
    return Day(now_us // _DAY_US)


def iso_date(day: Day) -> str:
    """Return a day as YYYY-MM-DD."""
    return date.fromordinal(_EPOCH + day).isoformat()


def parse_iso_date(text: str) -> Day:
    """Read YYYY-MM-DD; raises ProtocolError MALFORMED."""
    try:
        if len(text) != _ISO_DATE_CHARACTERS or text[4] != "-" or text[7] != "-":
            raise malformed("a date is written YYYY-MM-DD")
        day = date.fromisoformat(text).toordinal() - _EPOCH
    except ValueError:
        raise malformed("a date is written YYYY-MM-DD") from None
    if not 0 <= day <= DAY_MAX:
        raise malformed("a date before 1970")
    return Day(day)
