"""The card: where a node can be reached, how to seal to it, and what its policy can hold.

Decides the bytes `[1, org, nk, n, box_pk, exp_day, endpoints, features, accepts, oprf_kid]`, signed
by a node key that the org document lists. Also decides which endpoints may be called at all: a
malicious card must not make this node knock on doors of its own network.

Invariants: the highest `n` wins; a card lives at most 45 days. Endpoints are only read here as
texts: whoever is about to connect calls `check_endpoint`, and again for the resolved address.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from keys.endpoint import check_endpoint as check_endpoint  # noqa: PLC0414  # offered here too
from keys.errors import BadDocument
from keys.orgdoc import OrgDoc
from keys.signing import PUBLIC_BYTES, SigningKey, verify
from protocol.codec import Value, decode, encode
from protocol.errors import ErrorNumber, ProtocolError, malformed
from protocol.ids import Day, NodeKey, OrgId
from protocol.limits import DAY_MAX, INT_MAX
from protocol.shape import as_array, as_bytes, as_int, as_str

VERSION = 1
FIELDS = 10
CARD_BYTES = 8192
LIFETIME_DAYS = 45
MAX_ENDPOINTS = 8
MAX_ENDPOINT = 512
MAX_FEATURES = 32
MAX_LEVELS = 64
MAX_WORD = 64
OPRF_KID_BYTES = 8


@dataclass(frozen=True, slots=True)
class Accepts:
    """What a node's policy can lawfully hold: (switch, level) pairs, ascending by switch."""

    region: str
    legal_model: str
    levels: tuple[tuple[str, str], ...]

    def level(self, switch: str) -> str | None:
        """The level of one switch, or None: read that as the strictest."""
        return dict(self.levels).get(switch)


@dataclass(frozen=True, slots=True)
class Card:
    """A node's card, its signature verified by its node key. `exp_day` is inclusive.

    `oprf_kid` is empty where the node answers no match requests.
    """

    org: OrgId
    node_key: NodeKey
    n: int
    box_public: bytes
    exp_day: Day
    endpoints: tuple[str, ...] = field(repr=False)  # their paths are secret
    features: tuple[str, ...]
    accepts: Accepts
    oprf_kid: bytes
    raw: bytes = field(repr=False)
    sig: bytes = field(repr=False)

    def is_current(self, today: int) -> bool:
        """Whether the card may be used today: not expired, and not made to outlive 45 days.

        One more day is forgiven, for a clock that is ahead of ours.
        """
        return today <= self.exp_day <= today + LIFETIME_DAYS + 1


def sign_card(
    node_key: SigningKey,
    *,
    org: OrgId,
    n: int,
    box_public: bytes,
    exp_day: int,
    endpoints: Sequence[str],
    features: Sequence[str],
    accepts: Accepts,
    oprf_kid: bytes = b"",
) -> Card:
    """Sign this node's card; BadDocument if a reader would refuse it."""
    ends: list[Value] = list(endpoints)
    can: list[Value] = list(features)
    levels: list[Value] = [[switch, level] for switch, level in sorted(accepts.levels)]
    raw = encode(
        [
            VERSION, bytes(org), bytes(node_key.public), n, box_public, exp_day, ends, can,
            [accepts.region, accepts.legal_model, levels], oprf_kid,
        ]
    )  # fmt: skip
    try:
        return _decode(raw, node_key.sign("card", raw))
    except ProtocolError as error:
        raise BadDocument(f"this card breaks a rule: {error}") from error


def decode_card(raw: bytes, sig: bytes, orgdoc: OrgDoc) -> Card:
    """Read one card and verify it against the organisation's current document.

    ProtocolError MALFORMED or VERSION; KEY if it is another organisation's, or its node key is not
    listed or is revoked at all (a card speaks about now); SIGNATURE. `Card.is_current` tells about
    dates.
    """
    card = _decode(raw, sig)
    if card.org != orgdoc.org:
        raise ProtocolError(ErrorNumber.KEY, "a card of another organisation")
    if any(key == card.node_key for key, _ in orgdoc.revoked):
        raise ProtocolError(ErrorNumber.KEY, "a card under a revoked key")
    if all(key != card.node_key for key, _, _ in orgdoc.keys):
        raise ProtocolError(ErrorNumber.KEY, "a card under a key that its organisation lacks")
    return card


def _decode(raw: bytes, sig: bytes) -> Card:
    rows = as_array(decode(raw, limit=CARD_BYTES))
    if not rows or as_int(rows[0], 0) != VERSION:
        raise ProtocolError(ErrorNumber.VERSION, "a card of another version")
    if len(rows) != FIELDS:
        raise malformed("a card has ten parts")
    node_key = NodeKey(as_bytes(rows[2], PUBLIC_BYTES))
    oprf_kid = as_bytes(rows[9], most=OPRF_KID_BYTES)
    if len(oprf_kid) not in {0, OPRF_KID_BYTES}:
        raise malformed("an OPRF key id has 8 bytes or none")
    card = Card(
        org=OrgId(as_bytes(rows[1], 32)),
        node_key=node_key,
        n=as_int(rows[3], 1, INT_MAX),
        box_public=as_bytes(rows[4], PUBLIC_BYTES),
        exp_day=Day(as_int(rows[5], 0, DAY_MAX)),
        endpoints=tuple(as_str(v, MAX_ENDPOINT) for v in as_array(rows[6], most=MAX_ENDPOINTS)),
        features=tuple(as_str(v, MAX_WORD) for v in as_array(rows[7], most=MAX_FEATURES)),
        accepts=_decode_accepts(rows[8]),
        oprf_kid=oprf_kid,
        raw=bytes(raw),
        sig=bytes(sig),
    )
    verify(node_key, "card", raw, sig)
    return card


def _decode_accepts(value: Value) -> Accepts:
    region, legal_model, rows = as_array(value, 3)
    levels = []
    for row in as_array(rows, most=MAX_LEVELS):
        switch, level = as_array(row, 2)
        levels.append((as_str(switch, MAX_WORD), as_str(level, MAX_WORD)))
    if any(a[0] >= b[0] for a, b in pairwise(levels)):
        raise malformed("the switches of a card stand in order, each once")
    return Accepts(as_str(region, MAX_WORD), as_str(legal_model, MAX_WORD), tuple(levels))
