"""A second reading of docs/spec/06-envelopes.md and of the texts of 05-keys.md, for their vectors.

X25519 and the BIP-39 list of words come from their usual libraries; nothing is the project's own.
"""

from __future__ import annotations

import ipaddress
import re
from base64 import b32decode, b32encode
from collections.abc import Callable
from hashlib import blake2b, sha256
from typing import Any
from urllib.parse import urlsplit

from mnemonic import Mnemonic
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, SealedBox
from nacl.signing import SigningKey

from tests.vectors.verifier_bytes import Refused, array, binary, dec, enc, h, integer, need, text
from tests.vectors.verifier_keys import documents, signed, unhex, versioned


def envelope(given: Any) -> Any:
    wire, buckets = unhex(given["wire"]), [1024, 4096, 16384, 65536, 262144]
    need(wire)
    need(wire[0] == 1, "version")
    need(len(wire) - 57 in buckets)
    boxes = [PrivateKey(unhex(secret)) for secret in given["box_secrets"]]
    held = {h("kid", bytes(box.public_key))[:8]: box for box in boxes}
    need(wire[1:9] in held, "key")
    try:
        padded = SealedBox(held[wire[1:9]]).decrypt(wire[9:])
    except CryptoError:
        raise Refused("malformed") from None
    message, mark, zeros = padded.rpartition(b"\x80")
    need(mark and not zeros.strip(b"\0"))
    need(len(padded) == min(bucket for bucket in buckets if bucket > len(message)))
    raw, sig = array(dec(message), 2)
    binary(sig, 64)
    _, kind, org, key, to, n, re_, body = versioned(raw, 8)
    text(kind, 16, 0)
    for value in (org, key, to):
        binary(value, 32)
    integer(n)
    need(type(re_) is bytes and len(re_) in {0, 32})
    need(to.hex() == given["own_org"] and key.hex() == given["node_key"], "key")
    signed(key, "msg", raw, sig)
    return {
        "type": kind, "from_org": org.hex(), "n": n, "re": re_.hex(), "body": enc(body).hex(),
        "request_hash": h("req", raw).hex(),
    }  # fmt: skip


def invite(given: Any) -> Any:
    kind = "parasol1r:" if "reply" in given else "parasol1:"
    alike = str.maketrans("oil", "011", "-")
    typed = "".join(given.get("reply", given.get("invite")).split()).lower().translate(alike)
    need(typed.startswith(kind.translate(alike)))
    symbols, alphabet = typed[len(kind) :], "0123456789abcdefghjkmnpqrstvwxyz"
    need(re.fullmatch(f"[{alphabet}]*", symbols) and len(symbols) % 8 in {0, 2, 4, 5, 7})
    coded = "".join("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[alphabet.index(s)] for s in symbols)
    data = b32decode(coded + "=" * (-len(coded) % 8))
    need(len(data) > 5 and b32encode(data).decode().rstrip("=") == coded)
    body, person = data[:-5], b"parasol1.invite"
    need(blake2b(kind.encode() + body, digest_size=5, person=person).digest() == data[-5:])
    if "reply" in given:
        return {"wire": body.hex()}
    docs, token = array(dec(body), 2)
    binary(token, 16)
    return {"org": documents(docs)["org"], "token": token.hex()}


def safety(given: Any) -> Any:
    raw = blake2b(unhex(given["org"]), digest_size=30, person=b"parasol1.safety").digest()
    groups = [int.from_bytes(raw[at : at + 5]) % 100_000 for at in range(0, 30, 5)]
    code = " ".join(f"{group:05}" for group in groups)
    if "text" not in given:
        return {"code": code}
    typed = re.sub(r"[\s-]", "", given["text"])
    return {
        "same": typed.isdecimal() and "".join(str(int(c)) for c in typed) == code.replace(" ", "")
    }


def phrase(given: Any) -> Any:
    words = re.findall(r"[a-z]+", given["phrase"].lower())
    known = Mnemonic("english").wordlist
    need(len(words) == 24 and set(words) <= set(known), "bad_phrase")
    bits = "".join(f"{known.index(word):011b}" for word in words)
    seed = int(bits[:256], 2).to_bytes(32)
    need(sha256(seed).digest()[0] == int(bits[256:], 2), "bad_phrase")
    return {"public": bytes(SigningKey(seed).verify_key).hex()}


def endpoint(given: Any) -> Any:
    url = urlsplit(given["url"])
    host = url.hostname or ""
    need(url.path and "@" not in url.netloc and not url.query)
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        if url.scheme == "http":
            need(re.fullmatch(r"[a-z2-7]{56}\.onion", host))
        else:
            need(url.scheme == "https" and re.fullmatch(r"([a-z0-9-]+\.)+[a-z][a-z0-9-]*", host))
            need(not host.endswith((".local", ".onion")))
        return {}
    inner = getattr(address, "ipv4_mapped", None) or address
    local = given["allow_loopback"] and inner.is_loopback
    need(local or (url.scheme == "https" and inner.is_global))
    return {}


CHECKS: dict[str, Callable[[Any], Any]] = {
    "keys_envelope.json": envelope,
    "keys_invite.json": invite,
    "keys_safety.json": safety,
    "keys_phrase.json": phrase,
    "keys_endpoint.json": endpoint,
}
