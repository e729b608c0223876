"""Vectors of matching without seeing: keys, tokens, and one identifier's way there and back."""

from __future__ import annotations

from keys.oprf import blind, derive_key, evaluate, kind_info, token_input
from keys.ristretto import ORDER
from protocol.vocabulary import IDENTIFIER_KINDS
from tests.support.key_material import Chance
from tests.support.rfc_ristretto import (
    BAD_ENCODINGS,
    BLIND,
    KEY_INFO,
    MULTIPLES,
    OPRF,
    SECRET,
    SEED,
)
from tests.vectors.drawing import Case, Cases
from tests.vectors.run_matching import fixed, matching

RIVERSIDE_SEED = Chance("Riverside matches")(32)
KEY = derive_key(RIVERSIDE_SEED)
HARBOUR_BLIND = (int.from_bytes(Chance("Harbour asks")(64), "little") % ORDER).to_bytes(
    32, "little"
)
PHONE = "+15105550189"
IDENTIFIERS = (
    ("phone", PHONE),
    ("email", "ana@example.org"),
    ("handle", "telegram:some_name"),
    ("plate", "US:7ABC271"),
    ("profile", "example.com/a"),
    ("profile", "example.com/\u00e9t\u00e9"),
)


def build() -> dict[str, list[Case]]:
    """Return the file about matching."""
    cases = Cases(matching)
    _published(cases)
    _own(cases)
    _way(cases)
    _refused(cases)
    return {"keys_oprf.json": cases.listed}


def _published(cases: Cases) -> None:
    cases.accept("RFC 9497 A.1.1: the key", {"seed": SEED, "info": KEY_INFO})
    for name, (data, element, evaluated, _) in OPRF.items():
        cases.accept(f"RFC 9497 {name}: blinded", {"input": data, "blind": BLIND})
        cases.accept(f"RFC 9497 {name}: evaluated", {"secret": SECRET, "element": element})
        given = {"input": data, "blind": BLIND, "evaluated": evaluated}
        cases.accept(f"RFC 9497 {name}: unblinded", given)


def _own(cases: Cases) -> None:
    seed = RIVERSIDE_SEED.hex()
    for kind in IDENTIFIER_KINDS:
        given = {"seed": seed, "info": kind_info(kind).hex()}
        cases.accept(f"the key of Riverside for {kind}", given)
    cases.accept("the key id of Riverside", {"seed": seed})
    for number, (kind, normal) in enumerate(IDENTIFIERS, 1):
        given = {"seed": seed, "idkind": kind, "normal": normal}
        cases.accept(f"the token of {kind} {number}", given)
    as_email = {"seed": seed, "idkind": "email", "normal": PHONE}
    cases.accept("another kind, another token", as_email)
    other = {"seed": Chance("Harbour matches")(32).hex(), "idkind": "phone", "normal": PHONE}
    cases.accept("another key, another token", other)
    for kind in ("name", "photo", "phone.masked", "Phone", ""):
        given = {"seed": seed, "idkind": kind, "normal": PHONE}
        cases.refuse(f"a token of kind {kind!r}", given)


def _way(cases: Cases) -> None:
    data, scalar = token_input("phone", PHONE), HARBOUR_BLIND
    blinded = blind(data, fixed(scalar))
    evaluated = evaluate(KEY.of("phone"), blinded.element)
    asked = {"input": data.hex(), "blind": scalar.hex()}
    cases.accept("Harbour blinds", asked)
    cases.accept(
        "Riverside evaluates",
        {"secret": KEY.of("phone").secret.hex(), "element": blinded.element.hex()},
    )
    cases.accept("Harbour unblinds", {**asked, "evaluated": evaluated.hex()})
    email = KEY.of("email")
    as_email = evaluate(email, blinded.element)
    given = {"secret": email.secret.hex(), "element": blinded.element.hex()}
    cases.accept("Riverside evaluates it as an email", given)
    cases.accept("what Harbour then has is no token", {**asked, "evaluated": as_email.hex()})


def _refused(cases: Cases) -> None:
    data = token_input("phone", PHONE).hex()

    def given(element: str) -> tuple[Case, Case]:
        asked = {"secret": KEY.of("phone").secret.hex(), "element": element}
        return asked, {"input": data, "blind": HARBOUR_BLIND.hex(), "evaluated": element}

    good, identity = MULTIPLES[1], MULTIPLES[0]
    bad = {
        "the identity": identity,
        "no byte": "",
        "31 bytes": good[:-2],
        "33 bytes": good + "00",
        "the highest bit set": f"{good[:-2]}{int(good[-2:], 16) | 0x80:02x}",
        "the generator as Ed25519 writes it": "58" + "66" * 31,
    }
    for rule, encodings in BAD_ENCODINGS.items():
        bad |= {f"{rule} {number}": text for number, text in enumerate(encodings, 1)}
    for name, element in bad.items():
        asked, answered = given(element)
        cases.refuse(f"an element: {name}", asked)
        cases.refuse(f"an answer: {name}", answered)
