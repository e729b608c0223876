"""What our own code makes of one input of the vectors of matching."""

from __future__ import annotations

from typing import Any

from keys.oprf import (
    Blinded,
    OprfKey,
    blind,
    derive_key,
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
    if "seed" in given:
        key = derive_key(unhex(given["seed"]), unhex(given["info"]))
        return {"secret": key.secret.hex(), "public": key.public.hex(), "kid": key.kid.hex()}
    if "evaluated" in given:
        kept = Blinded(unhex(given["blind"]), b"")
        return {"output": finalize(unhex(given["input"]), kept, unhex(given["evaluated"])).hex()}
    if "blind" in given:
        return {"element": blind(unhex(given["input"]), fixed(unhex(given["blind"]))).element.hex()}
    key = OprfKey(unhex(given["secret"]))
    return {"evaluated": evaluate(key, unhex(given["element"])).hex()}
