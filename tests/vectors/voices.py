"""The fields of voices and of adopted alerts, for the vectors of disclosures."""

from __future__ import annotations

from protocol.codec import Value

_ONE, _TWO = b"\1" * 16, b"\2" * 16  # keys of records that a voice speaks of

VALID: dict[str, dict[str, Value]] = {
    "a corroboration": {
        "kind": "voice",
        "terms": ["members", False, False, False, False, []],
        "ref": ["corroborate", [[_ONE, bytes(32)]]],
    },
    "a dispute with its reason": {
        "kind": "voice",
        "ref": ["dispute", [[_ONE, bytes(32)]]],
        "text": ["en", "The plate is that of a taxi."],
    },
    "two alerts about one person": {
        "kind": "voice",
        "ref": ["same_as", [[_ONE, bytes(32)], [_TWO, bytes(32)]]],
    },
    "an adopted alert": {
        "kind": "alert",
        "codes": ["theft"],
        "ref": ["adopted_from", [[_ONE, bytes(32)]]],
    },
    "a voice that withholds what it speaks of": {"kind": "voice"},
}

INVALID: dict[str, dict[str, Value]] = {
    "a voice of codes": {"kind": "voice", "codes": ["theft"]},
    "a voice of a phone number": {"kind": "voice", "phone": ["+15105550189"]},
    "a voice that was adopted": {"kind": "voice", "ref": ["adopted_from", [[_ONE, bytes(32)]]]},
    "an alert that corroborates": {"kind": "alert", "ref": ["corroborate", [[_ONE, bytes(32)]]]},
    "a hold that was adopted": {"kind": "hold", "ref": ["adopted_from", [[_ONE, bytes(32)]]]},
    "a relation of no kind": {"ref": ["dispute", [[_ONE, bytes(32)]]]},
    "an unknown relation": {"kind": "voice", "ref": ["denies", [[_ONE, bytes(32)]]]},
    "a relation that is a number": {"kind": "voice", "ref": [1, [[_ONE, bytes(32)]]]},
    "a ref of one part": {"kind": "voice", "ref": ["dispute"]},
    "a ref to nothing": {"kind": "voice", "ref": ["dispute", []]},
    "a corroboration of two records": {
        "kind": "voice",
        "ref": ["corroborate", [[_ONE, bytes(32)], [_TWO, bytes(32)]]],
    },
    "one record the same as none": {"kind": "voice", "ref": ["same_as", [[_ONE, bytes(32)]]]},
    "a record the same as itself": {
        "kind": "voice",
        "ref": ["same_as", [[_ONE, bytes(32)], [_ONE, bytes(32)]]],
    },
    "two records out of order": {
        "kind": "voice",
        "ref": ["same_as", [[_TWO, bytes(32)], [_ONE, bytes(32)]]],
    },
    "a ref to a key of 15 bytes": {
        "kind": "voice",
        "ref": ["dispute", [[_ONE[1:], bytes(32)]]],
    },
    "a ref to a revision of 31 bytes": {
        "kind": "voice",
        "ref": ["dispute", [[_ONE, bytes(31)]]],
    },
    "a ref to a record without its revision": {"kind": "voice", "ref": ["dispute", [[_ONE]]]},
}
