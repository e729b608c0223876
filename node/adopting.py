"""Adopting another organisation's alert: its words become a draft of ours, to be looked through.

For alerts whose origin is gone, or will be. The terms that it came with are the ceiling of what its
reporter agreed to: where hubs may not forward it, our peers do not get it from us either. What it
was adopted from is signed with it, so that nobody takes the copy for a second report.
"""

from collections.abc import Mapping

from sqlalchemy import Connection

from federation.terms import allows, onward_names
from federation.voices import Ref
from node.edits import own_words
from node.errors import BadRequest, Refused
from node.runtime import Node
from node.store.adopted_drafts import adopted_from, source_of
from node.store.drafts import Asked
from node.store.lookup import find_alert, record_key, seen
from node.store.records import opened_values
from node.store.ref_index import REF
from node.store.voices import said_of
from protocol.codec import Value
from protocol.ids import EntryId, text_id
from protocol.vocabulary import ADOPTED_FROM


def adoptable(
    connection: Connection, node: Node, alert: str
) -> tuple[str, dict[str, Value], Asked]:
    """The source, fields and consent of a draft made of a peer's alert. BadRequest, Refused."""
    context = node.context
    row = find_alert(connection, alert)
    if bytes(row.org) == context.org:
        raise Refused("this alert is our own already")
    status = seen(connection, context).status(row)
    if status != "live" or row.kind not in {"alert", "notice"}:
        raise BadRequest(f"only an alert that people go by now can be adopted: this is {status}")
    for said in said_of(connection, context, [record_key(row)]):
        if said.voice.org == context.org and said.ref.relation == ADOPTED_FROM:
            raise BadRequest(f"it is adopted already: {text_id(said.rk)}")
    values = opened_values(bytes(row.disclosures))
    terms = values.get("terms")
    if not allows(terms, "members"):
        raise Refused("its terms allow it to staff only: it cannot be published here")
    fields = {name: each for name, each in own_words(values).items() if name != REF}
    if allows(terms, "onward"):
        fields = {name: each for name, each in fields.items() if name in onward_names(terms)}
    asked = Asked(
        members=True, peers=allows(terms, "onward"), print=allows(terms, "print"),
        statistics=allows(terms, "statistics"), contact=False, police_anonymised=False,
        police_supported=False,
    )  # fmt: skip
    return source_of(record_key(row), EntryId(bytes(row.eid))), fields, asked


def adopted_ref(source: str) -> Mapping[str, Value]:
    """The field `ref` of what such a draft becomes; nothing for any other draft."""
    made_of = adopted_from(source)
    return {} if made_of is None else {REF: Ref(ADOPTED_FROM, (made_of,)).value()}
