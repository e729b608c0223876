"""The part of a check that asks others: is it among what they gave us only tokens of?

Asked are the origins of which tokens of that kind are held, and no others, about whole identifiers,
all at once and each for a few seconds. Who could not be asked is named with the reason: an answer
without a match must never mean more than it does.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from federation.decision import HOLD
from node.exchange import exchange_of
from node.match_asking import Identifier, Tokens, ask_origin, why_not_asked
from node.question import Question
from node.readings import EXACT, WHOLE, Sought
from node.runtime import Node
from node.showing import plain_fields
from node.store.context import Context
from node.store.kept import kept
from node.store.match_counts import count_asked
from node.store.peers import Peer, all_peers
from node.store.records import opened_values
from node.store.token_index import (
    TokenRow,
    has_tokens,
    holders,
    kids_of,
    token_norm,
    with_tokens_of,
)
from node.tokens import token_leaf
from protocol.errors import IdentifierError
from protocol.identifiers import normalise_phone
from protocol.ids import OrgId, text_id
from protocol.limits import MATCH_ITEMS
from protocol.vocabulary import IDENTIFIER_KINDS

DESK = ""  # for whom is asked where nobody is named
LOCAL = "not_asked_locally"
ONLY_WHOLE = "only_whole"
OWN_QUOTA = "own_quota"
UNAVAILABLE = "matching_unavailable_here"
KEY_CHANGED = "key_changed"


@dataclass(frozen=True, slots=True)
class Origin:
    """Who gave us tokens, of which kinds, and why it cannot be asked (empty: it can)."""

    peer: Peer
    kinds: frozenset[str]
    reason: str


async def match_elsewhere(
    node: Node,
    question: Question,
    origins: Sequence[Origin],
    *,
    local: bool = False,
    who: str = DESK,
) -> dict[str, Any]:
    """Ask origins whose tokens are held; {"matches", "not_asked"} as `check` answers them.

    `local` asks nobody and says so. `who` is whose quota is used.
    """
    wanted = whole_identifiers(question)
    asked = [origin for origin in origins if not origin.reason]
    missing = [_missing(origin, origin.reason) for origin in origins if origin.reason]
    why = LOCAL if local else UNAVAILABLE if node.context.oprf_key is None else ""
    if asked and not why and _of_kinds(wanted, asked):
        more = len(_of_kinds(wanted, asked))
        limit = node.settings.match_asks
        if await node.change(count_asked, who, node.today, more, limit) is None:
            why = OWN_QUOTA
    if why:
        return {"matches": [], "not_asked": missing + [_missing(each, why) for each in asked]}
    found: list[tuple[Origin, Tokens]] = []
    async with exchange_of(node) as exchange:

        async def ask(origin: Origin) -> None:
            mine = [each for each in wanted if each.kind in origin.kinds]
            if mine:
                found.append((origin, await ask_origin(node, exchange, origin.peer, mine)))

        async with asyncio.TaskGroup() as group:
            for origin in asked:
                group.create_task(ask(origin))
    missing += [_missing(origin, tokens.reason) for origin, tokens in found if tokens.reason]
    sure = {each.kind for each in question.sought if is_whole(each) and each.score == EXACT}
    missing += [_missing(origin, ONLY_WHOLE) for origin in asked if not origin.kinds & sure]
    matches = await node.read(_matches, node.context, found)
    return {"matches": matches, "not_asked": missing}


def whole_identifiers(question: Question) -> list[Identifier]:
    """The whole identifiers among the readings, the surest first; at most 16 of a kind."""
    ranked = sorted(filter(is_whole, question.sought), key=lambda each: -each.score)
    found: dict[Identifier, None] = {}
    for each in ranked:
        wanted = Identifier(each.kind, each.norm)
        if sum(other.kind == wanted.kind for other in found) < MATCH_ITEMS:
            found[wanted] = None
    return list(found)


def is_whole(sought: Sought) -> bool:
    """Whether a reading is an identifier as an origin has it: a guessed country may give none."""
    if sought.kind not in IDENTIFIER_KINDS or sought.score < WHOLE:
        return False
    if sought.kind != "phone":
        return True
    try:
        return normalise_phone(sought.norm, None) == sought.norm
    except IdentifierError:
        return False


def _of_kinds(wanted: Iterable[Identifier], origins: Sequence[Origin]) -> list[Identifier]:
    kinds = frozenset().union(*(origin.kinds for origin in origins))
    return [each for each in wanted if each.kind in kinds]


def origins_of(connection: Connection, context: Context, question: Question) -> tuple[Origin, ...]:
    """Every peer of which tokens of a question's kinds are held, and whether it can be asked."""
    if not kept(connection, "tokens", lambda: has_tokens(connection)):
        return ()
    wanted = question.kinds
    kinds = tuple(kind for kind in IDENTIFIER_KINDS if kind in wanted)
    name = ("tokens", kinds, context.today)
    return kept(connection, name, lambda: _origins(connection, context, kinds))


def _origins(connection: Connection, context: Context, kinds: Iterable[str]) -> tuple[Origin, ...]:
    by_org = {peer.org: peer for peer in all_peers(connection)}
    likely = kids_of(by_org.values())
    can: dict[OrgId, set[str]] = {}
    stale: dict[OrgId, set[str]] = {}
    for kind in kinds:
        for holder in holders(connection, context, token_leaf(kind), likely):
            answers = holder.org in likely.get(holder.kid, ())
            (can if answers else stale).setdefault(holder.org, set()).add(kind)
    found = []
    for org in dict.fromkeys([*can, *stale]):
        peer = by_org.get(org)
        if peer is None or not peer.state.heard or not peer.in_synced:
            continue  # of those nothing is shown, and `search` says so
        if org in can:
            found.append(Origin(peer, frozenset(can[org]), why_not_asked(peer)))
        else:
            found.append(Origin(peer, frozenset(stale[org]), why_not_asked(peer) or KEY_CHANGED))
    return tuple(found)


def _missing(origin: Origin, reason: str) -> dict[str, Any]:
    return {"org": text_id(origin.peer.org), "org_name": origin.peer.name, "reason": reason}


def _matches(
    connection: Connection, context: Context, asked: Sequence[tuple[Origin, Tokens]]
) -> list[dict[str, Any]]:
    """The alerts whose tokens came back, each once; a token counts at the origin that made it."""
    whose: dict[str, Origin] = {}
    for origin, tokens in asked:
        for identifier, token in tokens.of.items():
            whose[token_norm(token_leaf(identifier.kind), tokens.kid, token)] = origin
    found: dict[bytes, dict[str, Any]] = {}
    for row in with_tokens_of(connection, context, whose):
        origin = whose[row.norm]
        if row.org == origin.peer.org and row.kind != HOLD:
            found.setdefault(row.rk, _shown(row, origin))
    return list(found.values())


def _shown(row: TokenRow, origin: Origin) -> dict[str, Any]:
    kind = row.leaf.partition(".")[0]
    values = opened_values(row.disclosures)
    values.pop("terms", None)
    return {
        "alert": text_id(row.rk),
        "org": text_id(row.org),
        "org_name": origin.peer.name,
        "why": f"{kind} matched by token at {origin.peer.name}; it is not held here itself",
        "score": EXACT,
        "severity": row.severity,
        "fields": plain_fields(values),
    }


def together(found: Mapping[str, Any], elsewhere: Mapping[str, Any]) -> dict[str, Any]:
    """What a check found here with what others answered: each alert once, the best first."""
    matches: dict[str, dict[str, Any]] = {row["alert"]: row for row in found["matches"]}
    for row in elsewhere["matches"]:
        known = matches.get(row["alert"])
        if known is None or known["score"] < row["score"]:
            matches[row["alert"]] = row
    ranked = sorted(matches.values(), key=lambda row: (-row["score"], -row["severity"]))
    said = {(row["org"], row["reason"]) for row in found["not_asked"]}
    more = [row for row in elsewhere["not_asked"] if (row["org"], row["reason"]) not in said]
    return {**found, "matches": ranked, "not_asked": [*found["not_asked"], *more]}
