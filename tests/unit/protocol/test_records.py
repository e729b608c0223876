"""Entries, commitments and the merge, beside their vectors."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from protocol.commitment import (
    bucket_hash,
    commit,
    decode_disclosures,
    digest,
    encode_disclosures,
    erased_hash,
    state_hash,
    stopped_hash,
)
from protocol.entry import Entry, Status, decode_entry, encode_entry, record_key
from protocol.errors import ErrorNumber, ProtocolError
from protocol.fields import FIELDS
from protocol.hashing import h
from protocol.ids import (
    Day,
    NodeKey,
    OrgId,
    RecordId,
    RecordKey,
    day_of,
    iso_date,
    parse_iso_date,
    parse_record_key,
    text_id,
)
from protocol.merge import conflicts, merge, order
from tests.vectors.drawing import Draw
from tests.vectors.generate_records import ALERT, ORG, RID, make_entry


def _signed(seed: str = "unit") -> tuple[Entry, bytes]:
    leaves, opened = commit(ORG, RID, ALERT, Draw(seed))
    entry = encode_entry(
        ORG, NodeKey(bytes(32)), RID, 1, Day(20_500), Day(20_600), Status.LIVE, leaves
    )
    return entry, encode_disclosures(opened)


def test_an_entry_comes_back_from_its_bytes() -> None:
    entry, _ = _signed()
    assert decode_entry(entry.raw) == entry
    assert entry.rk == record_key(ORG, RID)


def test_decoys_hide_how_many_fields_there_are() -> None:
    few, _ = commit(ORG, RID, {"role": "client"}, Draw("few"))
    many, _ = commit(ORG, RID, ALERT, Draw("many"))
    assert len(few) == len(many) == 32
    assert list(few) == sorted(set(few))


def test_over_32_fields_take_64_leaves() -> None:
    fields = dict(ALERT)
    for part in ("age", "height", "build", "marks", "accent", "words", "clothing", "race"):
        fields[f"person.{part}"] = "x"
    for part in ("make", "model", "colour"):
        fields[f"vehicle.{part}"] = "x"
    fields |= {"name": ["Ana"], "advice": ["en", "x"], "place.district": "x", "reason": "x"}
    fields |= {"email": ["a@example.com"], "plate": ["US:AB1"], "plate.part": ["7X*"]}
    fields |= {"handle": ["x:ana"], "profile": ["example.com/a"], "location_type": "hotel"}
    leaves, opened = commit(ORG, RID, fields, Draw("all"))
    assert (len(leaves), len(opened)) == (64, len(fields))


def test_exactly_32_fields_take_32_leaves() -> None:
    others = sorted(FIELDS.keys() - ALERT.keys())
    plain = [name for name in others if name.startswith(("person.", "vehicle."))]
    fields: dict[str, Any] = {**ALERT, **dict.fromkeys(plain, "x")}
    fields |= {"place.district": "x", "reason": "x", "date.day": "2026-01-14", "name": ["x"]}
    fields |= {"location_type": "hotel", "plate.part": ["7X*"], "date.slot": "18-24"}
    assert len(fields) == 32
    assert len(commit(ORG, RID, fields, Draw("32"))[0]) == 32


def test_each_field_has_a_salt_of_its_own_in_each_revision() -> None:
    draw = Draw("salts")
    _, first = commit(ORG, RID, ALERT, draw)
    _, second = commit(ORG, RID, ALERT, draw)
    assert len({d.salt for d in (*first, *second)}) == 2 * len(ALERT)


def test_fields_that_do_not_fit_together_are_not_committed() -> None:
    with pytest.raises(ProtocolError):
        commit(ORG, RID, {"codes": ["weapon"], "severity": 1}, Draw("x"))
    with pytest.raises(ProtocolError):
        commit(ORG, RID, {"address": "x"}, Draw("x"))


def test_too_many_fields_or_bytes_are_not_committed() -> None:
    long = {f"person.{part}": "é" * 200 for part in ("age", "hair", "race")}
    with pytest.raises(ProtocolError) as caught:
        commit(ORG, RID, {**long, "text": ["en", "é" * 3_000]}, Draw("x"))
    assert caught.value.number is ErrorNumber.TOO_BIG
    with pytest.raises(ProtocolError, match="64 fields"):
        commit(ORG, RID, {f"field.{n}": "x" for n in range(65)}, Draw("x"))


def test_fields_that_each_fit_may_still_be_too_much_together() -> None:
    wide = {f"person.{p}": "\U0001f512" * 200 for p in ("age", "height", "build", "hair", "marks")}
    wide |= {f"person.{p}": "\U0001f512" * 200 for p in ("accent", "words", "clothing", "race")}
    wide |= dict.fromkeys(("vehicle.make", "vehicle.model"), "🔒" * 80)
    full: dict[str, Any] = {**wide, "reason": "\U0001f512" * 500, "text": ["en", "x" * 4_000]}
    names = [f"{n:02}" + "\U0001f512" * 78 for n in range(12)]
    emails = [f"{'a' * 60}{n:02}@{'.'.join(['b' * 60] * 3)}.example.org" for n in range(14)]
    profiles = [f"example.com/{n:02}{'p' * 230}" for n in range(16)]
    handles = [f"{'s' * 32}:{n:02}{'é' * 62}" for n in range(16)]
    full |= {"name": list(names), "email": list(emails), "profile": list(profiles)}
    for kind in ("phone", "email", "plate"):
        full[f"{kind}.token"] = [[bytes([n]) * 8, bytes(32)] for n in range(16)]
    full |= {"handle": list(handles), "advice": ["en", "x" * 4_000]}
    with pytest.raises(ProtocolError, match="32 KiB") as caught:
        commit(ORG, RID, full, Draw("x"))
    assert caught.value.number is ErrorNumber.TOO_BIG


def test_any_field_may_be_dropped_and_the_rest_still_opens() -> None:
    entry, raw = _signed()
    opened = decode_disclosures(raw, entry)
    for dropped in opened:
        kept = tuple(d for d in opened if d != dropped)
        assert decode_disclosures(encode_disclosures(kept), entry) == kept


def test_a_secret_field_does_not_appear_in_a_repr() -> None:
    entry, raw = _signed()
    assert "5105550189" not in repr(decode_disclosures(raw, entry))


def test_a_tombstone_has_one_state_whatever_its_revision() -> None:
    first, second = make_entry(Status.ERASED, 1), make_entry(Status.ERASED, 2)
    assert first.eid != second.eid
    assert erased_hash(first.rk) == erased_hash(second.rk) != stopped_hash(first.rk)
    assert state_hash(first.eid, b"\x90") != state_hash(second.eid, b"\x90")


def test_the_order_of_rows_in_a_bucket_does_not_matter() -> None:
    rows = [(RecordKey(bytes([9, n]) + bytes(14)), bytes([n]) * 32) for n in range(5)]
    assert bucket_hash(rows) == bucket_hash(rows[::-1])
    assert bucket_hash(rows) != bucket_hash(rows[1:])


def test_a_digest_needs_all_its_buckets() -> None:
    with pytest.raises(ProtocolError):
        digest([bucket_hash([])] * 255)


def test_a_hash_for_no_purpose_of_ours_is_a_fault() -> None:
    with pytest.raises(KeyError):
        h("other", b"")


def test_entries_of_two_records_do_not_merge() -> None:
    entry = make_entry()
    other = dataclasses.replace(entry, rk=RecordKey(bytes(16)))
    with pytest.raises(ValueError, match="two records"):
        merge(entry, other)
    assert not conflicts(entry, other)


def test_an_erasure_outranks_any_revision() -> None:
    assert order(make_entry(Status.ERASED, 1)) > order(make_entry(rev=2**53 - 1))


def test_another_organisation_cannot_take_a_record_key() -> None:
    assert record_key(OrgId(bytes(32)), RID) != record_key(ORG, RID)
    assert record_key(ORG, RecordId(bytes(16))) != record_key(ORG, RID)


def test_an_alerts_id_is_read_as_people_type_it() -> None:
    rk = RecordKey(bytes(range(16)))
    text = text_id(rk)
    spaced = f" {text[:8].upper()} {text[8:16]}-{text[16:]}\n"
    assert parse_record_key(spaced) == parse_record_key(text) == rk


@pytest.mark.parametrize("text", ["", "abc", "!" * 26, "a" * 25 + "b", "a" * 27, "é" * 26])
def test_a_text_that_is_no_id_is_refused(text: str) -> None:
    with pytest.raises(ProtocolError):
        parse_record_key(text)


def test_days_are_counted_from_1970() -> None:
    assert day_of(0) == 0
    assert day_of(86_400_000_000 - 1) == 0
    assert day_of(-1) == -1
    assert iso_date(Day(20_454)) == "2026-01-01"
    assert parse_iso_date("2026-01-01") == 20_454


@pytest.mark.parametrize("text", ["2026-1-1", "20260101", "2026-W01-1", "2026-02-30", "1969-12-31"])
def test_a_text_that_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(ProtocolError):
        parse_iso_date(text)
