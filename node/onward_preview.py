"""What a hub would pass on to one peer of another's alert, and the rule behind the rest.

The preview asks what the ledger asks (`node.store.onward`): what is shown here is what goes.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection

from federation import explain
from federation.hub import OFF, carrier
from federation.release import PeerView
from node.errors import NotFound
from node.showing import plain_fields
from node.store.context import Context
from node.store.lookup import find_alert, record_key
from node.store.onward import foreign_records
from node.store.peers import Peer, peer_of
from protocol.entry import Status


def preview_onward(
    connection: Connection, context: Context, whose: Peer, text: str
) -> dict[str, Any] | None:
    """The preview of an alert of others at this hub; None where it is ours, or nothing is here.

    None, too, where a hub has it from another hub: that goes no further.
    """
    try:
        row = find_alert(connection, text)
    except NotFound:
        return None
    rk = record_key(row)
    record = foreign_records(connection, context.org, [rk]).get(rk)
    if record is None or context.policy.onward != "on":
        return None
    author = peer_of(connection, record.entry.org)
    view = record.view(record.entry.day)
    seen_by = PeerView(whose.org, whose.state.keeps, whose.accepts)
    home = "" if author is None else author.region
    way = carrier(context.policy, context.region, home, seen_by)
    stands = (
        record.stands and record.entry.status is Status.LIVE and record.entry.org != whose.org
        and author is not None and author.state.heard and record.entry.exp_day >= context.today
    )  # fmt: skip
    names = way.live(view, context.today) if stands else frozenset[str]()
    rules = way.rules(view, context.today)
    if not stands:
        rules = dict.fromkeys(sorted(view.names), (OFF,))
    values = {name: view.names_values[name] for name in sorted(names)}
    notes = ["this alert is of another organisation: as a hub we pass it on"]
    if not stands:
        notes = ["this alert does not stand here, or is this peer's own: nothing of it goes on"]
    return {
        "peer": whose.name,
        "released": plain_fields(values),
        "withheld": [
            {"field": leaf, "rule": rule} for leaf, each in rules.items() for rule in each
        ],
        "joinable": [],
        "rules": _explained(rule for each in rules.values() for rule in each),
        "notes": notes,
    }


def _explained(rules: Iterable[str]) -> dict[str, dict[str, str]]:
    found = {}
    for rule in sorted(set(rules)):
        told = explain.explain(rule)
        found[rule] = {"why": told.why, "cure": told.cure}
    return found
