"""Vectors of the three messages of mailboxes."""

from __future__ import annotations

from typing import Any

from protocol.codec import Value, decode, encode
from protocol.ids import OrgId
from protocol.limits import MAIL_WIRE_BYTES
from protocol.messages import Message, decode_body
from protocol.messages_mailbox import Drop, Fetch, Mail
from tests.vectors.drawing import Case, Cases, Draw


def build() -> dict[str, list[Case]]:
    """Return mailbox.json: a type name and body, and its re-encoding or the refusal's code."""
    cases = Cases(_run)
    draw = Draw("mailbox")
    org, wire = OrgId(draw(32)), draw(60)
    ids = [draw(16) for _ in range(65)]
    accepted: dict[str, Message] = {
        "a wire left for an organisation": Drop(org, wire),
        "a first fetch": Fetch(()),
        "a fetch that acknowledges two": Fetch((ids[0], ids[1])),
        "a fetch that acknowledges sixty-four": Fetch(tuple(ids[:64])),
        "an empty mailbox": Mail(()),
        "two wires": Mail(((ids[0], wire), (ids[1], draw(60)))),
    }
    for name, message in accepted.items():
        cases.accept(name, _given(message.name, message.encode_body()))
    wide = bytes(MAIL_WIRE_BYTES + 1)
    refused: dict[str, tuple[str, Value]] = {
        "a wire left for nobody": ("drop", [b"", wire]),
        "an empty wire": ("drop", [bytes(org), b""]),
        "a wire of a byte too many": ("drop", [bytes(org), wide]),
        "a drop of two wires": ("drop", [bytes(org), wire, wire]),
        "a drop whose wire is a text": ("drop", [bytes(org), "wire"]),
        "a fetch of sixty-five": ("fetch", [*ids]),
        "a fetch that acknowledges 15 bytes": ("fetch", [ids[0][:15]]),
        "mail without an id": ("mail", [[wire]]),
        "mail with an empty wire": ("mail", [[ids[0], b""]]),
        "sixty-five wires": ("mail", [[each, wire] for each in ids]),
    }
    for name, (kind, body) in refused.items():
        cases.refuse(name, _given(kind, body))
    return {"mailbox.json": cases.listed}


def _given(kind: str, body: Value) -> Any:
    return {"type": kind, "body": encode(body).hex()}


def _run(given: Any) -> Any:
    message = decode_body(given["type"], decode(bytes.fromhex(given["body"])))
    return {"body": encode(message.encode_body()).hex()}
