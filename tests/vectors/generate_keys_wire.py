"""Vectors of what travels and what people read: envelopes, invites, codes, words, addresses."""

from __future__ import annotations

from hashlib import blake2b

from nacl import bindings

from keys.documents import Documents
from keys.envelope import key_id, make_inner
from keys.invite import Invite, encode_invite, encode_reply
from keys.phrase import new_phrase
from keys.safety import safety_code
from protocol.codec import Value, encode
from tests.support.key_material import Chance
from tests.vectors.drawing import Case, Cases
from tests.vectors.generate_keys import DOC, HARBOUR, NODE, RIVER, changed
from tests.vectors.run_keys import RUN

SENT = 1_767_225_600_000_000


def build() -> dict[str, list[Case]]:
    """Return the files about envelopes and about texts for people."""
    files = {
        "keys_envelope.json": _envelope,
        "keys_invite.json": _invite,
        "keys_safety.json": _safety,
        "keys_phrase.json": _phrase,
        "keys_endpoint.json": _endpoint,
    }
    built = {}
    for name, fill in files.items():
        cases = Cases(RUN[name])
        fill(cases)
        built[name] = cases.listed
    return built


def _fixed_seal(plain: bytes) -> bytes:
    """A sealed box with a one-time key that is always the same: for vectors only."""
    public = HARBOUR.box.public
    secret = blake2b(plain, digest_size=32).digest()
    one_time = bindings.crypto_scalarmult_base(secret)
    nonce = blake2b(one_time + public, digest_size=24).digest()
    return one_time + bindings.crypto_box(plain, nonce, public, secret)


def _wire(message: bytes, bucket: int = 1024) -> bytes:
    padded = message + b"\x80" + bytes(bucket - len(message) - 1)
    return b"\1" + key_id(HARBOUR.box.public) + _fixed_seal(padded)


def _signed(raw: bytes, sig: bytes | None = None) -> bytes:
    return encode([raw, sig or NODE.sign("msg", raw)])


def _envelope(cases: Cases) -> None:
    def given(wire: bytes, node_key: bytes = NODE.public) -> Case:
        return {
            "wire": wire.hex(),
            "box_secrets": [RIVER.box.secret.hex(), HARBOUR.box.secret.hex()],
            "own_org": HARBOUR.org.hex(),
            "node_key": node_key.hex(),
        }

    def raw(body: Value, re: bytes = b"") -> bytes:
        return make_inner("pull", RIVER.org, NODE.public, HARBOUR.org, SENT, re, body).raw

    def inside(at: int, value: Value) -> Case:
        return given(_wire(_signed(changed(raw([]), at, value))))

    good = _wire(_signed(raw([])))
    full = raw(b"x" * (1023 - 70 - len(raw(b"x" * 800)) + 800))
    cases.accept("a request", given(_wire(_signed(raw([7, b"digest"])))))
    cases.accept("an answer", given(_wire(_signed(raw([], b"r" * 32)))))
    cases.accept("a bigger bucket", given(_wire(_signed(raw(b"x" * 1000)), 4096)))
    cases.accept("a bucket full to the last byte but one", given(_wire(_signed(full))))
    cases.refuse("another suite", given(b"\2" + good[1:]), "version")
    cases.refuse("no byte", given(b""))
    cases.refuse("one byte short", given(good[:-1]))
    cases.refuse("an unknown box key", given(b"\1" + bytes(8) + good[9:]), "key")
    cases.refuse("a flipped byte", given(good[:-1] + bytes([good[-1] ^ 1])))
    cases.refuse("padded more than needed", given(_wire(_signed(raw([])), 4096)))
    zeros = b"\1" + key_id(HARBOUR.box.public) + _fixed_seal(bytes(1024))
    cases.refuse("no padding", given(zeros))
    cases.refuse("for another organisation", inside(4, bytes(RIVER.org)), "key")
    cases.refuse("another version inside", inside(0, 2), "version")
    cases.refuse("an answer to 31 bytes", inside(6, b"r" * 31))
    cases.refuse("a negative n", inside(5, -1))
    cases.refuse("a type of 17 characters", inside(1, "p" * 17))
    other = given(good, RIVER.other_node_key.public)
    cases.refuse("another sender's key than expected", other, "key")
    as_entry = given(_wire(_signed(raw([]), NODE.sign("entry", raw([])))))
    cases.refuse("signed as an entry", as_entry, "signature")


def _invite(cases: Cases) -> None:
    token = bytes(range(16))
    text = encode_invite(Invite(RIVER.documents(), token))
    reply = encode_reply(b"a sealed hello")
    forgiven = {
        "as it was made": text,
        "in capitals": text.upper(),
        "letters for digits": text.replace("0", "O").replace("1", "l"),
        "with hyphens": "-".join(text[at : at + 5] for at in range(0, len(text), 5)),
        "in lines": "\n".join(text[at : at + 60] for at in range(0, len(text), 60)),
    }
    for name, spelling in forgiven.items():
        cases.accept(name, {"invite": spelling})
    cases.accept("a reply", {"reply": reply})
    spoiled = {
        "empty": "",
        "another prefix": "parasol2" + text[8:],
        "cut short": text[:-8],
        "one symbol short": text[:-1],
        "a symbol changed": text[:100] + ("0" if text[100] != "0" else "2") + text[101:],
        "two symbols swapped": text[:100] + text[101] + text[100] + text[102:],
        "a letter outside the alphabet": text[:100] + "u" + text[101:],
        "a reply for an invite": reply,
        "a reply that is called an invite": reply.replace("parasol1r", "parasol1"),
    }
    for name, spelling in spoiled.items():
        cases.refuse(name, {"invite": spelling})
    cases.refuse("an invite for a reply", {"reply": text})
    mixed = encode_invite(Invite(Documents((DOC,), HARBOUR.card()), token))
    cases.refuse("another organisation's card inside", {"invite": mixed}, "key")


def _safety(cases: Cases) -> None:
    orgs = {"of nothing": bytes(32), "of ones": b"\xff" * 32, "Riverside": RIVER.org}
    for name, org in orgs.items():
        cases.accept(f"the code {name}", {"org": org.hex()})
    code = safety_code(RIVER.org)
    typed = {
        "as shown": code,
        "without spaces": code.replace(" ", ""),
        "with hyphens": code.replace(" ", "-"),
        "in Arabic digits": code.translate({48 + i: 0x0660 + i for i in range(10)}),
        "a digit short": code[:-1],
        "a digit more": code + "0",
        "with a letter": "x" + code,
        "of another organisation": safety_code(HARBOUR.org),
        "empty": "",
    }
    for name, text in typed.items():
        cases.accept(f"typed {name}", {"org": RIVER.org.hex(), "text": text})


def _phrase(cases: Cases) -> None:
    words = new_phrase(Chance("paper")).split()
    cases.accept("thirty-two zero bytes", {"phrase": "abandon " * 23 + "art"})
    cases.accept("words", {"phrase": " ".join(words)})
    cases.accept("in capitals, a line each", {"phrase": "\n".join(words).upper()})
    numbered = " ".join(f"{place}. {word}" for place, word in enumerate(words, 1))
    cases.accept("numbered", {"phrase": numbered})
    refused = {
        "a wrong checksum": ["abandon"] * 24,
        "twelve words": ["abandon"] * 11 + ["about"],
        "an unknown word": ["sesame", *words[1:]],
        "two words swapped": [words[1], words[0], *words[2:]],
    }
    for name, wrong in refused.items():
        cases.refuse(name, {"phrase": " ".join(wrong)}, "bad_phrase")


def _endpoint(cases: Cases) -> None:
    onion = "http://" + "a" * 56 + ".onion/s"
    allowed = [
        "https://node.example.org/s/abc", "https://node.example.org:8443/",
        "https://93.184.215.14/s", "https://[2606:2800:220:1:248:1893:25c8:1946]/s", onion,
    ]  # fmt: skip
    refused = [
        "http://node.example.org/s", "https://node.example.org", "https://a:b@node.example.org/s",
        "https://node.example.org/s?x", "https://localhost/s", "https://printer.local/s",
        "https://127.0.0.1/s", "https://127.1/s", "https://2130706433/s", "https://10.0.0.1/s",
        "https://192.168.1.1/s", "https://169.254.169.254/s", "https://[::1]/s",
        "https://[fd00::1]/s", "https://[::ffff:10.0.0.1]/s", "http://evil.onion/s",
        onion.replace("http", "https"), "ftp://node.example.org/s",
    ]  # fmt: skip
    for url in allowed:
        cases.accept(url, {"url": url, "allow_loopback": False})
    for url in refused:
        cases.refuse(url, {"url": url, "allow_loopback": False})
    local = {"url": "http://127.0.0.1:8701/s"}
    cases.accept("this machine, in development", {**local, "allow_loopback": True})
    cases.refuse("this machine, otherwise", {**local, "allow_loopback": False})
    lan = {"url": "http://192.168.1.1/s", "allow_loopback": True}
    cases.refuse("the local network, in development", lan)
