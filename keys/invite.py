"""The invite and its reply: documents that people paste, read aloud or scan.

Decides the text `parasol1:` + base32 of `enc([docs, token])` and a checksum, and `parasol1r:` + a
sealed hello for an inviter without an endpoint. The alphabet is Crockford's, which has no I, L, O
or U, so that 0 and O, 1 and I and l are the same, and capitals, spaces, line breaks and hyphens
mean nothing: a code survives being written down.

Invariant: a changed symbol is refused (a checksum of 40 bits, another for each of the two kinds).
"""

from __future__ import annotations

import base64
import binascii
import hmac
import io
from dataclasses import dataclass, field
from hashlib import blake2b

from keys.documents import Documents, decode_documents, encode_documents
from keys.envelope import MAX_WIRE
from protocol.codec import decode, encode
from protocol.errors import ErrorNumber, ProtocolError, malformed, too_big
from protocol.shape import as_array, as_bytes

INVITE = "parasol1:"
REPLY = "parasol1r:"
TOKEN_BYTES = 16
CHECK_BYTES = 5
MAX_INVITE = 65536
MAX_TEXT = 1_000_000

_CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"
_TO_CROCKFORD = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", _CROCKFORD)
_FROM_CROCKFORD = str.maketrans(_CROCKFORD, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
_MISREAD = str.maketrans({"o": "0", "i": "1", "l": "1", "-": None})


@dataclass(frozen=True, slots=True)
class Invite:
    """Who invites, and the token that lets one unknown organisation say hello within seven days."""

    docs: Documents
    token: bytes = field(repr=False)


def encode_invite(invite: Invite) -> str:
    """The text to paste; lower case, one line. ValueError if the token has not 16 bytes."""
    if len(invite.token) != TOKEN_BYTES:
        raise ValueError("a token has 16 bytes")
    return INVITE + _symbols(encode([encode_documents(invite.docs), invite.token]), INVITE)


def decode_invite(text: str) -> Invite:
    """Read a pasted invite and verify its documents.

    ProtocolError MALFORMED for a text that is no invite or was changed, and whatever
    `decode_documents` raises.
    """
    docs, token = as_array(decode(_data(text, INVITE), limit=MAX_INVITE), 2)
    return Invite(decode_documents(docs), as_bytes(token, TOKEN_BYTES))


def encode_reply(wire: bytes) -> str:
    """The text that carries a sealed hello back to an inviter without an endpoint."""
    return REPLY + _symbols(wire, REPLY)


def decode_reply(text: str) -> bytes:
    """Read a pasted reply; returns the wire, still sealed. ProtocolError MALFORMED or TOO_BIG."""
    wire = _data(text, REPLY)
    if len(wire) > MAX_WIRE:
        raise too_big("a reply is too long")
    return wire


def is_reply(text: str) -> bool:
    """Whether a pasted text begins as a reply does; it may still be refused."""
    return _split(text)[0] == _head(REPLY)


def qr_terminal(text: str) -> str:
    """Draw a text as a QR code in half blocks; capitals keep it small, and mean the same.

    ProtocolError TOO_BIG if it does not fit into one code.
    """
    import segno

    try:
        code = segno.make(text.upper(), error="l", micro=False)
    except segno.DataOverflowError:
        raise ProtocolError(ErrorNumber.TOO_BIG, "this is too long for a QR code") from None
    drawing = io.StringIO()
    code.terminal(drawing, compact=True, border=2)
    return drawing.getvalue()


def _check(data: bytes, kind: str) -> bytes:
    # The kind is in the checksum, so that an invite is never taken for a reply.
    return blake2b(
        kind.encode("ascii") + data, digest_size=CHECK_BYTES, person=b"parasol1.invite"
    ).digest()


def _symbols(data: bytes, kind: str) -> str:
    coded = base64.b32encode(data + _check(data, kind)).decode("ascii")
    return coded.rstrip("=").translate(_TO_CROCKFORD)


def _data(text: str, kind: str) -> bytes:
    head, symbols = _split(text)
    if head != _head(kind):
        wanted = "an invite begins with parasol1:" if kind == INVITE else "a reply: parasol1r:"
        raise malformed(f"this text is something else ({wanted})")
    if not symbols.isascii() or not set(symbols) <= set(_CROCKFORD):
        raise malformed("this text holds a character that no invite has")
    coded = symbols.translate(_FROM_CROCKFORD)
    try:
        raw = base64.b32decode(coded + "=" * (-len(coded) % 8))
    except (binascii.Error, ValueError):
        raise malformed("this text is cut short") from None
    if base64.b32encode(raw).decode("ascii").rstrip("=") != coded or len(raw) <= CHECK_BYTES:
        raise malformed("this text is cut short")
    data = raw[:-CHECK_BYTES]
    if not hmac.compare_digest(raw[-CHECK_BYTES:], _check(data, kind)):
        raise malformed("this text was changed or cut short; copy it again")
    return data


def _split(text: str) -> tuple[str, str]:
    if len(text) > MAX_TEXT:
        raise too_big("this text is too long")
    compact = "".join(text.split()).lower().translate(_MISREAD)
    head, colon, symbols = compact.partition(":")
    return head + colon, symbols


def _head(kind: str) -> str:
    return kind.translate(_MISREAD)
