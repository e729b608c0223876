"""How matching stands, for `status`, `doctor` and `alert show`: counts, alarms, what waits.

No identifier and no token is in any of it.
"""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection

from federation.policy import Policy, value_of
from node.finding import Finding
from node.hold_rounds import matched
from node.hold_tokens import alarming
from node.matching import is_alarming
from node.runtime import Node
from node.store.context import Context
from node.store.holds import all_holds, hold_of
from node.store.lookup import Seen
from node.store.match_counts import answered_on, asked_on
from node.store.peers import all_peers
from protocol.ids import RecordKey, text_id
from protocol.vocabulary import IDENTIFIER_KINDS

OFF = "matching is off on this machine"
OFF_CURE = "install PyNaCl from its wheel, as make install does; see the error matching_unavailable"


def matching_standing(connection: Connection, node: Node) -> dict[str, Any]:
    """Today's counts, and how many alerts wait for others or were released by a match."""
    names = {peer.id: peer.name for peer in all_peers(connection)}
    answered = answered_on(connection, node.today)
    held = all_holds(connection)
    return {
        "available": node.context.oprf_key is not None,
        "quota": node.settings.match_quota,
        "answered": [
            {"peer": names.get(peer, ""), "identifiers": count}
            for peer, count in sorted(answered.items())
        ],
        "asked": asked_on(connection, node.today),
        "held": sum(not each.given for each in held),
        "released": sum(bool(each.given) for each in held),
        "tokens": [
            {"peer": each.peer.name, "tokens": each.tokens, "counts": not each.is_too_many}
            for each in alarming(connection, node.context)
        ],
    }


def matching_troubles(connection: Connection, node: Node) -> list[Finding]:
    """What a keeper should know of matching today, each with what to do."""
    quota = node.settings.match_quota
    names = {peer.id: peer.name for peer in all_peers(connection)}
    found = [
        Finding(
            f"{names.get(peer, 'a peer')} asked about {count} of {quota} identifiers today",
            "ask them why; parasol peer pause ends it at once",
            code="asks_much",
            about={"peer": names.get(peer, ""), "count": count, "quota": quota},
        )
        for peer, count in sorted(answered_on(connection, node.today).items())
        if is_alarming(count, quota)
    ]
    found += [
        Finding(
            f"{each.peer.name}: {each.said()}",
            "ask them why; parasol peer pause, if they are guesses",
            code="many_tokens",
            about={"peer": each.peer.name, "count": each.tokens},
        )
        for each in alarming(connection, node.context)
    ]
    off = matching_off(node.policy, node.context)
    return [*found, *(Finding(what, OFF_CURE, code="matching_off") for what in off)]


def matching_off(policy: Policy, context: Context) -> Iterator[str]:
    """Where this machine cannot match: what a policy leaves to matching, and so to nobody."""
    if context.oprf_key is not None:
        return
    for kind in IDENTIFIER_KINDS:
        if value_of(policy, f"identifiers.{kind}") == "match":
            yield f'{OFF}: identifiers.{kind} = "match" gives peers nothing'


def waiting_of(
    connection: Connection, context: Context, rk: RecordKey, known: Seen
) -> dict[str, Any] | None:
    """How far an alert of ours is from being released; None where it does not wait."""
    hold = hold_of(connection, rk)
    if hold is None:
        return None
    most = max((len(orgs) for orgs in matched(connection, context, hold).values()), default=0)
    given = [known.name(org) or text_id(org) for org in sorted(hold.given)]
    waiting = f"waits: {min(most, hold.needed)} of {hold.needed}"
    return {
        "state": f"released to {', '.join(given)}" if given else waiting,
        "needed": hold.needed,
        "matched": most,
        "released_to": given,
        "alert": text_id(hold.alert),
        "hold": text_id(hold.rk),
        "not_counted": {
            each.peer.name: each.said()
            for each in alarming(connection, context)
            if each.is_too_many
        },
    }
