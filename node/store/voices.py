"""What organisations say of alerts, read from the records that say it.

Nothing is counted or kept here: which voices there are follows from the records, and what they come
to from `federation.voices`. A voice about a record that is not here is a row like any other, and is
found as soon as the record is.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row

from federation.voices import Ref, Voice, parse_ref
from node.store.context import Context
from node.store.lookup import origins
from node.store.records import readable_values
from node.store.ref_index import REF, referring
from protocol.codec import Value
from protocol.ids import Day, EntryId, OrgId, RecordKey


@dataclass(frozen=True, slots=True)
class Said:
    """One live record that speaks of others: a voice, or an alert that was adopted."""

    rk: RecordKey
    voice: Voice
    exp_day: Day
    kind: str
    text: str = field(repr=False)

    @property
    def ref(self) -> Ref:
        """What it refers to."""
        return self.voice.ref


def said_of(
    connection: Connection, context: Context, rks: Collection[RecordKey] | None = None
) -> list[Said]:
    """What is said of these alerts (None: of any), by whomever; the oldest first."""
    rows = referring(connection, context.today, rks)
    found = [said_in(row, readable_values(bytes(row.disclosures))) for row in rows]
    spoken = [said for said in found if said is not None]
    return sorted(spoken, key=lambda said: (said.voice.day, said.voice.eid))


def said_in(row: Row[Any], values: Mapping[str, Value]) -> Said | None:
    """What one record says of others, if anything; of its row (as of `referring`) and its values.

    Whether it is live is for the caller to know.
    """
    ref = parse_ref(values.get(REF))
    if ref is None:
        return None
    text = values.get("text")
    voice = Voice(OrgId(bytes(row.org)), Day(row.day), EntryId(bytes(row.eid)), ref)
    words = str(text[1]) if isinstance(text, list) else ""
    return Said(RecordKey(bytes(row.rk)), voice, Day(row.exp_day), str(row.kind), words)


def counting(connection: Connection, context: Context) -> frozenset[OrgId]:
    """The organisations whose voices count here: we, and those that we verified and hear."""
    heard = {OrgId(peer.org) for peer in origins(connection) if peer.state.heard and peer.in_synced}
    return frozenset({*heard, context.org})
