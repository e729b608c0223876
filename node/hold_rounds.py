"""The rounds of alerts that wait: who else has a report on the same identifier, and is it enough?

Each round makes holds what their alerts make of them, has our identifiers evaluated at every origin
of which tokens are held and that has not evaluated them yet, counts for each identifier how many
other organisations have it, and releases what has enough of them to those and to nobody else.
Every organisation with a hold does the same for itself: nobody tells anybody that there was a
match, and who has none learns nothing.

An origin is asked about half as many identifiers a day as checks may be, so that these are not kept
from asking. Only peers that are trusted now count, each once, under the key that its card names,
and not one that gave more tokens than may count (`node.hold_tokens`). What is disclosed in clear
counts as well.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, select

from federation.ledger import RowKind
from federation.peers import PeerState
from node.exchange import exchange_of
from node.hold_tokens import given_by
from node.holding import follow_holds
from node.match_asking import Identifier, Tokens, ask_origin, why_not_asked
from node.moments import HOUR_US, SECOND_US
from node.pipeline import narrow
from node.runtime import Node
from node.store.context import Context
from node.store.holds import (
    Evaluated,
    Hold,
    add_evaluated,
    all_holds,
    evaluated,
    mark_of,
    set_given,
)
from node.store.match_counts import count_asked
from node.store.peers import Peer, all_peers
from node.store.records import OwnRecord, own_records
from node.store.tables import identifiers, records
from node.store.token_index import holders, kids_of, token_norm, with_tokens_of
from node.tokens import token_leaf
from protocol.entry import Status
from protocol.ids import OrgId, RecordKey
from protocol.vocabulary import IDENTIFIER_KINDS

AT_ONCE = 64  # identifiers that an origin is asked about in one round
AGAIN_US = 60 * SECOND_US  # after an origin that could not be asked

_NEXT_TRY: WeakKeyDictionary[Node, dict[int, int]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Waiting:
    """A hold, and the identifiers of its alert, each with its mark."""

    hold: Hold
    alert: OwnRecord = field(repr=False)
    marks: Mapping[Identifier, bytes] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Due:
    """What one origin has yet to evaluate, for which holds and under which marks."""

    peer: Peer
    wanted: Mapping[Identifier, tuple[tuple[RecordKey, bytes], ...]] = field(repr=False)


async def settle_holds(node: Node) -> None:
    """One round; does nothing where no alert waits."""
    if not await node.read(all_holds):
        return
    if node.context.hold_all or node.context.oprf_key is None:
        return
    if node.documents.current.key_state(node.key.public, node.today) != "valid":
        return
    node.on_news(await node.change(follow_holds, node))
    await _ask(node, await node.read(_due, node))
    if await node.read(_releases, node.context):
        node.on_news(await node.change(_release, node.context))


async def _ask(node: Node, due: Collection[Due]) -> None:
    """Have each origin evaluate what it has yet to; one that cannot be asked is left for later."""
    if not due:
        return
    later = _NEXT_TRY.setdefault(node, {})
    async with exchange_of(node) as exchange:
        for each in due:
            wanted = await node.change(_counted, node, each)
            if not wanted:
                later[each.peer.id] = node.context.now_us() + HOUR_US  # the rest is for checks
                continue
            tokens = await ask_origin(node, exchange, each.peer, wanted)
            if tokens.reason:
                pause = max(AGAIN_US, tokens.retry_s * SECOND_US)
                later[each.peer.id] = node.context.now_us() + pause
                continue
            await node.change(_keep, each, tokens)


def _counted(connection: Connection, node: Node, due: Due) -> list[Identifier]:
    """As many of the identifiers that are due as may be asked about today, counted."""
    whose, most = f"holds {due.peer.id}", node.settings.match_asks // 2
    wanted = list(due.wanted)
    while wanted and count_asked(connection, whose, node.today, len(wanted), most) is None:
        wanted.pop()
    return wanted


def _keep(connection: Connection, due: Due, tokens: Tokens) -> None:
    found: dict[RecordKey, list[Evaluated]] = {}
    for identifier, theirs in tokens.of.items():
        for hold, mark in due.wanted[identifier]:
            row = Evaluated(due.peer.org, identifier.kind, tokens.kid, mark, theirs)
            found.setdefault(hold, []).append(row)
    for rk, rows in found.items():
        add_evaluated(connection, rk, rows)


def _due(connection: Connection, node: Node) -> list[Due]:
    """Which origins have yet to evaluate which of our identifiers, by the key on their card."""
    context, later = node.context, _NEXT_TRY.get(node, {})
    waiting = list(_waiting(connection, context, all_holds(connection)))
    known = {
        (hold.hold.rk, each.org, each.kid, each.mark)
        for hold in waiting
        for each in evaluated(connection, hold.hold.rk)
    }
    found = []
    for peer, kinds in _answering(connection, context).items():
        card = peer.docs.card
        if card is None or later.get(peer.id, 0) > context.now_us():
            continue
        wanted: dict[Identifier, tuple[tuple[RecordKey, bytes], ...]] = {}
        for each in waiting:
            for identifier, mark in each.marks.items():
                is_known = (each.hold.rk, peer.org, card.oprf_kid, mark) in known
                if identifier.kind in kinds and not is_known:
                    before = wanted.get(identifier, ())
                    if before or len(wanted) < AT_ONCE:
                        wanted[identifier] = (*before, (each.hold.rk, mark))
        if wanted:
            found.append(Due(peer, wanted))
    return found


def _answering(connection: Connection, context: Context) -> dict[Peer, set[str]]:
    """The peers that can be asked, with the kinds of which their tokens are held."""
    peers = {peer.org: peer for peer in all_peers(connection) if not why_not_asked(peer)}
    likely = kids_of(peers.values())
    found: dict[Peer, set[str]] = {}
    for kind in IDENTIFIER_KINDS:
        for holder in holders(connection, context, token_leaf(kind), likely, holds=True):
            if holder.org in likely.get(holder.kid, ()):
                found.setdefault(peers[holder.org], set()).add(kind)
    return found


def _waiting(connection: Connection, context: Context, holds: Iterable[Hold]) -> Iterator[Waiting]:
    """Those whose alert and hold live, with the identifiers that both have."""
    found = list(holds)
    known = own_records(
        connection, context.org, [rk for each in found for rk in (each.alert, each.rk)]
    )
    for each in found:
        alert, record = known.get(each.alert), known.get(each.rk)
        if alert is None or record is None:
            continue
        if alert.entry.status is Status.LIVE and record.entry.status is Status.LIVE:
            yield Waiting(each, alert, dict(_marked(each, alert, record.opened.keys())))


def _marked(
    hold: Hold, alert: OwnRecord, disclosed: Collection[str]
) -> Iterator[tuple[Identifier, bytes]]:
    for kind in IDENTIFIER_KINDS:
        normals = alert.opened[kind].value if kind in alert.opened else []
        if token_leaf(kind) in disclosed and isinstance(normals, list):
            for normal in normals:
                yield Identifier(kind, str(normal)), mark_of(hold.rk, kind, str(normal))


def matched(connection: Connection, context: Context, hold: Hold) -> dict[bytes, frozenset[OrgId]]:
    """For each identifier of a waiting alert, by its mark, the others who have it too."""
    found: dict[bytes, frozenset[OrgId]] = {}
    for each in _waiting(connection, context, [hold]):
        found |= _matched(connection, context, each)
    return found


def _matched(
    connection: Connection, context: Context, waiting: Waiting
) -> dict[bytes, frozenset[OrgId]]:
    others = {
        peer.org: peer
        for peer in all_peers(connection)
        if peer.state is PeerState.TRUSTED and peer.in_synced
    }
    wanted = {
        token_norm(token_leaf(each.kind), each.kid, each.theirs): each
        for each in evaluated(connection, waiting.hold.rk)
        if each.org in others and each.kid == _kid_of(others[each.org])
    }
    by_mark: dict[bytes, set[OrgId]] = {mark: set() for mark in waiting.marks.values()}
    for row in with_tokens_of(connection, context, wanted):
        token = wanted[row.norm]
        if row.org == token.org and token.mark in by_mark:
            by_mark[token.mark].add(token.org)
    for identifier, mark in waiting.marks.items():
        by_mark[mark] |= _in_clear(connection, context, identifier)
    found = set().union(*by_mark.values()) & others.keys()
    counting = {o for o in found if not given_by(connection, context, others[o]).is_too_many}
    return {mark: frozenset(orgs & counting) for mark, orgs in by_mark.items()}


def _kid_of(peer: Peer) -> bytes:
    return peer.docs.card.oprf_kid if peer.docs.card is not None else b""


def _in_clear(connection: Connection, context: Context, identifier: Identifier) -> set[OrgId]:
    """Whose live records disclose this identifier itself."""
    query = (
        select(records.c.org)
        .join(identifiers, identifiers.c.record == records.c.id)
        .where(
            identifiers.c.norm == identifier.normal, identifiers.c.kind == identifier.kind,
            records.c.status == int(Status.LIVE), records.c.row_kind == int(RowKind.PUT),
            records.c.hidden == "", records.c.exp_day >= context.today,
        )
    )  # fmt: skip
    return {OrgId(bytes(org)) for (org,) in connection.execute(query)}


def _releases(connection: Connection, context: Context) -> list[tuple[Waiting, frozenset[OrgId]]]:
    """The alerts that go to somebody now who has them not, and to whom they then go in all."""
    found = []
    for each in _waiting(connection, context, all_holds(connection)):
        if each.alert.restrictions.peers != each.hold.given:
            continue  # the keeper has decided by hand
        enough = [
            orgs
            for orgs in _matched(connection, context, each).values()
            if len(orgs) >= each.hold.needed
        ]
        given = each.hold.given.union(*enough)
        if given != each.hold.given:
            found.append((each, given))
    return found


def _release(connection: Connection, context: Context) -> set[int]:
    news: set[int] = set()
    for each, given in _releases(connection, context):
        set_given(connection, each.hold.rk, given)
        wider = replace(each.alert.restrictions, peers=given)
        news |= narrow(connection, context, each.hold.alert, wider)
    return news
