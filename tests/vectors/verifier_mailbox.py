"""A second reading of docs/spec/11-mailboxes.md: the shapes of its messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.vectors.verifier_bytes import array, binary, dec, need


def _wire(value: Any) -> None:
    need(type(value) is bytes and 0 < len(value) <= 65_593)


def _drop(body: Any) -> None:
    to_org, wire = array(body, 2)
    binary(to_org, 32)
    _wire(wire)


def _fetch(body: Any) -> None:
    for each in array(body, most=64):
        binary(each, 16)


def _mail(body: Any) -> None:
    for pair in array(body, most=64):
        mid, wire = array(pair, 2)
        binary(mid, 16)
        _wire(wire)


_BODIES: dict[str, Callable[[Any], object]] = {"drop": _drop, "fetch": _fetch, "mail": _mail}


def _messages(given: Any) -> Any:
    need(given["type"] in _BODIES, "version")
    _BODIES[given["type"]](dec(bytes.fromhex(given["body"])))
    return {"body": given["body"]}


CHECKS: dict[str, Callable[[Any], Any]] = {"mailbox.json": _messages}
