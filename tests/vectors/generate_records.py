"""Vectors of entries, field values, disclosures, ledger states and the merge."""

from __future__ import annotations

from typing import Any

from protocol.codec import Value, encode
from protocol.commitment import (
    Disclosure,
    bucket_hash,
    commit,
    decode_disclosures,
    digest,
    encode_disclosures,
    erased_hash,
    state_hash,
    stopped_hash,
)
from protocol.entry import Entry, Status, decode_entry, encode_entry
from protocol.ids import Day, EntryId, NodeKey, OrgId, RecordId, RecordKey, Salt
from protocol.merge import conflicts, merge
from tests.vectors import voices
from tests.vectors.drawing import Case, Cases, Draw, to_json

_draw = Draw("records")
ORG = OrgId(_draw(32))
NODE_KEY = NodeKey(_draw(32))
RID = RecordId(_draw(16))
DAY = Day(20_500)

ALERT: dict[str, Value] = {
    "kind": "alert",
    "terms": ["members", True, True, False, False, ["codes", "phone.masked"]],
    "codes": ["robbery", "threat"],
    "severity": 4,
    "role": "client",
    "basis": "first_hand",
    "place.region": "US-CA",
    "place.city": "Oakland",
    "date.month": "2026-01",
    "date.week": "2026-W03",
    "phone": ["+15105550189"],
    "phone.masked": ["+1*******189"],
    "person.hair": "short, grey",
    "text": ["en", "Took the money back by force after the date."],
}


def build() -> dict[str, list[Case]]:
    """Return entries.json, disclosures.json, states.json and merge.json."""
    return {
        "entries.json": _entries(),
        "disclosures.json": _disclosures(),
        "states.json": _states(),
        "merge.json": _merges(),
    }


def make_entry(status: Status = Status.LIVE, rev: int = 1, seed: str = "entry") -> Entry:
    """Return an entry of drawn decoys, or of no leaf if it is erased."""
    draw = Draw(seed)
    leaves = sorted(draw(32) for _ in range(32)) if status is Status.LIVE else []
    return encode_entry(ORG, NODE_KEY, RID, rev, DAY, Day(DAY + 365), status, leaves)


def _entries() -> list[Case]:
    cases = Cases(_run_entry)
    draw = Draw("entries")
    leaves: list[Value] = sorted(draw(32) for _ in range(32))
    more: list[Value] = sorted(draw(32) for _ in range(64))

    def raw(**changed: Value) -> Any:
        fields: dict[str, Value] = {
            "version": 1,
            "org": ORG,
            "node_key": NODE_KEY,
            "rid": RID,
            "rev": 1,
            "day": int(DAY),
            "exp_day": DAY + 365,
            "status": 0,
            "leaves": leaves,
        }
        return {"entry": encode(list({**fields, **changed}.values())).hex()}

    cases.accept("a live entry", raw())
    cases.accept("64 leaves", raw(leaves=more))
    cases.accept("the longest life", raw(exp_day=DAY + 1096))
    cases.accept("the shortest life", raw(exp_day=int(DAY)))
    cases.accept("a withdrawn entry with its reason's leaves", raw(status=1, rev=2))
    cases.accept("a withdrawn entry without leaves", raw(status=1, rev=2, leaves=[]))
    cases.accept("an erased entry", raw(status=2, rev=3, leaves=[]))
    cases.accept("day zero", raw(day=0, exp_day=0))
    cases.accept("the last day there is", raw(day=999_999, exp_day=1_000_000))
    cases.refuse("a day after the last", raw(day=999_999, exp_day=1_000_001))
    cases.accept("the highest revision", raw(rev=2**53 - 1))
    for version in (0, 2, True):
        cases.refuse(f"version {version!r}", raw(version=version), "version")
    refused: dict[str, dict[str, Value]] = {
        "an org of 31 bytes": {"org": ORG[:31]},
        "an org that is a text": {"org": "a" * 32},
        "a node key of 33 bytes": {"node_key": NODE_KEY + b"\0"},
        "a rid of 15 bytes": {"rid": RID[:15]},
        "revision zero": {"rev": 0},
        "revision true": {"rev": True},
        "a negative day": {"day": -1},
        "a last day before the first": {"exp_day": DAY - 1},
        "a life of 1,097 days": {"exp_day": DAY + 1097},
        "status three": {"status": 3},
        "status false": {"status": False},
        "a live entry without leaves": {"leaves": []},
        "an erased entry with leaves": {"status": 2},
        "31 leaves": {"leaves": leaves[:31]},
        "33 leaves": {"leaves": more[:33]},
        "leaves out of order": {"leaves": [leaves[1], leaves[0], *leaves[2:]]},
        "a leaf twice": {"leaves": [leaves[0], *leaves[:31]]},
        "a leaf of 31 bytes": {"leaves": [*leaves[:31], b"\xff" * 31]},
        "a leaf that is a number": {"leaves": [*leaves[:31], 1]},
        "leaves that are bytes": {"leaves": b""},
    }
    for name, changed in refused.items():
        cases.refuse(name, raw(**changed))
    whole = raw()["entry"]
    cases.refuse("no bytes", {"entry": ""})
    cases.refuse("an empty array", {"entry": "90"})
    cases.refuse("an array of the version only", {"entry": "9101"})
    cases.refuse("a number", {"entry": "01"})
    cases.refuse("the last byte missing", {"entry": whole[:-2]})
    cases.refuse("a byte after it", {"entry": whole + "00"})
    cases.refuse("a tenth field", {"entry": "9a" + whole[2:] + "01"})
    cases.refuse("over 4 KiB", {"entry": encode([1, bytes(4100)]).hex()}, "too_big")
    return cases.listed


def _run_entry(given: Any) -> Any:
    entry = decode_entry(bytes.fromhex(given["entry"]))
    return {
        "org": entry.org.hex(),
        "node_key": entry.node_key.hex(),
        "rid": entry.rid.hex(),
        "rev": entry.rev,
        "day": entry.day,
        "exp_day": entry.exp_day,
        "status": int(entry.status),
        "leaves": len(entry.leaves),
        "eid": entry.eid.hex(),
        "rk": entry.rk.hex(),
    }


def _disclosures() -> list[Case]:
    cases = Cases(_run_disclosures)
    draw = Draw("disclosures")
    leaves, full = commit(ORG, RID, ALERT, draw)
    entry = encode_entry(ORG, NODE_KEY, RID, 1, DAY, Day(DAY + 365), Status.LIVE, leaves)
    rows: list[Value] = [[d.salt, d.name, d.value] for d in full]

    def given(disclosed: Value, of: Entry = entry) -> Any:
        return {"entry": of.raw.hex(), "disclosures": encode(disclosed).hex()}

    cases.accept("every field", given(rows))
    cases.accept(
        "kind and terms only",
        given([r for d, r in zip(full, rows, strict=True) if d.name in {"kind", "terms"}]),
    )
    cases.accept("nothing", given([]))
    cases.accept("an erased record", given([], make_entry(Status.ERASED, 2)))

    reason = _committed({"kind": "alert", "reason": "mistaken identity"}, draw, Status.WITHDRAWN)
    cases.accept("a withdrawal with its reason", given(reason[1], reason[0]))
    noisy = _committed({"reason": "mistake", "role": "client"}, draw, Status.WITHDRAWN, check=False)
    cases.refuse("a withdrawal that still shows a role", given(noisy[1], noisy[0]))

    first, second = rows[0], rows[1]
    assert isinstance(first, list)
    cases.refuse("a field twice", given([first, first]))
    cases.refuse("fields out of order", given([second, first]))
    cases.refuse("another salt", given([[bytes(16), *first[1:]]]))
    cases.refuse("a salt of 15 bytes", given([[bytes(15), *first[1:]]]))
    cases.refuse("another name", given([[first[0], "advice", first[2]]]))
    cases.refuse("another value", given([[*first[:2], "relayed"]]))
    cases.refuse("a fourth part", given([[*first, 0]]))
    cases.refuse("a name that is bytes", given([[first[0], b"basis", first[2]]]))
    cases.refuse("a disclosure that is a text", given(["basis"]))
    cases.refuse("a number for disclosures", given(0))
    other_org = encode_entry(
        *(OrgId(draw(32)), NODE_KEY, RID, 1, DAY, Day(DAY + 1), Status.LIVE, leaves)
    )
    cases.refuse("the leaves copied to another organisation", given(rows, other_org))
    other_rid = encode_entry(
        *(ORG, NODE_KEY, RecordId(draw(16)), 1, DAY, Day(DAY + 1), Status.LIVE, leaves)
    )
    cases.refuse("the leaves copied to another record", given(rows, other_rid))
    cases.refuse("fields of an erased record", given([first], make_entry(Status.ERASED, 2)))
    for name, fields in _INVALID.items():
        bad = _committed(fields, draw, check=False)
        cases.refuse(name, given(bad[1], bad[0]))
    full_terms: Value = ["staff", False, False, False, False, []]
    all_left = _committed(
        {"kind": "alert", "terms": full_terms, "reason": "mistake"}, draw, Status.WITHDRAWN
    )
    cases.accept("a withdrawal with all it may show", given(all_left[1], all_left[0]))
    exact = _committed({"text": ["en", "a" * (4096 - 13)]}, draw)
    cases.accept("a field of exactly 4 KiB", given(exact[1], exact[0]))
    over = _committed({"text": ["en", "a" * (4096 - 12)]}, draw, check=False)
    cases.refuse("a field of 4 KiB and a byte", given(over[1], over[0]), "too_big")
    big = _committed({"text": ["en", "a" * 4096]}, draw, check=False)
    cases.refuse("a field over 4 KiB", given(big[1], big[0]), "too_big")
    huge = encode([bytes(32_768)]).hex()
    cases.refuse("over 32 KiB", {"entry": entry.raw.hex(), "disclosures": huge}, "too_big")
    for name, fields in _VALID.items():
        good = _committed(fields, draw)
        cases.accept(name, given(good[1], good[0]))
    for name, fields in voices.VALID.items():
        good = _committed(fields, draw)
        cases.accept(name, given(good[1], good[0]))
    for name, fields in voices.INVALID.items():
        bad = _committed(fields, draw, check=False)
        cases.refuse(name, given(bad[1], bad[0]))
    return cases.listed


_VALID: dict[str, dict[str, Value]] = {
    "a notice": {"kind": "notice", "codes": ["raid"], "severity": 0},
    "the widest terms": {
        "terms": ["staff", False, False, False, False, ["n" * 40, *(f"n{n}" for n in range(63))]]
    },
    "the longest reason": {"reason": "x" * 500},
    "a severity raised by a moderator": {"codes": ["theft"], "severity": 4},
    "NUL and bidirectional marks in a text": {"text": ["ar", "a\x00\u202eb"]},
    "week 53 of a year that has one": {"date.week": "2026-W53"},
    "masked forms without clear ones": {
        "email.masked": ["a***@example.com"],
        "plate.masked": ["US:***271"],
        "plate.part": ["7X*", "GZW??"],
    },
    "tokens": {"phone.token": [[bytes(8), bytes(32)]]},
    "sixteen phone numbers": {"phone": [f"+151055501{n}" for n in range(10, 26)]},
}

_INVALID: dict[str, dict[str, Value]] = {
    "an unknown field": {"address": "1 Example Street"},
    "an unknown kind": {"kind": "warning"},
    "no codes": {"codes": []},
    "an unknown code": {"codes": ["murder"]},
    "a code twice": {"codes": ["theft", "theft"]},
    "nine codes": {
        "codes": [
            *("theft", "threat", "robbery", "weapon", "uneasy", "no_show"),
            *("haggler", "stalking", "disrespect"),
        ]
    },
    "a notice code beside an accusing one": {"codes": ["raid", "theft"]},
    "a severity below that of the codes": {"codes": ["weapon"], "severity": 3},
    "a notice with a severity": {"codes": ["raid"], "severity": 1},
    "an alert of notice codes": {"kind": "alert", "codes": ["raid"]},
    "a notice of accusing codes": {"kind": "notice", "codes": ["theft"]},
    "an alert of severity zero": {"kind": "alert", "severity": 0},
    "severity five": {"severity": 5},
    "severity true": {"severity": True},
    "terms of five parts": {"terms": ["staff", False, False, False, False]},
    "terms for everybody": {"terms": ["public", False, False, False, False, []]},
    "terms with 1 for true": {"terms": ["staff", 1, False, False, False, []]},
    "terms for a number": {"terms": [1, False, False, False, False, []]},
    "terms whose names are a text": {"terms": ["staff", False, False, False, False, "codes"]},
    "terms with an empty name": {"terms": ["staff", False, False, False, False, [""]]},
    "terms with a name twice": {"terms": ["staff", False, False, False, False, ["x", "x"]]},
    "terms with a name of 41 characters": {
        "terms": ["staff", False, False, False, False, ["n" * 41]]
    },
    "a reason of 501 characters": {"reason": "x" * 501},
    "a number for a week": {"date.week": 3},
    "a text of one part": {"text": ["en"]},
    "a text for a text in a language": {"text": "en"},
    "terms with 65 names": {
        "terms": ["staff", False, False, False, False, [f"n{n}" for n in range(65)]]
    },
    "codes in a text": {"codes": "theft"},
    "a number for a kind": {"kind": 1},
    "a number for a month": {"date.month": 202601},
    "a number for a day": {"date.day": 20},
    "no names": {"name": []},
    "a number for a name": {"name": [1]},
    "a name twice": {"name": ["Ana", "Ana"]},
    "a number for a phone number": {"phone": [15105550189]},
    "no tokens": {"phone.token": []},
    "a token of three parts": {"phone.token": [[bytes(8), bytes(32), 0]]},
    "a token that is not a pair": {"phone.token": [bytes(40)]},
    "a token with a text": {"phone.token": [["a" * 8, bytes(32)]]},
    "a text whose words are a number": {"text": ["en", 1]},
    "an unknown role": {"role": "friend"},
    "a region in lower case": {"place.region": "us-ca"},
    "a city of 81 characters": {"place.city": "x" * 81},
    "an empty city": {"place.city": ""},
    "month thirteen": {"date.month": "2026-13"},
    "week 53 of a year of 52": {"date.week": "2025-W53"},
    "the thirtieth of February": {"date.day": "2026-02-30"},
    "a day in digits of another script": {"date.day": "2026-01-2\u0660"},
    "a slot of five hours": {"date.slot": "00-05"},
    "a phone number without a plus": {"phone": ["15105550189"]},
    "a phone number with a line break after it": {"phone": ["+15105550189\n"]},
    "a phone number that is not in an array": {"phone": "+15105550189"},
    "a phone number twice": {"phone": ["+15105550189", "+15105550189"]},
    "no phone number": {"phone": []},
    "seventeen phone numbers": {"phone": [f"+151055501{n}" for n in range(10, 27)]},
    "a mask that shows four digits": {"phone.masked": ["+1******0189"]},
    "a plate without its country": {"plate": ["7ABC271"]},
    "a part of a plate with nothing known": {"plate.part": ["??*"]},
    "a token of 31 bytes": {"phone.token": [[bytes(8), bytes(31)]]},
    "a text without its language": {"text": "hello"},
    "a text in no language": {"text": ["", "hello"]},
    "a description of 201 characters": {"person.race": "x" * 201},
}


def _committed(
    fields: dict[str, Value], draw: Draw, status: Status = Status.LIVE, *, check: bool = True
) -> tuple[Entry, list[Value]]:
    """Return an entry of these fields and its disclosures; unchecked, the fields may be wrong."""
    if check:
        leaves, opened = commit(ORG, RID, fields, draw)
    else:
        opened = tuple(Disclosure(Salt(draw(16)), n, fields[n]) for n in sorted(fields))
        real = [d.leaf(ORG, RID) for d in opened]
        leaves = tuple(sorted([*real, *(draw(32) for _ in range(32 - len(real)))]))
    entry = encode_entry(ORG, NODE_KEY, RID, 1, DAY, Day(DAY + 365), status, leaves)
    return entry, [[d.salt, d.name, d.value] for d in opened]


def _run_disclosures(given: Any) -> Any:
    entry = decode_entry(bytes.fromhex(given["entry"]))
    raw = bytes.fromhex(given["disclosures"])
    opened = decode_disclosures(raw, entry)
    assert encode_disclosures(reversed(opened)) == raw
    return {
        "fields": {d.name: to_json(d.value) for d in opened},
        "leaves": [d.leaf(entry.org, entry.rid).hex() for d in opened],
    }


def _states() -> list[Case]:
    cases = Cases(_run_states)
    draw = Draw("states")
    rk, eid, raw = draw(16).hex(), draw(32).hex(), draw(40).hex()
    cases.accept("a put", {"sort": "put", "eid": eid, "disclosures": raw})
    cases.accept("a put of nothing", {"sort": "put", "eid": eid, "disclosures": "90"})
    cases.accept("an erased record", {"sort": "erased", "rk": rk})
    cases.accept("a stopped record", {"sort": "stopped", "rk": rk})
    rows = [[draw(16).hex(), draw(32).hex()] for _ in range(20)]
    cases.accept("the digest of an empty ledger", {"sort": "digest", "rows": []})
    cases.accept("the digest of one row", {"sort": "digest", "rows": rows[:1]})
    cases.accept("the digest of twenty rows", {"sort": "digest", "rows": rows})
    cases.accept("the same rows in another order", {"sort": "digest", "rows": rows[::-1]})
    same = [["07" + row[0][2:], row[1]] for row in rows]
    cases.accept("twenty rows in one bucket", {"sort": "digest", "rows": same})
    return cases.listed


def _run_states(given: Any) -> Any:
    sort = given["sort"]
    if sort == "put":
        eid = EntryId(bytes.fromhex(given["eid"]))
        return {"state": state_hash(eid, bytes.fromhex(given["disclosures"])).hex()}
    if sort == "digest":
        rows = [(RecordKey(bytes.fromhex(k)), bytes.fromhex(s)) for k, s in given["rows"]]
        buckets = [bucket_hash(r for r in rows if r[0][0] == first) for first in range(256)]
        return {"digest": digest(buckets).hex()}
    rk = RecordKey(bytes.fromhex(given["rk"]))
    return {"state": (erased_hash(rk) if sort == "erased" else stopped_hash(rk)).hex()}


def _merges() -> list[Case]:
    cases = Cases(_run_merge)
    live1, live2 = make_entry(rev=1), make_entry(rev=2)
    twin = make_entry(rev=2, seed="twin")
    gone1, gone9 = make_entry(Status.ERASED, 1), make_entry(Status.ERASED, 9)
    withdrawn = make_entry(Status.WITHDRAWN, 3)
    for name, pair in {
        "an entry and itself": (live1, live1),
        "a higher revision": (live1, live2),
        "a lower revision, later": (live2, live1),
        "two texts of one revision": (live2, twin),
        "the same two, the other way round": (twin, live2),
        "an erasure below a live revision": (live2, gone1),
        "a live revision above an erasure": (gone1, live2),
        "two erasures": (gone1, gone9),
        "a withdrawal above a live revision": (live2, withdrawn),
        "a live revision below a withdrawal": (withdrawn, live1),
        "an erasure and a live one of the same revision": (gone1, live1),
    }.items():
        cases.accept(name, [entry.raw.hex() for entry in pair])
    return cases.listed


def _run_merge(given: Any) -> Any:
    a, b = (decode_entry(bytes.fromhex(raw)) for raw in given)
    return {"stands": merge(a, b).eid.hex(), "conflict": conflicts(a, b)}
