"""A second reading of docs/spec/08-matching.md: the shapes of its messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.vectors.verifier_bytes import array, binary, dec, need

_KINDS = ("phone", "email", "handle", "plate", "profile")


def _elements(value: Any) -> None:
    found = array(value, most=16)
    need(len(found) > 0)
    for each in found:
        binary(each, 32)


def _match(body: Any) -> None:
    kind, blinded = array(body, 2)
    need(type(kind) is str and kind in _KINDS)
    _elements(blinded)


def _matched(body: Any) -> None:
    kid, evaluated = array(body, 2)
    binary(kid, 8)
    _elements(evaluated)


_BODIES: dict[str, Callable[[Any], object]] = {"match": _match, "matched": _matched}


def _messages(given: Any) -> Any:
    need(given["type"] in _BODIES, "version")
    _BODIES[given["type"]](dec(bytes.fromhex(given["body"])))
    return {"body": given["body"]}


CHECKS: dict[str, Callable[[Any], Any]] = {"match.json": _messages}
