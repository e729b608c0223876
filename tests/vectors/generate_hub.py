"""Vectors of what a hub and its peers say about other organisations."""

from __future__ import annotations

from typing import Any

from protocol.codec import Value, decode, encode
from protocol.ids import OrgId
from protocol.messages import Message, decode_body
from protocol.messages_hub import Authors, Docs, Introduce
from tests.vectors.drawing import Case, Cases, Draw


def build() -> dict[str, list[Case]]:
    """Return hub.json: a type name and body, and its re-encoding or the refusal's code."""
    cases = Cases(_run)
    draw = Draw("hub")
    orgs = sorted(draw(32) for _ in range(17))
    chain = ((draw(60), draw(64)), (draw(70), draw(64)))
    accepted: dict[str, Message] = {
        "a question about one author": Authors((OrgId(orgs[0]),)),
        "a question about sixteen authors": Authors(tuple(OrgId(org) for org in orgs[:16])),
        "whom do you introduce": Introduce(),
        "whom do you introduce after that": Introduce(orgs[0]),
        "documents of two organisations": Docs((chain, chain[:1])),
        "no documents": Docs(()),
    }
    for name, message in accepted.items():
        cases.accept(name, _given(message.name, message.encode_body()))
    pair: Value = [b"x", draw(64)]
    refused: dict[str, tuple[str, Value]] = {
        "a question about nobody": ("authors", []),
        "a question about seventeen authors": ("authors", [*orgs]),
        "authors out of order": ("authors", [orgs[1], orgs[0]]),
        "an author twice": ("authors", [orgs[0], orgs[0]]),
        "an author of 31 bytes": ("authors", [orgs[0][:31]]),
        "an author as a text": ("authors", ["riverside"]),
        "an introduction after half an organisation": ("introduce", [orgs[0][:16]]),
        "an introduction without a place to begin": ("introduce", []),
        "documents of seventeen organisations": ("docs", [[pair]] * 17),
        "a document with a short signature": ("docs", [[[b"x", draw(63)]]]),
        "a document of three parts": ("docs", [[[b"x", draw(64), b""]]]),
        "documents that are no array": ("docs", [b"x"]),
    }
    for name, (kind, body) in refused.items():
        cases.refuse(name, _given(kind, body))
    return {"hub.json": cases.listed}


def _given(kind: str, body: Value) -> Any:
    return {"type": kind, "body": encode(body).hex()}


def _run(given: Any) -> Any:
    message = decode_body(given["type"], decode(bytes.fromhex(given["body"])))
    return {"body": encode(message.encode_body()).hex()}
