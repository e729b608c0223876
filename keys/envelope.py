"""The envelope: everything that leaves a node, signed, padded and sealed to one peer.

`inner = [1, type, from_org, from_nk, to_org, n, re, body]`; `m = enc([inner, sig])`, both as bytes,
so that what was signed is what travels; m is padded to a bucket and sealed:
`wire = 01 ‖ H(kid, box_pk)[:8] ‖ crypto_box_seal(m)`. On the spine it stands between a delta and
the peer's endpoint, and at the other end it is the first thing that happens to bytes.

Opening goes: unseal, unpad, decode, check the recipient; then the caller finds the sender's key
and calls `Opened.verify`. Nothing of an `Opened` may be believed before that.

Invariants: the signature names sender and recipient, so nobody can pass a message on as if it had
been meant for another; the wire's size is one of five. Safe to call in a thread: no shared state.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from nacl import bindings
from nacl.exceptions import CryptoError

from keys.signing import PUBLIC_BYTES, SIGNATURE_BYTES, SigningKey, verify
from protocol.codec import Value, decode, encode
from protocol.errors import ErrorNumber, ProtocolError, malformed, too_big
from protocol.hashing import HASH_BYTES, h
from protocol.ids import Day, NodeKey, OrgId
from protocol.limits import INT_MAX
from protocol.shape import as_array, as_bytes, as_int, as_str

VERSION = 1
SUITE = 1
KID_BYTES = 8
BUCKETS = (1024, 4096, 16384, 65536, 262144)
OVERHEAD = 1 + KID_BYTES + bindings.crypto_box_SEALBYTES
MAX_WIRE = BUCKETS[-1] + OVERHEAD
# m adds 72 bytes to the inner: array 1, bin32 5, bin8 2, signature 64; padding adds at least 1.
MAX_INNER = BUCKETS[-1] - 73
MAX_TYPE = 16
_SIG_HEAD = b"\xc4\x40"  # bin 8 of 64 bytes
_SIG_HEAD_BYTES = 2
FIELDS = 8


@dataclass(frozen=True, slots=True)
class BoxKey:
    """An X25519 key that peers seal to. Destroyed 14 days after its card, and never backed up."""

    public: bytes
    secret: bytes = field(repr=False)
    made_day: Day

    @property
    def kid(self) -> bytes:
        """The eight bytes by which a wire names this key."""
        return key_id(self.public)


@dataclass(frozen=True, slots=True)
class Inner:
    """A message before sealing; `raw` is its encoding, the bytes that are signed."""

    type: str
    from_org: OrgId
    from_key: NodeKey
    to_org: OrgId
    n: int
    re: bytes
    body: Value = field(repr=False)
    raw: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Opened:
    """An unsealed message that is meant for us; its sender is not proved until `verify`."""

    inner: Inner
    sig: bytes = field(repr=False)

    def verify(self, node_key: bytes) -> None:
        """Prove that the owner of `node_key` sent this; ProtocolError KEY or SIGNATURE."""
        if node_key != self.inner.from_key:
            raise ProtocolError(ErrorNumber.KEY, "a message under another key than expected")
        verify(node_key, "msg", self.inner.raw, self.sig)


def make_box_key(secret: bytes, made_day: int) -> BoxKey:
    """Make a box key from 32 random bytes."""
    return BoxKey(bindings.crypto_scalarmult_base(secret), secret, Day(made_day))


def key_id(box_public: bytes) -> bytes:
    """The first eight bytes of `H(kid, box_pk)`."""
    return h("kid", box_public)[:KID_BYTES]


def request_hash(inner: Inner) -> bytes:
    """What an answer carries as `re`: `H(req, inner)`, 32 bytes."""
    return h("req", inner.raw)


def make_inner(
    type: str,  # noqa: A002  # the word of the wire format
    from_org: OrgId,
    from_key: NodeKey,
    to_org: OrgId,
    n: int,
    re: bytes,
    body: Value,
) -> Inner:
    """Put a message together; `re` is empty in a request. ProtocolError TOO_BIG or MALFORMED."""
    rows: list[Value] = [VERSION, type, bytes(from_org), bytes(from_key), bytes(to_org), n, re]
    raw = encode([*rows, body])
    if len(raw) > MAX_INNER:
        raise too_big("a message is too big for an envelope")
    return Inner(type, from_org, from_key, to_org, n, re, body, raw)


def seal(inner: Inner, signing_key: SigningKey, recipient_box_public: bytes) -> bytes:
    """Sign, pad and seal a message; returns the wire, one of five sizes plus 57 bytes.

    ValueError if `signing_key` is not the key that the message names, or the box key has not 32
    bytes; ProtocolError KEY for a box key that no one can hold.
    """
    if signing_key.public != inner.from_key:
        raise ValueError("a message must be signed by the key that it names")
    if len(recipient_box_public) != PUBLIC_BYTES:
        raise ValueError("a box key has 32 bytes")
    message = encode([inner.raw, signing_key.sign("msg", inner.raw)])
    try:
        sealed = bindings.crypto_box_seal(pad(message), recipient_box_public)
    except CryptoError:
        raise ProtocolError(ErrorNumber.KEY, "a box key of small order") from None
    return bytes([SUITE]) + key_id(recipient_box_public) + sealed


def open_wire(wire: bytes, box_keys: Sequence[BoxKey], own_org: OrgId) -> Opened:
    """Unseal, unpad and decode a wire and check that it is meant for `own_org`.

    ProtocolError: TOO_BIG; VERSION for another suite; KEY if none of `box_keys` fits or the message
    is for another organisation; MALFORMED for anything else. All of them answer a bare 404.
    """
    if len(wire) > MAX_WIRE:
        raise too_big("a wire is too long")
    if not wire:
        raise malformed("an empty wire")
    if wire[0] != SUITE:
        raise ProtocolError(ErrorNumber.VERSION, "a wire of another suite")
    if len(wire) - OVERHEAD not in BUCKETS:
        raise malformed("a wire of an impossible size")
    kid = wire[1 : 1 + KID_BYTES]
    fitting = [key for key in box_keys if key.kid == kid]
    if not fitting:
        raise ProtocolError(ErrorNumber.KEY, "a wire for a box key that we do not hold")
    for key in fitting:
        try:
            padded = bindings.crypto_box_seal_open(wire[1 + KID_BYTES :], key.public, key.secret)
        except CryptoError:
            continue
        return _decode_message(unpad(padded), own_org)
    raise malformed("a wire that does not open")


def pad(message: bytes) -> bytes:
    """Fill a message up to the smallest bucket that holds it; ProtocolError TOO_BIG if none does.

    ISO/IEC 7816-4: a byte 80, then zeros.
    """
    for bucket in BUCKETS:
        if len(message) < bucket:
            # As sodium_pad does it; that works bytewise in constant time, which costs as much as
            # the sealing, and the length of our own message is no secret to us.
            return message + b"\x80" + bytes(bucket - len(message) - 1)
    raise too_big("a message is too big for an envelope")


def unpad(padded: bytes) -> bytes:
    """Take the padding off; ProtocolError MALFORMED if it is wrong or longer than needed."""
    # No padding oracle: the box has authenticated all of this before.
    message = padded.rstrip(b"\0")
    if not message.endswith(b"\x80"):
        raise malformed("bad padding")
    smaller = [bucket for bucket in BUCKETS if bucket < len(padded)]
    if smaller and len(message) <= smaller[-1]:
        raise malformed("padded more than needed")
    return message[:-1]


def _decode_message(message: bytes, own_org: OrgId) -> Opened:
    raw, sig = _split(message)
    rows = as_array(decode(raw))
    if not rows or as_int(rows[0], 0) != VERSION:
        raise ProtocolError(ErrorNumber.VERSION, "a message of another version")
    if len(rows) != FIELDS:
        raise malformed("a message has eight parts")
    re = as_bytes(rows[6], most=HASH_BYTES)
    if len(re) not in {0, HASH_BYTES}:
        raise malformed("a message answers by 32 bytes or by none")
    inner = Inner(
        type=as_str(rows[1], MAX_TYPE),
        from_org=OrgId(as_bytes(rows[2], 32)),
        from_key=NodeKey(as_bytes(rows[3], PUBLIC_BYTES)),
        to_org=OrgId(as_bytes(rows[4], 32)),
        n=as_int(rows[5], 0, INT_MAX),
        re=re,
        body=rows[7],
        raw=raw,
    )
    if inner.to_org != own_org:
        raise ProtocolError(ErrorNumber.KEY, "a message for another organisation")
    return Opened(inner, sig)


def _split(message: bytes) -> tuple[bytes, bytes]:
    """Take `enc([raw, sig])` apart by its only possible layout.

    `decode` would copy a quarter of a megabyte twice more: a fifth of the cost of opening.
    """
    end = len(message) - _SIG_HEAD_BYTES - SIGNATURE_BYTES
    for head in (3, 4, 6):
        if (
            head <= end
            and message[:head] == _head(end - head)
            and message.startswith(_SIG_HEAD, end)
        ):
            return message[head:end], message[end + _SIG_HEAD_BYTES :]
    raise malformed("a message is bytes and a signature")


def _head(size: int) -> bytes:
    # An array of two, then the shortest header for so many bytes (bin 8, 16 or 32).
    if size < 1 << 8:
        return b"\x92\xc4" + size.to_bytes(1, "big")
    if size < 1 << 16:
        return b"\x92\xc5" + size.to_bytes(2, "big")
    return b"\x92\xc6" + size.to_bytes(4, "big")
