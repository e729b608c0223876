"""What our own code makes of one input of each vector file of `keys`.

Used to write the files and to hold later versions to them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keys.card import decode_card
from keys.documents import decode_documents
from keys.endpoint import check_endpoint
from keys.envelope import make_box_key, open_wire, request_hash
from keys.invite import decode_invite, decode_reply
from keys.orgdoc import OrgDoc, decode_orgdoc
from keys.phrase import phrase_to_key
from keys.pin import accept
from keys.safety import safety_code, same_code
from keys.signing import verify
from protocol.codec import decode, encode
from protocol.ids import OrgId
from tests.vectors.run_matching import matching

unhex = bytes.fromhex


def _doc(pair: list[str]) -> OrgDoc:
    return decode_orgdoc(unhex(pair[0]), unhex(pair[1]))


def _signing(given: Any) -> Any:
    verify(unhex(given["public"]), given["context"], unhex(given["data"]), unhex(given["sig"]))
    return {}


def _orgdoc(given: Any) -> Any:
    doc = _doc([given["raw"], given["sig"]])
    return {
        "org": doc.org.hex(), "gen": doc.gen, "ver": doc.ver, "root": doc.root.hex(),
        "next": doc.next.hex(), "iat": doc.iat, "exp": doc.exp, "name": doc.name,
        "keys": [[key.hex(), first, last] for key, first, last in doc.keys],
        "revoked": [[key.hex(), since] for key, since in doc.revoked],
    }  # fmt: skip


def _key_state(given: Any) -> Any:
    doc = _doc(given["orgdoc"])
    return {"state": doc.key_state(unhex(given["node_key"]), given["day"])}


def _pin(given: Any) -> Any:
    pinned = None if given["pinned"] is None else _doc(given["pinned"])
    doc = accept(pinned, [_doc(pair) for pair in given["chain"]], OrgId(unhex(given["org"])))
    return {"gen": doc.gen, "ver": doc.ver}


def _card(given: Any) -> Any:
    card = decode_card(unhex(given["raw"]), unhex(given["sig"]), _doc(given["orgdoc"]))
    accepts = card.accepts
    return {
        "org": card.org.hex(), "node_key": card.node_key.hex(), "n": card.n,
        "box_public": card.box_public.hex(), "exp_day": card.exp_day,
        "endpoints": list(card.endpoints), "features": list(card.features),
        "accepts": [accepts.region, accepts.legal_model, [list(row) for row in accepts.levels]],
        "oprf_kid": card.oprf_kid.hex(),
    }  # fmt: skip


def _documents(given: Any) -> Any:
    docs = decode_documents(decode(unhex(given["docs"])))
    return {
        "org": docs.org.hex(),
        "gen": docs.current.gen,
        "ver": docs.current.ver,
        "card_n": None if docs.card is None else docs.card.n,
    }


def _envelope(given: Any) -> Any:
    boxes = [make_box_key(unhex(secret), 0) for secret in given["box_secrets"]]
    opened = open_wire(unhex(given["wire"]), boxes, OrgId(unhex(given["own_org"])))
    opened.verify(unhex(given["node_key"]))
    inner = opened.inner
    return {
        "type": inner.type, "from_org": inner.from_org.hex(), "n": inner.n, "re": inner.re.hex(),
        "body": encode(inner.body).hex(), "request_hash": request_hash(inner).hex(),
    }  # fmt: skip


def _invite(given: Any) -> Any:
    if "reply" in given:
        return {"wire": decode_reply(given["reply"]).hex()}
    invite = decode_invite(given["invite"])
    return {"org": invite.docs.org.hex(), "token": invite.token.hex()}


def _safety(given: Any) -> Any:
    org = OrgId(unhex(given["org"]))
    if "text" in given:
        return {"same": same_code(given["text"], org)}
    return {"code": safety_code(org)}


def _phrase(given: Any) -> Any:
    return {"public": phrase_to_key(given["phrase"]).public.hex()}


def _endpoint(given: Any) -> Any:
    check_endpoint(given["url"], allow_loopback=given["allow_loopback"])
    return {}


RUN: dict[str, Callable[[Any], Any]] = {
    "keys_signing.json": _signing,
    "keys_orgdoc.json": _orgdoc,
    "keys_key_state.json": _key_state,
    "keys_pin.json": _pin,
    "keys_card.json": _card,
    "keys_documents.json": _documents,
    "keys_envelope.json": _envelope,
    "keys_invite.json": _invite,
    "keys_safety.json": _safety,
    "keys_phrase.json": _phrase,
    "keys_endpoint.json": _endpoint,
    "keys_oprf.json": matching,
}
