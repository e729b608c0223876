"""The knock: how a channel is picked up again when a peer's box key has gone stale.

A peer restored from a backup, or asleep for two months, seals to a box key that nobody holds any
more and is answered with a bare 404 for ever. It may then send `03 ‖ one-time box key` to the same
secret path, and is answered with our documents, sealed to that key, padded as an envelope is.

Invariants: the answer is no more than `hello` gives to whoever knows the path, and is believed only
as far as the chain of org documents proves it; the one-time key is used for one answer.
"""

from __future__ import annotations

from nacl import bindings
from nacl.exceptions import CryptoError

from keys.documents import Documents, decode_documents, encode_documents
from keys.envelope import BUCKETS, BoxKey, pad, unpad
from keys.signing import PUBLIC_BYTES
from protocol.codec import decode, encode
from protocol.errors import ErrorNumber, ProtocolError, malformed
from protocol.ids import OrgId

KNOCK = 3
KNOCK_BYTES = 1 + PUBLIC_BYTES


def is_knock(wire: bytes) -> bool:
    """Whether what arrived at the path is a knock and no envelope."""
    return len(wire) == KNOCK_BYTES and wire[0] == KNOCK


def encode_knock(one_time: BoxKey) -> bytes:
    """The 33 bytes that ask for a peer's documents."""
    return bytes([KNOCK]) + one_time.public


def answer_knock(wire: bytes, documents: Documents) -> bytes:
    """Seal our documents to the key of a knock; ProtocolError MALFORMED, or KEY of small order."""
    if not is_knock(wire):
        raise malformed("not a knock")
    try:
        sealed = bindings.crypto_box_seal(pad(encode(encode_documents(documents))), wire[1:])
    except CryptoError:
        raise ProtocolError(ErrorNumber.KEY, "a box key of small order") from None
    return bytes([KNOCK]) + sealed


def open_answer(answer: bytes, one_time: BoxKey, org: OrgId) -> Documents:
    """Open the answer to our knock and verify that the documents are `org`'s.

    ProtocolError MALFORMED, KEY (another organisation) or whatever `decode_documents` raises.
    """
    if len(answer) - 1 - bindings.crypto_box_SEALBYTES not in BUCKETS or answer[0] != KNOCK:
        raise malformed("not the answer to a knock")
    try:
        padded = bindings.crypto_box_seal_open(answer[1:], one_time.public, one_time.secret)
    except CryptoError:
        raise malformed("an answer that does not open") from None
    documents = decode_documents(decode(unpad(padded)))
    if documents.org != org:
        raise ProtocolError(ErrorNumber.KEY, "the documents of another organisation")
    return documents
