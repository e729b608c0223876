"""Tokens that other organisations disclosed to us, as rows of `identifiers`: who can be asked.

A token stands there under the kind and the key that made it, so that the keys of one kind are
found by steps from one to the next, and a token by its whole value. Only tokens beside which the
clear form is not held are indexed: where it is, nobody needs to be asked.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, text

from federation.ledger import RowKind
from node.store.context import Context
from node.store.peers import Peer
from protocol.codec import Value
from protocol.entry import Status
from protocol.ids import OrgId, text_id

KIDS_MOST = 512  # keys on no card that are looked at: a peer could make up any number

_OPEN = (
    "r.status = :live AND r.row_kind = :put AND r.hidden = '' AND r.exp_day >= :today"
    " AND r.org != :own"
)
_PAST = "\x7f"  # comes after all that begins with a tilde
_NEXT = text("SELECT min(norm) FROM identifiers WHERE norm >= :first AND norm < :last")
_WHOSE = text(
    "SELECT r.org FROM identifiers AS i CROSS JOIN records AS r ON r.id = i.record"  # noqa: S608
    f" WHERE i.norm >= :first AND i.norm < :last AND {_OPEN} AND (r.kind = 'hold') <= :holds"
    " AND (:likely = x'' OR r.org = :likely) LIMIT 1"
)
_FOUND = text(
    "SELECT i.norm, i.kind AS leaf, r.id, r.rk, r.org, r.kind, r.severity, r.day, r.disclosures"  # noqa: S608
    " FROM json_each(:norms) AS j CROSS JOIN identifiers AS i ON i.norm = j.value"
    f" CROSS JOIN records AS r ON r.id = i.record WHERE {_OPEN}"
)

_COUNTED = text(
    "SELECT count(*) FROM (SELECT DISTINCT i.norm FROM identifiers AS i"  # noqa: S608
    " CROSS JOIN records AS r ON r.id = i.record"
    f" WHERE i.norm >= :first AND i.norm < :last AND {_OPEN} AND r.org = :whose LIMIT :most)"
)


def token_norm(leaf: str, kid: bytes, token: bytes) -> str:
    """What the index holds of one token of a leaf such as `phone.token`."""
    return f"{_prefix(leaf)}{text_id(kid)}.{text_id(token)}"


def has_tokens(connection: Connection) -> bool:
    """Whether any token is held beside no clear form."""
    found = connection.execute(_NEXT, {"first": _prefix(""), "last": _PAST}).scalar()
    return found is not None


def token_norms(leaf: str, value: Value) -> Iterator[str]:
    """What the index holds of a leaf of tokens."""
    if isinstance(value, list):
        for pair in value:
            if isinstance(pair, list) and len(pair) == 2:
                kid, token = pair
                if isinstance(kid, bytes) and isinstance(token, bytes):
                    yield token_norm(leaf, kid, token)


def _prefix(leaf: str) -> str:
    return f"~{leaf}." if leaf else "~"


@dataclass(frozen=True, slots=True)
class Holder:
    """An organisation of which tokens under one key are held, and that key as the index has it."""

    org: OrgId
    kid: str


def holders(
    connection: Connection,
    context: Context,
    leaf: str,
    likely: Mapping[str, Collection[OrgId]],
    *,
    holds: bool = False,
) -> list[Holder]:
    """Whose tokens of a leaf are held here and live, by key.

    `likely` says whose cards name a key: each of them is looked for under it, since a peer may
    claim another's; where none of them has tokens, whoever has. `holds`: those that an organisation
    disclosed in a hold count too.
    """
    prefix = _prefix(leaf)
    at, last = prefix, prefix + _PAST
    norm = connection.execute(_NEXT, {"first": at, "last": last}).scalar()
    if norm is None:
        return []
    found = [
        Holder(org, kid)
        for kid, orgs in likely.items()
        for org in orgs
        if _first(connection, _under(context, prefix, kid, holds=holds), org) is not None
    ]
    named = {holder.kid for holder in found}
    for _ in range(KIDS_MOST):
        if norm is None:
            break
        kid = str(norm).removeprefix(prefix).partition(".")[0]
        asked = _under(context, prefix, kid, holds=holds)
        if kid not in named and (org := _first(connection, asked, b"")) is not None:
            found.append(Holder(OrgId(org), kid))
        norm = connection.execute(_NEXT, {"first": asked["last"], "last": last}).scalar()
    return found


def _under(context: Context, prefix: str, kid: str, *, holds: bool) -> dict[str, Any]:
    """Where the tokens of one key stand: a slash comes after the point."""
    between = {"first": f"{prefix}{kid}.", "last": f"{prefix}{kid}/", "holds": holds}
    return _standing(context) | between


def _first(connection: Connection, asked: dict[str, Any], org: bytes) -> bytes | None:
    """Whose the first live record with such a token is, of an organisation or (empty) of any."""
    found = connection.execute(_WHOSE, asked | {"likely": bytes(org)}).scalar()
    return None if found is None else bytes(found)


def tokens_under(
    connection: Connection, context: Context, org: OrgId, leaf: str, kid: bytes, most: int
) -> int:
    """How many distinct tokens of an organisation are held and live, in holds too; `most` or fewer.

    Of one leaf, such as `phone.token`, and under one key, 8 bytes.
    """
    asked = _under(context, _prefix(leaf), text_id(kid), holds=True)
    return int(
        connection.execute(_COUNTED, asked | {"whose": bytes(org), "most": most}).scalar_one()
    )


def kids_of(peers: Iterable[Peer]) -> dict[str, list[OrgId]]:
    """Whose card names which key, by the key as the index has it."""
    found: dict[str, list[OrgId]] = {}
    for peer in peers:
        card = peer.docs.card
        if card is not None and card.oprf_kid:
            found.setdefault(text_id(card.oprf_kid), []).append(peer.org)
    return found


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A live record of another organisation that holds a token we asked for."""

    norm: str = field(repr=False)
    leaf: str
    rk: bytes
    org: bytes
    kind: str
    severity: int
    day: int
    disclosures: bytes = field(repr=False)


def with_tokens_of(
    connection: Connection, context: Context, norms: Collection[str]
) -> Sequence[TokenRow]:
    """The live records of others that have one of these tokens."""

    if not norms:
        return []
    asked = _standing(context) | {"norms": json.dumps(list(norms))}
    return [_row(row) for row in connection.execute(_FOUND, asked)]


def _row(row: Row[Any]) -> TokenRow:
    return TokenRow(
        row.norm, row.leaf, bytes(row.rk), bytes(row.org), row.kind, row.severity, row.day,
        bytes(row.disclosures),
    )  # fmt: skip


def _standing(context: Context) -> dict[str, Any]:
    return {
        "live": int(Status.LIVE), "put": int(RowKind.PUT), "today": context.today,
        "own": bytes(context.org),
    }  # fmt: skip
