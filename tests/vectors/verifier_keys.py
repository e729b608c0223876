"""A second reading of docs/spec/05-keys.md, to check its vectors.

Nothing is the project's own but the verifier's bytes; Ed25519 comes from its usual library.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nacl.exceptions import CryptoError
from nacl.signing import VerifyKey

from tests.vectors.verifier_bytes import Refused, array, binary, dec, h, integer, need, text

unhex = bytes.fromhex


def signed(public: bytes, context: str, data: bytes, sig: bytes) -> None:
    need(len(public) == 32 and len(sig) == 64, "signature")
    try:
        VerifyKey(public).verify(b"parasol1." + context.encode() + b"\0" + data, sig)
    except CryptoError:
        raise Refused("signature") from None


def versioned(raw: bytes, parts: int) -> list[Any]:
    rows = array(dec(raw))
    need(rows)
    integer(rows[0])
    need(rows[0] == 1, "version")
    return array(rows, parts)


def orgdoc(raw: bytes, sig: bytes) -> dict[str, Any]:
    need(len(raw) <= 8192, "too_big")
    _, org, gen, ver, root, next_, iat, exp, name, keys, revoked = versioned(raw, 11)
    for value in (org, root, next_):
        binary(value, 32)
    for value, high in ((gen, 63), (ver, 2**31 - 1), (iat, 1_000_000), (exp, 1_000_000)):
        integer(value, 0, high)
    need(text(name, 80).strip())
    need(iat <= exp <= iat + 400)
    for rows, most, size in ((keys, 8, 3), (revoked, 64, 2)):
        for row in array(rows, most=most):
            binary(array(row, size)[0], 32)
            for day in row[1:]:
                integer(day, 0, 1_000_000)
            need(row[1:] == sorted(row[1:]))
        need(len({row[0] for row in rows}) == len(rows))
    signed(root, "org", raw, sig)
    need(gen or org == h("org", root, next_), "key")
    return {
        "org": org.hex(), "gen": gen, "ver": ver, "root": root.hex(), "next": next_.hex(),
        "iat": iat, "exp": exp, "name": name, "keys": [[k.hex(), a, b] for k, a, b in keys],
        "revoked": [[k.hex(), since] for k, since in revoked],
    }  # fmt: skip


def document(given: list[str]) -> dict[str, Any]:
    return {**orgdoc(unhex(given[0]), unhex(given[1])), "raw": given[0]}


def key_state(given: Any) -> Any:
    doc, key, day = document(given["orgdoc"]), given["node_key"], given["day"]
    if any(k == key and since <= day for k, since in doc["revoked"]):
        return {"state": "revoked"}
    spans = [(first, last) for k, first, last in doc["keys"] if k == key]
    if not spans:
        return {"state": "unknown"}
    return {"state": "valid" if spans[0][0] <= day <= spans[0][1] else "expired"}


def follow(pinned: Any, chain: list[Any], org: str) -> Any:
    need(chain and all(doc["org"] == org for doc in chain), "key")
    if pinned is None:
        need(chain[0]["gen"] == 0, "key")
        pinned = chain[0]
    need(pinned["org"] == org, "key")
    for doc in chain:
        if doc["gen"] == pinned["gen"]:
            need(doc["ver"] != pinned["ver"] or doc["raw"] == pinned["raw"], "key")
            need(all(doc[part] == pinned[part] for part in ("root", "next")), "key")
            pinned = max(pinned, doc, key=lambda d: int(d["ver"]))
        elif doc["gen"] > pinned["gen"]:
            need(doc["gen"] == pinned["gen"] + 1, "key")
            need(h("next", unhex(doc["root"])).hex() == pinned["next"], "key")
            pinned = doc
    return pinned


def pin(given: Any) -> Any:
    pinned = given["pinned"] and document(given["pinned"])
    doc = follow(pinned, [document(pair) for pair in given["chain"]], given["org"])
    return {"gen": doc["gen"], "ver": doc["ver"]}


def card(raw: bytes, sig: bytes, doc: dict[str, Any]) -> Any:
    _, org, key, n, box, exp, ends, features, accepts, kid = versioned(raw, 10)
    for value in (org, key, box):
        binary(value, 32)
    integer(n, 1)
    integer(exp, 0, 1_000_000)
    need(type(kid) is bytes and len(kid) in {0, 8})
    for rows, count, size in ((ends, 8, 512), (features, 32, 64)):
        for row in array(rows, most=count):
            text(row, size, 0)
    region, model, levels = array(accepts, 3)
    for word in (
        region,
        model,
        *(word for row in array(levels, most=64) for word in array(row, 2)),
    ):
        text(word, 64, 0)
    switches = [row[0] for row in levels]
    need(switches == sorted(set(switches)))
    signed(key, "card", raw, sig)
    need(org.hex() == doc["org"] and key.hex() in [row[0] for row in doc["keys"]], "key")
    need(key.hex() not in [row[0] for row in doc["revoked"]], "key")
    return {
        "org": org.hex(), "node_key": key.hex(), "n": n, "box_public": box.hex(), "exp_day": exp,
        "endpoints": ends, "features": features, "accepts": accepts, "oprf_kid": kid.hex(),
    }  # fmt: skip


def documents(value: Any) -> Any:
    pairs = [array(row, 2) for row in array(value, most=65)]
    last = pairs.pop() if len(pairs) > 1 and len(dec(pairs[-1][0])) == 10 else None
    chain = [document([raw.hex(), sig.hex()]) for raw, sig in pairs]
    need(chain)
    follow(None, chain, chain[0]["org"])
    order = [(doc["gen"], doc["ver"]) for doc in chain]
    need(order == sorted(set(order)))
    count = None if last is None else card(last[0], last[1], chain[-1])["n"]
    return {
        "org": chain[0]["org"],
        "gen": chain[-1]["gen"],
        "ver": chain[-1]["ver"],
        "card_n": count,
    }


def pieces(check: Callable[..., Any]) -> Callable[[Any], Any]:
    return lambda given: check(unhex(given["raw"]), unhex(given["sig"]))


def _signing(given: Any) -> Any:
    signed(unhex(given["public"]), given["context"], unhex(given["data"]), unhex(given["sig"]))
    return {}


CHECKS: dict[str, Callable[[Any], Any]] = {
    "keys_signing.json": _signing,
    "keys_orgdoc.json": pieces(orgdoc),
    "keys_key_state.json": key_state,
    "keys_pin.json": pin,
    "keys_card.json": lambda given: card(
        unhex(given["raw"]), unhex(given["sig"]), document(given["orgdoc"])
    ),
    "keys_documents.json": lambda given: documents(dec(unhex(given["docs"]))),
}
