"""Vectors of the two messages of matching."""

from __future__ import annotations

from typing import Any

from protocol.codec import Value, decode, encode
from protocol.messages import Message, decode_body
from protocol.messages_match import Match, Matched
from tests.vectors.drawing import Case, Cases, Draw


def build() -> dict[str, list[Case]]:
    """Return match.json: a type name and body, and its re-encoding or the refusal's code."""
    cases = Cases(_run)
    draw = Draw("match")
    elements = [draw(32) for _ in range(17)]
    kid = draw(8)
    accepted: dict[str, Message] = {
        "a question about one number": Match("phone", (elements[0],)),
        "a question about sixteen plates": Match("plate", tuple(elements[:16])),
        "a question that asks the same twice": Match("email", (elements[0], elements[0])),
        "an answer about one number": Matched(kid, (elements[1],)),
        "an answer about sixteen plates": Matched(kid, tuple(elements[:16])),
    }
    for name, message in accepted.items():
        cases.accept(name, _given(message.name, message.encode_body()))
    one: list[Value] = [elements[0]]
    refused: dict[str, tuple[str, Value]] = {
        "a question about nothing": ("match", ["phone", []]),
        "a question about seventeen numbers": ("match", ["phone", [*elements]]),
        "a question about a name": ("match", ["name", one]),
        "a question about a masked number": ("match", ["phone.masked", one]),
        "a question about no kind": ("match", ["", one]),
        "a question whose kind is bytes": ("match", [b"phone", one]),
        "a question about 31 bytes": ("match", ["phone", [elements[0][:31]]]),
        "a question about 33 bytes": ("match", ["phone", [elements[0] + b"\0"]]),
        "a question about a text": ("match", ["phone", ["+15105550189"]]),
        "a question of three parts": ("match", ["phone", one, one]),
        "an answer about nothing": ("matched", [kid, []]),
        "an answer about seventeen numbers": ("matched", [kid, [*elements]]),
        "an answer under a key id of 7 bytes": ("matched", [kid[:7], one]),
        "an answer under no key": ("matched", [b"", one]),
        "an answer of 31 bytes": ("matched", [kid, [elements[0][:31]]]),
        "an answer of one part": ("matched", [kid]),
    }
    for name, (kind, body) in refused.items():
        cases.refuse(name, _given(kind, body))
    return {"match.json": cases.listed}


def _given(kind: str, body: Value) -> Any:
    return {"type": kind, "body": encode(body).hex()}


def _run(given: Any) -> Any:
    message = decode_body(given["type"], decode(bytes.fromhex(given["body"])))
    return {"body": encode(message.encode_body()).hex()}
