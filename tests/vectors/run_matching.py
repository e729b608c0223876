"""What our own code makes of one input of the vectors of matching."""

from __future__ import annotations

from typing import Any

from keys.oprf import (
    Blinded,
    KindKey,
    blind,
    derive_key,
    derive_kind,
    evaluate,
    finalize,
    own_token,
    token_input,
)

unhex = bytes.fromhex


def fixed(scalar: bytes) -> Any:
    """A `random` that makes `blind` use this scalar: 64 bytes that reduce to it."""
    return lambda size: scalar.ljust(size, b"\0")


def matching(given: Any) -> Any:
    """Derive a key, make a token, blind, unblind or evaluate, by what is given."""
    if "idkind" in given:
        key, kind, normal = derive_key(unhex(given["seed"])), given["idkind"], given["normal"]
        token = own_token(key, kind, normal)
        return {
            "input": token_input(kind, normal).hex(), "kid": key.kid.hex(), "token": token.hex(),
        }  # fmt: skip
    if "info" in given:
        one = derive_kind(unhex(given["seed"]), unhex(given["info"]))
        return {"secret": one.secret.hex(), "public": one.public.hex()}
    if "seed" in given:
        return {"kid": derive_key(unhex(given["seed"])).kid.hex()}
    if "evaluated" in given:
        kept = Blinded(unhex(given["blind"]), b"")
        return {"output": finalize(unhex(given["input"]), kept, unhex(given["evaluated"])).hex()}
    if "blind" in given:
        return {"element": blind(unhex(given["input"]), fixed(unhex(given["blind"]))).element.hex()}
    secret = KindKey(unhex(given["secret"]))
    return {"evaluated": evaluate(secret, unhex(given["element"])).hex()}
