"""What a holder of mailboxes takes and keeps, and what a depositor puts in one message.

Pure rules, rule numbers as in docs/spec/11-mailboxes.md. A holder sees a wire's first byte and its
size, and nothing else of it.
"""

from keys.card import Card
from keys.envelope import BUCKETS, OVERHEAD, SUITE
from protocol.errors import ErrorNumber, ProtocolError, malformed

FEATURE = "mailbox"  # among the features of a card: this node holds mail for its peers
WIRE_SIZES = frozenset(bucket + OVERHEAD for bucket in BUCKETS[:-1])
MOST_WIRE = max(WIRE_SIZES)
DEPOSITOR_BYTES = 8 * 1024 * 1024
KEEP_US = 14 * 86_400_000_000
PAGE_BYTES = 3 * MOST_WIRE  # of one answer: fits an envelope with room for its own fields
RETRY_S = 3600  # how long a depositor waits whose mail is not fetched
# One message for a mailbox fits the fourth size, with room for the envelope's own fields.
ITEM_BYTES = 44 * 1024
LIST_ROWS = 1000
HELD_ROWS = 800
DELTAS = 64


def offers(card: Card | None, today: int) -> bool:
    """Whether a peer holds mail for us, by its card."""
    return card is not None and FEATURE in card.features and card.is_current(today)


def check_drop(
    wire: bytes, *, offered: bool, depositor_trusted: bool, recipient_trusted: bool, kept: int
) -> None:
    """Refuse what this holder does not take; `kept` is how many bytes it has of this depositor.

    ProtocolError NOT_GRANTED (B1, B2; who is no peer here looks the same as who is not trusted),
    MALFORMED (B3), QUOTA (B4).
    """
    if not (offered and depositor_trusted and recipient_trusted):
        raise ProtocolError(ErrorNumber.NOT_GRANTED, "no mailbox for them here")
    if wire[:1] != bytes([SUITE]) or len(wire) not in WIRE_SIZES:
        raise malformed("this is no wire of a mailbox")
    if kept + len(wire) > DEPOSITOR_BYTES:
        raise ProtocolError(ErrorNumber.QUOTA, "a mailbox that is full", RETRY_S)
