"""The org document: who an organisation is, and which of its node keys speak for it.

Decides the bytes `[1, org, gen, ver, root, next, iat, exp, name, keys, revoked]`, signed by the
root that the document names. That root is only worth something once `keys.pin` has tied it to
the organisation's id; decoding proves the signature, not the succession.

Invariants: generation 0 is bound to the id here (`org = H(org, root ‖ next)`); the bytes are kept
as received; a document lives at most 400 days, and nothing is deleted because it ended.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from keys.errors import BadDocument
from keys.signing import SIGNATURE_BYTES, SigningKey, verify
from protocol.codec import Value, decode, encode
from protocol.errors import ErrorNumber, ProtocolError, malformed
from protocol.hashing import h
from protocol.ids import Day, NodeKey, OrgId
from protocol.limits import DAY_MAX
from protocol.shape import as_array, as_bytes, as_int, as_str

VERSION = 1
FIELDS = 11
DOCUMENT_BYTES = 8192
LIFETIME_DAYS = 400
WARNING_DAYS = 30
MAX_KEYS = 8
MAX_REVOKED = 64
MAX_GENERATION = 63
MAX_NAME = 80
_COUNT = 2**31 - 1

KeyState = Literal["valid", "unknown", "expired", "revoked"]
Standing = Literal["current", "overdue", "lapsed"]


@dataclass(frozen=True, slots=True)
class OrgDoc:
    """One version of an organisation's document, its signature verified by its own root.

    `iat` and `exp` are days, `exp` inclusive. `keys` are (node key, first day, last day) and
    `revoked` (node key, since day), both in the order of the bytes.
    """

    org: OrgId
    gen: int
    ver: int
    root: bytes
    next: bytes
    iat: Day
    exp: Day
    name: str
    keys: tuple[tuple[NodeKey, Day, Day], ...]
    revoked: tuple[tuple[NodeKey, Day], ...]
    raw: bytes = field(repr=False)
    sig: bytes = field(repr=False)

    def key_state(self, node_key: bytes, day: int) -> KeyState:
        """Say what this document thinks of a node key on a day.

        `day` is the receiver's own: a thief can back-date what he signs, not when it arrived.
        """
        if any(key == node_key and since <= day for key, since in self.revoked):
            return "revoked"
        for key, first, last in self.keys:
            if key == node_key:
                return "valid" if first <= day <= last else "expired"
        return "unknown"

    def standing(self, today: int) -> Standing:
        """Say how old the document is: `current`, `overdue` (30 days of warning) or `lapsed`.

        Only new entries of a lapsed organisation are quarantined; volunteers forget.
        """
        if today <= self.exp:
            return "current"
        return "overdue" if today <= self.exp + WARNING_DAYS else "lapsed"


def next_hash(next_root: bytes) -> bytes:
    """Commit to the next root key without showing it; 32 bytes of each."""
    return h("next", next_root)


def first_org_id(root: bytes, next_: bytes) -> OrgId:
    """The organisation's id, for ever: the hash of its first root and first `next`."""
    return OrgId(h("org", root, next_))


def sign_orgdoc(
    root: SigningKey,
    *,
    gen: int,
    ver: int,
    next_: bytes,
    iat: int,
    exp: int,
    name: str,
    keys: Sequence[tuple[NodeKey, int, int]],
    revoked: Sequence[tuple[NodeKey, int]] = (),
    org: OrgId | None = None,
) -> OrgDoc:
    """Sign one version of the document with the offline root.

    `next_` is `next_hash` of the next root; `org` may be left out for generation 0, which makes it.
    BadDocument if the result would break a rule that a reader checks.
    """
    if org is None:
        if gen != 0:
            raise BadDocument("a later generation must name the organisation that it continues")
        org = first_org_id(root.public, next_)
    key_rows: list[Value] = [[bytes(key), first, last] for key, first, last in keys]
    revoked_rows: list[Value] = [[bytes(key), since] for key, since in revoked]
    raw = encode(
        [
            VERSION, bytes(org), gen, ver, bytes(root.public), next_, iat, exp, name,
            key_rows, revoked_rows,
        ]
    )  # fmt: skip
    try:
        return decode_orgdoc(raw, root.sign("org", raw))
    except ProtocolError as error:
        raise BadDocument(f"this organisation document breaks a rule: {error}") from error


def decode_orgdoc(raw: bytes, sig: bytes) -> OrgDoc:
    """Read one org document and verify that the root it names signed it.

    ProtocolError MALFORMED, VERSION, KEY (generation 0 that is not its own id) or SIGNATURE.
    """
    rows = as_array(decode(raw, limit=DOCUMENT_BYTES))
    if not rows or as_int(rows[0], 0, _COUNT) != VERSION:
        raise ProtocolError(ErrorNumber.VERSION, "an org document of another version")
    if len(rows) != FIELDS:
        raise malformed("an org document has eleven parts")
    org = OrgId(as_bytes(rows[1], 32))
    gen = as_int(rows[2], 0, MAX_GENERATION)
    ver = as_int(rows[3], 0, _COUNT)
    root = as_bytes(rows[4], 32)
    next_ = as_bytes(rows[5], 32)
    iat = Day(as_int(rows[6], 0, DAY_MAX))
    exp = Day(as_int(rows[7], 0, DAY_MAX))
    name = as_str(rows[8], MAX_NAME)
    if not iat <= exp <= iat + LIFETIME_DAYS:
        raise malformed("an org document lives 1 to 400 days")
    if not name.strip():
        raise malformed("an org document needs a name")
    keys = tuple(_key_row(row) for row in as_array(rows[9], most=MAX_KEYS))
    revoked = tuple(_revoked_row(row) for row in as_array(rows[10], most=MAX_REVOKED))
    if len({row[0] for row in keys}) != len(keys):
        raise malformed("an org document lists a key twice")
    if len({row[0] for row in revoked}) != len(revoked):
        raise malformed("an org document revokes a key twice")
    if len(sig) != SIGNATURE_BYTES:
        raise ProtocolError(ErrorNumber.SIGNATURE, "a signature has 64 bytes")
    verify(root, "org", raw, sig)
    if gen == 0 and org != first_org_id(root, next_):
        raise ProtocolError(ErrorNumber.KEY, "a first org document does not hash to its own id")
    return OrgDoc(org, gen, ver, root, next_, iat, exp, name, keys, revoked, bytes(raw), bytes(sig))


def _key_row(row: Value) -> tuple[NodeKey, Day, Day]:
    parts = as_array(row, 3)
    first, last = as_int(parts[1], 0, DAY_MAX), as_int(parts[2], 0, DAY_MAX)
    if first > last:
        raise malformed("a key ends before it begins")
    return NodeKey(as_bytes(parts[0], 32)), Day(first), Day(last)


def _revoked_row(row: Value) -> tuple[NodeKey, Day]:
    parts = as_array(row, 2)
    return NodeKey(as_bytes(parts[0], 32)), Day(as_int(parts[1], 0, DAY_MAX))
