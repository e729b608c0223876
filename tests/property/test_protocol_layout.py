"""The quick reading of an entry's usual layout accepts exactly what the full reading accepts."""

import os

from hypothesis import given
from hypothesis import strategies as st

from protocol import entry as entries
from protocol.entry import Entry, Status, decode_entry, encode_entry
from protocol.errors import ProtocolError
from protocol.ids import Day, NodeKey, OrgId, RecordId


def _never(raw: bytes) -> Entry | None:
    return None


def both(raw: bytes) -> tuple[Entry | None, Entry | None]:
    """What the quick and what the full reading make of these bytes."""
    quick = entries._usual(raw)
    usual = entries._usual
    entries._usual = _never
    try:
        full: Entry | None = decode_entry(raw)
    except ProtocolError:
        full = None
    finally:
        entries._usual = usual
    return quick, full


@st.composite
def raw_entries(draw: st.DrawFn) -> bytes:
    """Encoded entries, most of them of the usual layout."""
    status = draw(st.sampled_from([Status.LIVE, Status.LIVE, Status.WITHDRAWN, Status.ERASED]))
    count = 0 if status is Status.ERASED else draw(st.sampled_from([32, 64]))
    day = draw(st.one_of(st.integers(256, 64000), st.integers(0, 300), st.integers(65000, 70000)))
    made = encode_entry(
        OrgId(os.urandom(32)), NodeKey(os.urandom(32)), RecordId(os.urandom(16)),
        draw(st.sampled_from([1, 2, 127, 128, 70000])), Day(day),
        Day(day + draw(st.integers(0, 1096))), status,
        sorted(os.urandom(32) for _ in range(count)),
    )  # fmt: skip
    return made.raw


@given(raw_entries())
def test_an_entry_reads_alike_quickly_and_in_full(raw: bytes) -> None:
    quick, full = both(raw)
    assert full is not None
    assert quick in {None, full}


@given(raw_entries(), st.integers(0, 130), st.integers(0, 255))
def test_a_changed_byte_is_accepted_by_both_readings_or_by_none(
    raw: bytes, at: int, byte: int
) -> None:
    changed = raw[: at % len(raw)] + bytes([byte]) + raw[at % len(raw) + 1 :]
    quick, full = both(changed)
    assert quick in {None, full}


@given(raw_entries(), st.integers(0, 40), st.integers(0, 40))
def test_leaves_out_of_order_or_twice_are_refused_by_both(raw: bytes, a: int, b: int) -> None:
    if len(raw) < 1000:
        return
    swapped = bytearray(raw)
    first, second = len(raw) - 34 * (1 + a % 30), len(raw) - 34 * (1 + b % 30)
    swapped[first : first + 34] = raw[second : second + 34]
    quick, full = both(bytes(swapped))
    assert quick in {None, full}
