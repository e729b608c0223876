"""Laws of merge, commitments, expansion and identifiers."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import reduce
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from protocol.codec import Value
from protocol.commitment import Disclosure, commit, decode_disclosures, encode_disclosures
from protocol.entry import Entry, Status, encode_entry
from protocol.errors import IdentifierError, ProtocolError
from protocol.fields import check_together, expand, validate
from protocol.identifiers import (
    masked,
    normalise_email,
    normalise_handle,
    normalise_phone,
    normalise_plate,
    normalise_plate_part,
    normalise_profile,
)
from protocol.ids import Day, NodeKey, OrgId, RecordId, Salt
from protocol.merge import conflicts, merge
from protocol.vocabulary import BASES, CODES, DATE_SLOTS, NOTICES, ROLES
from tests.vectors.drawing import Draw
from tests.vectors.generate_records import make_entry

ENTRIES = st.builds(
    make_entry,
    st.sampled_from(Status),
    st.integers(1, 4),
    st.sampled_from(["a", "b"]),
)


@given(ENTRIES, ENTRIES)
def test_merge_is_commutative(a: Entry, b: Entry) -> None:
    assert merge(a, b) == merge(b, a)
    assert conflicts(a, b) == conflicts(b, a)


@given(ENTRIES, ENTRIES, ENTRIES)
def test_merge_is_associative(a: Entry, b: Entry, c: Entry) -> None:
    assert merge(merge(a, b), c) == merge(a, merge(b, c))


@given(ENTRIES)
def test_merge_is_idempotent(a: Entry) -> None:
    assert merge(a, a) == a
    assert not conflicts(a, a)


@given(st.lists(ENTRIES, min_size=1, max_size=6))
def test_an_erasure_stands_whatever_came_with_it(entries: list[Entry]) -> None:
    erased = any(entry.status is Status.ERASED for entry in entries)
    assert (reduce(merge, entries).status is Status.ERASED) == erased


ids16 = st.binary(min_size=16, max_size=16)
ids32 = st.binary(min_size=32, max_size=32)
PARTS = st.tuples(ids16, st.sampled_from(["role", "name"]), st.text(max_size=5), ids32, ids16)


@given(PARTS, PARTS)
def test_a_leaf_binds_its_org_record_name_value_and_salt(a: Any, b: Any) -> None:
    leaves = [
        Disclosure(Salt(salt), name, value).leaf(OrgId(org), RecordId(rid))
        for salt, name, value, org, rid in (a, b)
    ]
    assert (leaves[0] == leaves[1]) == (a == b)
    for at in range(5):
        changed = list(a)
        changed[at] = b[at]
        salt, name, value, org, rid = changed
        leaf = Disclosure(Salt(salt), name, value).leaf(OrgId(org), RecordId(rid))
        assert (leaf == leaves[0]) == (a[at] == b[at])


TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=80)
_DETAILS: dict[str, st.SearchStrategy[Any]] = {
    "role": st.sampled_from(ROLES),
    "basis": st.sampled_from(BASES),
    "date.day": st.dates().map(lambda d: d.isoformat()),
    "person.hair": TEXT,
    "vehicle.make": TEXT,
    "phone": st.lists(
        st.from_regex(r"\+1510555[0-9]{4}", fullmatch=True), min_size=1, max_size=4, unique=True
    ),
    "plate": st.lists(
        st.from_regex(r"[A-Z]{2}:[A-Z0-9]{2,12}", fullmatch=True),
        min_size=1,
        max_size=4,
        unique=True,
    ),
    "email": st.lists(
        st.from_regex(r"[a-z]{1,9}@example\.(com|org)", fullmatch=True),
        min_size=1,
        max_size=4,
        unique=True,
    ),
    "handle": st.lists(
        st.from_regex(r"[a-z]{1,9}:[a-z]{1,9}", fullmatch=True), min_size=1, max_size=4, unique=True
    ),
    "profile": st.just(["example.com/ana"]),
    "name": st.lists(TEXT, min_size=1, max_size=3, unique=True),
    "text": st.tuples(st.sampled_from(["en", "fr", "zh-Hant"]), TEXT).map(list),
}


@st.composite
def alerts(draw: st.DrawFn) -> dict[str, Value]:
    """Draw an alert as the desk has it, before its weaker forms."""
    pool = sorted(NOTICES) if draw(st.booleans()) else sorted(CODES.keys() - NOTICES)
    codes = draw(st.lists(st.sampled_from(pool), min_size=1, max_size=5, unique=True))
    alert: dict[str, Value] = {"codes": list(codes)}
    for name in draw(st.sets(st.sampled_from(sorted(_DETAILS)))):
        alert[name] = draw(_DETAILS[name])
    if "date.day" in alert and draw(st.booleans()):
        alert["date.slot"] = draw(st.sampled_from(DATE_SLOTS))
    for name in ("place.region", "place.city", "place.district")[: draw(st.integers(0, 3))]:
        alert[name] = "FR" if name == "place.region" else draw(TEXT)
    return alert


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=60)
@given(alerts())
def test_an_expanded_alert_is_valid_and_signs_and_opens(alert: dict[str, Value]) -> None:
    leaves = expand(alert)
    for name, value in leaves.items():
        validate(name, value)
    check_together(leaves)
    assert alert.items() <= leaves.items()
    assert expand(leaves) == leaves
    org, rid = OrgId(bytes(32)), RecordId(bytes(16))
    hashes, opened = commit(org, rid, leaves, Draw("property"))
    entry = encode_entry(
        org, NodeKey(bytes(32)), rid, 1, Day(20_000), Day(20_001), Status.LIVE, hashes
    )
    assert {
        d.name: d.value for d in decode_disclosures(encode_disclosures(opened), entry)
    } == leaves


TYPED = st.text(max_size=40) | st.from_regex(r"[+0-9A-Za-z@.:/?* ()#-]{0,30}", fullmatch=True)


@given(TYPED, st.sampled_from([None, "US", "GB", "FR", "CN", "xx"]))
def test_whatever_is_typed_has_a_valid_normal_form_or_is_refused(
    text: str, country: str | None
) -> None:
    normalisers: tuple[tuple[str, Callable[[], str]], ...] = (
        ("phone", lambda: normalise_phone(text, country)),
        ("plate", lambda: normalise_plate(text, country)),
        ("email", lambda: normalise_email(text)),
        ("handle", lambda: normalise_handle(text)),
        ("profile", lambda: normalise_profile(text)),
        ("plate.part", lambda: normalise_plate_part(text)),
    )
    for kind, normalise in normalisers:
        try:
            normal = normalise()
        except IdentifierError:
            continue
        validate(kind, [normal])
        if kind != "plate.part":
            validate(f"{kind}.masked", [masked(kind, normal)])


@given(TYPED)
def test_a_normal_form_is_stable(text: str) -> None:
    for normalise in (normalise_email, normalise_handle, normalise_profile, normalise_plate_part):
        try:
            normal = normalise(text)
        except IdentifierError:
            continue
        assert normalise(normal) == normal


@given(st.dictionaries(st.sampled_from(sorted(_DETAILS)), st.text(max_size=5) | st.integers()))
def test_a_broken_alert_is_refused_with_our_error(alert: dict[str, Value]) -> None:
    with suppress(ProtocolError):
        expand(alert)
