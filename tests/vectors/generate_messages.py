"""Vectors of message bodies."""

from __future__ import annotations

from typing import Any

from protocol.codec import Value, decode, encode
from protocol.ids import Day, RecordKey
from protocol.messages import (
    Bye,
    Delta,
    Err,
    Give,
    Given,
    Hello,
    List,
    Message,
    Ok,
    Poke,
    Pull,
    Put,
    Row,
    Stop,
    decode_body,
)
from tests.vectors.drawing import Case, Cases, Draw

_DAY = Day(20_500)


def build() -> dict[str, list[Case]]:
    """Return messages.json: a type name and body, and its re-encoding or the refusal's code."""
    cases = Cases(_run)
    draw = Draw("messages")
    for name, message in _messages(draw).items():
        cases.accept(name, _given(message.name, message.encode_body()))
    for name, (kind, body) in _refused(draw).items():
        cases.refuse(name, _given(kind, body))
    for kind in ("blob", "gossip", ""):
        cases.refuse(f"the type name {kind!r}", _given(kind, []), "version")
    return {"messages.json": cases.listed}


def _given(kind: str, body: Value) -> Any:
    return {"type": kind, "body": encode(body).hex()}


def _run(given: Any) -> Any:
    message = decode_body(given["type"], decode(bytes.fromhex(given["body"])))
    return {"body": encode(message.encode_body()).hex()}


def _messages(draw: Draw) -> dict[str, Message]:
    keys = sorted(RecordKey(draw(16)) for _ in range(3))
    put = Put(8, keys[0], draw(40), draw(64), draw(20))
    stop = Stop(9, keys[1], Day(20_600))
    held = ((keys[0], "not_accepted"),)
    docs = ((draw(60), draw(64)), (draw(60), draw(64)))
    return {
        "a first hello": Hello(draw(16), trusted=False, docs=docs),
        "a hello without a token": Hello(b"", trusted=True, docs=()),
        "a pull": Pull(7, _DAY, draw(32), (), 262_144, 50),
        "a pull that holds one record": Pull(0, _DAY, draw(32), held, 1, 0),
        "a delta with a put and a stop": Delta(
            7, 9, more=False, asof=_DAY, digest=draw(32), items=(put, stop), want=(keys[2],)
        ),
        "an empty delta": Delta(0, 0, more=False, asof=_DAY, digest=draw(32), items=(), want=()),
        "an ok": Ok(9, _DAY, draw(32), held),
        "a list without an upper bound": List(
            b"",
            b"",
            (
                Row(keys[0], 3, draw(8), draw(8), Day(20_600)),
                Row(keys[1], 0, bytes(8), draw(8), Day(20_600)),
            ),
        ),
        "a list of one first byte": List(b"\x10", b"\x11", ()),
        "a list whose first row is its lower bound": List(
            keys[0], b"", (Row(keys[0], 1, draw(8), draw(8), Day(0)),)
        ),
        "the first item of all": Delta(
            0,
            1,
            more=True,
            asof=Day(0),
            digest=draw(32),
            items=(Stop(1, keys[0], Day(0)),),
            want=(),
        ),
        "the highest number of an err": Err(255, -1),
        "a give": Give((Given(draw(40), draw(64), draw(20)),)),
        "a poke": Poke(),
        "an err": Err(5, 1_770_000_000_000_000),
        "an err of a number to come": Err(99, 0),
        "a bye": Bye(0, 0),
    }


def _refused(draw: Draw) -> dict[str, tuple[str, Value]]:
    day, d, rk, sig = int(_DAY), draw(32), draw(16), draw(64)
    lower, higher = sorted((draw(16), draw(16)))
    put: Value = [1, 0, rk, b"e", sig, b"\x90"]

    def delta(*items: Value, to: int = 9) -> tuple[str, Value]:
        return "delta", [0, to, False, day, d, list(items), []]

    return {
        "a hello with a token of 15 bytes": ("hello", [draw(15), False, []]),
        "a hello with 0 for false": ("hello", [b"", 0, []]),
        "a hello with a short signature": ("hello", [b"", False, [[b"x", draw(63)]]]),
        "a hello whose document has three parts": ("hello", [b"", False, [[b"x", sig, b""]]]),
        "a pull of five fields": ("pull", [0, day, d, [], 1]),
        "a pull of seven fields": ("pull", [0, day, d, [], 1, 0, 0]),
        "a pull with a negative cursor": ("pull", [-1, day, d, [], 1, 0]),
        "a pull that waits 51 seconds": ("pull", [0, day, d, [], 1, 51]),
        "a pull of no bytes": ("pull", [0, day, d, [], 0, 0]),
        "a pull with true for a cursor": ("pull", [True, day, d, [], 1, 0]),
        "a pull with a digest of 31 bytes": ("pull", [0, day, d[:31], [], 1, 0]),
        "a pull with a day below zero": ("pull", [0, -1, d, [], 1, 0]),
        "a pull with a reason of 33 characters": ("pull", [0, day, d, [[rk, "x" * 33]], 1, 0]),
        "a pull with a short record key": ("pull", [0, day, d, [[rk[:15], "x"]], 1, 0]),
        "a delta that goes backwards": ("delta", [9, 8, False, day, d, [], []]),
        "a delta with a put numbered past its end": delta([10, 0, rk, b"e", sig, b"\x90"]),
        "a delta with an item numbered zero": delta([0, 1, rk, day]),
        "a delta with an empty item": delta([]),
        "a delta with an item of one field": delta([1]),
        "a delta with an unknown sort of item": delta([1, 2, rk, day]),
        "a delta with a put of five fields": delta([1, 0, rk, b"e", sig]),
        "a delta with a stop of five fields": delta([1, 1, rk, day, 0]),
        "a delta whose put has a short signature": delta([1, 0, rk, b"e", sig[:63], b"\x90"]),
        "a delta whose entry is over 4 KiB": delta([1, 0, rk, bytes(4097), sig, b"\x90"]),
        "a delta whose disclosures are over 32 KiB": delta([1, 0, rk, b"e", sig, bytes(32_769)]),
        "a delta whose entry is a text": delta([1, 0, rk, "e", sig, b"\x90"]),
        "a delta of 501 items": delta(*[put] * 501),
        "a delta that wants a number": ("delta", [0, 9, False, day, d, [], [1]]),
        "an ok of three fields": ("ok", [0, day, d]),
        "a list of an empty range": ("list", [b"\x11", b"\x11", []]),
        "a list with a bound of 17 bytes": ("list", [bytes(17), b"", []]),
        "a list out of order": (
            "list",
            [b"", b"", [[higher, 1, sig[:8], d[:8], day], [lower, 1, sig[:8], d[:8], day]]],
        ),
        "a list with a row twice": ("list", [b"", b"", [[rk, 1, sig[:8], d[:8], day]] * 2]),
        "a list with a row below its range": (
            "list",
            [b"\xff" * 16, b"", [[rk, 1, sig[:8], d[:8], day]]],
        ),
        "a list with a row at its upper bound": ("list", [b"", rk, [[rk, 1, d[:8], d[:8], day]]]),
        "a list whose stop names an entry": ("list", [b"", b"", [[rk, 0, d[:8], d[:8], day]]]),
        "a list with a short state": ("list", [b"", b"", [[rk, 1, d[:8], d[:7], day]]]),
        "a give with a short signature": ("give", [[b"e", sig[:63], b"\x90"]]),
        "a give of two parts": ("give", [[b"e", sig]]),
        "a poke with something in it": ("poke", [0]),
        "a poke that is not an array": ("poke", 0),
        "an err of one field": ("err", [1]),
        "an err numbered 256": ("err", [256, 0]),
        "an err with a text": ("err", [1, "why"]),
        "a bye that is a text": ("bye", "bye"),
    }
