"""Vectors of who speaks: signatures, org documents, succession, cards, documents in transit.

Keys follow from made-up names, so the files come out the same every time. The runs are in
`run_keys`; envelopes, invites and what people read are in `generate_keys_wire`.
"""

from __future__ import annotations

from keys.card import Card
from keys.documents import Documents, encode_documents
from keys.orgdoc import OrgDoc
from keys.signing import SigningKey
from protocol.codec import Value, decode, encode
from tests.support.key_material import TODAY, made_up
from tests.vectors.drawing import Case, Cases
from tests.vectors.run_keys import RUN

RIVER = made_up("Riverside")
HARBOUR = made_up("Harbour")
DOC, CARD = RIVER.doc(), RIVER.card()
ROOT, NODE = RIVER.roots[0], RIVER.node_key


def build() -> dict[str, list[Case]]:
    """Return the files about keys and documents."""
    files = {
        "keys_signing.json": _signing,
        "keys_orgdoc.json": _orgdoc,
        "keys_key_state.json": _key_state,
        "keys_pin.json": _pin,
        "keys_card.json": _card,
        "keys_documents.json": _documents,
    }
    built = {}
    for name, fill in files.items():
        cases = Cases(RUN[name])
        fill(cases)
        built[name] = cases.listed
    return built


def changed(raw: bytes, at: int, value: Value) -> bytes:
    """Return the same array with another part."""
    rows = decode(raw)
    if not isinstance(rows, list):
        raise TypeError("only arrays have parts")
    return encode([*rows[:at], value, *rows[at + 1 :]])


def _pair(document: OrgDoc | Card) -> list[str]:
    return [document.raw.hex(), document.sig.hex()]


def _signing(cases: Cases) -> None:
    given = {"public": NODE.public.hex(), "context": "msg", "data": b"text".hex()}
    good = NODE.sign("msg", b"text").hex()
    for context in ("org", "card", "entry", "msg"):
        sig = NODE.sign(context, b"text").hex()
        cases.accept(f"a signature for {context}", {**given, "context": context, "sig": sig})
    cases.refuse("another context", {**given, "context": "entry", "sig": good}, "signature")
    cases.refuse("another text", {**given, "data": "00", "sig": good}, "signature")
    cases.refuse("a signature of 63 bytes", {**given, "sig": good[:-2]}, "signature")
    cases.refuse("a signature of 65 bytes", {**given, "sig": good + "00"}, "signature")
    small = {"public": (b"\1" + bytes(31)).hex(), "sig": (b"\1" + bytes(63)).hex()}
    cases.refuse("a key of small order", {**given, **small}, "signature")


def _orgdoc(cases: Cases) -> None:
    def given(raw: bytes, sig: bytes | None = None) -> Case:
        return {"raw": raw.hex(), "sig": (sig or ROOT.sign("org", raw)).hex()}

    both = ((NODE, TODAY, TODAY + 9), (RIVER.other_node_key, TODAY, TODAY + 365))
    good = {
        "a first document": DOC,
        "a second generation": RIVER.doc(1, 0),
        "two node keys, one revoked": RIVER.doc(0, 2, keys=both, revoked=((NODE, TODAY + 3),)),
        "no node key": RIVER.doc(0, 3, keys=()),
        "a name outside ASCII": RIVER.doc(0, 4, name="Прибой"),
    }
    for name, doc in good.items():
        cases.accept(name, given(doc.raw, doc.sig))
    cases.accept("a life of 400 days", given(changed(DOC.raw, 7, TODAY + 400)))
    key = b"k" * 32
    bad: list[tuple[str, int, Value, str]] = [
        ("another version", 0, 2, "version"),
        ("the version as a boolean", 0, True, "malformed"),
        ("an id that is not the hash of root and next", 1, key, "key"),
        ("a negative generation", 2, -1, "malformed"),
        ("a root of 31 bytes", 4, key[:31], "malformed"),
        ("an end before the beginning", 7, TODAY - 1, "malformed"),
        ("a life of 401 days", 7, TODAY + 401, "malformed"),
        ("no name", 8, "", "malformed"),
        ("a name of 81 characters", 8, "n" * 81, "malformed"),
        ("a key that ends before it begins", 9, [[key, 5, 4]], "malformed"),
        ("a key listed twice", 9, [[key, 5, 6], [key, 7, 8]], "malformed"),
        ("nine keys", 9, [[bytes([i]) * 32, 5, 6] for i in range(9)], "malformed"),
        ("a key revoked twice", 10, [[key, 5], [key, 6]], "malformed"),
        ("sixty-five revoked keys", 10, [[bytes([i]) * 32, 5] for i in range(65)], "malformed"),
    ]
    for name, at, value, error in bad:
        cases.refuse(name, given(changed(DOC.raw, at, value)), error)
    rows = decode(DOC.raw)
    cases.refuse("a twelfth part", given(encode([*rows, 0] if isinstance(rows, list) else [])))
    cases.refuse("a byte after the end", given(DOC.raw + b"\0"))
    by_other = RIVER.roots[1].sign("org", DOC.raw)
    cases.refuse("signed by another root", given(DOC.raw, by_other), "signature")
    cases.refuse("signed as a card", given(DOC.raw, ROOT.sign("card", DOC.raw)), "signature")


def _key_state(cases: Cases) -> None:
    other, stranger = RIVER.other_node_key, HARBOUR.node_key
    doc = RIVER.doc(
        0,
        2,
        keys=((NODE, TODAY, TODAY + 9), (other, TODAY, TODAY + 365)),
        revoked=((NODE, TODAY + 5), (stranger, TODAY)),
    )
    rows: list[tuple[str, SigningKey, int]] = [
        ("the day before a key's first", NODE, TODAY - 1),
        ("a key's first day", NODE, TODAY),
        ("the day before a revocation", NODE, TODAY + 4),
        ("the day of a revocation", NODE, TODAY + 5),
        ("revoked and past its last day", NODE, TODAY + 10),
        ("a key's last day", other, TODAY + 365),
        ("the day after a key's last", other, TODAY + 366),
        ("not listed, before its revocation", stranger, TODAY - 1),
        ("not listed, revoked", stranger, TODAY),
        ("not listed", HARBOUR.other_node_key, TODAY),
    ]
    for name, key, day in rows:
        cases.accept(name, {"orgdoc": _pair(doc), "node_key": key.public.hex(), "day": day})


def _pin(cases: Cases) -> None:
    first, later, second, third = DOC, RIVER.doc(0, 3), RIVER.doc(1), RIVER.doc(2)

    def given(pinned: OrgDoc | None, *chain: OrgDoc, org: bytes = DOC.org) -> Case:
        return {
            "pinned": None if pinned is None else _pair(pinned),
            "chain": [_pair(doc) for doc in chain],
            "org": org.hex(),
        }

    cases.accept("first contact", given(None, first))
    cases.accept("first contact over three generations", given(None, first, second, third))
    cases.accept("a higher version", given(first, later))
    cases.accept("a lower version changes nothing", given(later, first))
    cases.accept("the same document", given(first, first))
    cases.accept("the committed root, at a lower version", given(later, second))
    cases.accept("a chain from before the pin", given(second, first, second, third))
    cases.accept("the old root after it was replaced", given(second, RIVER.doc(0, 99)))
    strange_next = RIVER.doc(1, 2, next_root=ROOT)
    cases.refuse("first contact without generation 0", given(None, second), "key")
    cases.refuse("another organisation than expected", given(None, first, org=HARBOUR.org), "key")
    cases.refuse("another organisation's document", given(first, HARBOUR.doc()), "key")
    thief = RIVER.doc(1, 9, root=RIVER.roots[3])
    cases.refuse("a root that was not committed to", given(first, thief), "key")
    cases.refuse("the old root as the next", given(first, RIVER.doc(1, root=ROOT)), "key")
    cases.refuse("a skipped generation", given(first, third), "key")
    cases.refuse("another next root within a generation", given(second, strange_next), "key")
    cases.refuse("no document", given(first), "key")
    two_texts = given(first, RIVER.doc(0, 1, name="Riverside Two"))
    cases.refuse("other bytes under one version (alarm)", two_texts, "key")


def _card(cases: Cases) -> None:
    def given(raw: bytes, sig: bytes | None = None, doc: OrgDoc = DOC) -> Case:
        sig = sig or NODE.sign("card", raw)
        return {"raw": raw.hex(), "sig": sig.hex(), "orgdoc": _pair(doc)}

    bare = changed(changed(changed(CARD.raw, 6, []), 7, []), 8, ["", "", []])
    cases.accept("a card", given(CARD.raw))
    cases.accept("a card of a node that cannot be called", given(bare))
    cases.accept("a card with an OPRF key", given(changed(CARD.raw, 9, b"12345678")))
    newer = RIVER.doc(0, 2, keys=((RIVER.other_node_key, 1, 2), (NODE, 1, 2)))
    cases.accept("a card under the second of two keys", given(CARD.raw, CARD.sig, newer))
    bad: list[tuple[str, int, Value, str]] = [
        ("another version", 0, 2, "version"),
        ("a count of nought", 3, 0, "malformed"),
        ("a box key of 33 bytes", 4, b"x" * 33, "malformed"),
        ("nine endpoints", 6, ["https://node.example.org/s"] * 9, "malformed"),
        ("switches out of order", 8, ["FR", "regulated", [["b", "x"], ["a", "x"]]], "malformed"),
        ("a switch twice", 8, ["FR", "regulated", [["a", "x"], ["a", "y"]]], "malformed"),
        ("an OPRF key id of 7 bytes", 9, b"1234567", "malformed"),
    ]
    for name, at, value, error in bad:
        cases.refuse(name, given(changed(CARD.raw, at, value)), error)
    other = RIVER.card(node_key=RIVER.other_node_key)
    revoking = RIVER.doc(0, 2, revoked=((NODE, TODAY + 300),))
    cases.refuse("an unlisted key", given(other.raw, other.sig), "key")
    cases.refuse("a key that is revoked, even later", given(CARD.raw, CARD.sig, revoking), "key")
    cases.refuse("another organisation", given(CARD.raw, CARD.sig, HARBOUR.doc()), "key")
    as_org = given(CARD.raw, NODE.sign("org", CARD.raw))
    cases.refuse("signed as an org document", as_org, "signature")


def _documents(cases: Cases) -> None:
    def rows(*chain: OrgDoc, card: Card | None = None) -> list[Value]:
        value = encode_documents(Documents(chain, card))
        return value if isinstance(value, list) else []

    def given(value: list[Value]) -> Case:
        return {"docs": encode(value).hex()}

    whole = rows(DOC, RIVER.doc(1), RIVER.doc(2), card=CARD)
    cases.accept("three generations and a card", given(whole))
    cases.accept("one document and a card", given(rows(DOC, card=CARD)))
    cases.accept("no card", given(rows(DOC)))
    cases.refuse("none", given([]))
    cases.refuse("without the beginning", given(whole[1:]), "key")
    cases.refuse("with a gap", given([whole[0], whole[2]]), "key")
    cases.refuse("newest first", given(rows(RIVER.doc(0, 2), DOC)))
    cases.refuse("an older one between", given(rows(RIVER.doc(0, 2), DOC, RIVER.doc(0, 3))))
    cases.refuse("the same twice", given(rows(DOC, DOC)))
    cases.refuse("another organisation's card", given(rows(DOC, card=HARBOUR.card())), "key")
    cases.refuse("another organisation's document", given(rows(DOC, HARBOUR.doc())), "key")
