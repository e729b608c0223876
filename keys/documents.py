"""An organisation's documents in transit: its org documents from generation 0 on, then its card.

Decides that whoever hands over documents can tie them to one organisation's id without knowing
anything about it: the chain is walked from generation 0 to the newest, and the card belongs to
that. Used in `hello`, in invites, and when a lost channel is picked up again.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from keys.card import FIELDS as CARD_FIELDS
from keys.card import Card, decode_card
from keys.orgdoc import OrgDoc, decode_orgdoc
from keys.pin import accept
from keys.signing import SIGNATURE_BYTES
from protocol.codec import Value, decode
from protocol.errors import malformed
from protocol.ids import OrgId
from protocol.shape import as_array, as_bytes

MAX_DOCUMENTS = 65
DOCUMENT_BYTES = 8192


@dataclass(frozen=True, slots=True)
class Documents:
    """A verified chain of org documents, and the card if there is one (a lost node has none)."""

    orgdocs: tuple[OrgDoc, ...]
    card: Card | None

    @property
    def org(self) -> OrgId:
        """The organisation that all of these belong to."""
        return self.orgdocs[0].org

    @property
    def current(self) -> OrgDoc:
        """The newest org document."""
        return self.orgdocs[-1]


def encode_documents(documents: Documents) -> Value:
    """The value `[[bytes, sig]…]` that travels; the card last."""
    rows: list[Value] = [[document.raw, document.sig] for document in documents.orgdocs]
    if documents.card is not None:
        rows.append([documents.card.raw, documents.card.sig])
    return rows


def decode_documents(value: Value) -> Documents:
    """Read and verify `[[bytes, sig]…]`: each follows the one before, the card goes with the last.

    ProtocolError MALFORMED, VERSION, KEY or SIGNATURE, also for documents out of order.
    """
    pairs = [_pair(row) for row in as_array(value, most=MAX_DOCUMENTS)]
    card_pair = pairs.pop() if len(pairs) > 1 and _is_card(pairs[-1][0]) else None
    orgdocs = tuple(decode_orgdoc(raw, sig) for raw, sig in pairs)
    if not orgdocs:
        raise malformed("no org document")
    accept(None, orgdocs)
    if any((a.gen, a.ver) >= (b.gen, b.ver) for a, b in pairwise(orgdocs)):
        raise malformed("org documents travel oldest first, each once")
    card = decode_card(*card_pair, orgdocs[-1]) if card_pair is not None else None
    return Documents(orgdocs, card)


def _pair(row: Value) -> tuple[bytes, bytes]:
    raw, sig = as_array(row, 2)
    return as_bytes(raw, most=DOCUMENT_BYTES), as_bytes(sig, SIGNATURE_BYTES)


def _is_card(raw: bytes) -> bool:
    # An org document has eleven parts and a card ten; the signatures' contexts tell them apart too.
    value = decode(raw, limit=DOCUMENT_BYTES)
    return isinstance(value, list) and len(value) == CARD_FIELDS
