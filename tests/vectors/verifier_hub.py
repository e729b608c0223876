"""A second reading of docs/spec/09-hubs.md: the shapes of its messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.vectors.verifier_bytes import array, binary, dec, need


def _authors(body: Any) -> None:
    orgs = array(body, most=16)
    for org in orgs:
        binary(org, 32)
    need(len(orgs) > 0 and orgs == sorted(set(orgs)))


def _introduce(body: Any) -> None:
    (after,) = array(body, 1)
    binary(after, most=32)
    need(len(after) in {0, 32})


def _docs(body: Any) -> None:
    for chain in array(body, most=16):
        for pair in array(chain, most=256):
            document, sig = array(pair, 2)
            binary(document, most=65_536)
            binary(sig, 64)


_BODIES: dict[str, Callable[[Any], object]] = {
    "authors": _authors,
    "introduce": _introduce,
    "docs": _docs,
}


def _messages(given: Any) -> Any:
    need(given["type"] in _BODIES, "version")
    _BODIES[given["type"]](dec(bytes.fromhex(given["body"])))
    return {"body": given["body"]}


CHECKS: dict[str, Callable[[Any], Any]] = {"hub.json": _messages}
