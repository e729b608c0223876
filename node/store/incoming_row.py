"""Makes the mirror row of one item: what it does to the row that was there.

Every item leaves a row, also one that may not be held or cannot be applied: then without its
values, or with what an older copy may still show, and with the reason. Nothing is written here but
the register's line of an erasure and the proof of an equivocation.
"""

from typing import Any

from sqlalchemy import Connection, insert

from federation.admit import Door
from federation.ledger import RowKind
from federation.peers import PeerState
from federation.verify import CheckedItem, Verified
from node.store import register as permissions
from node.store.asking import REVOKED
from node.store.context import Context
from node.store.erasures import erased_row
from node.store.lawful import LAWFUL_HOLD
from node.store.peers import Peer
from node.store.quarantine import QUARANTINED, since_of
from node.store.records import NOTHING_DISCLOSED, only, opened_values, summary
from node.store.tables import equivocations
from protocol.codec import Value, decode, encode
from protocol.commitment import WITHDRAWN_FIELDS
from protocol.entry import Entry, Status, decode_entry
from protocol.merge import conflicts, order
from protocol.shape import as_array, as_bytes

ALWAYS_HELD = frozenset({"paused", "full"})
COLUMNS = (
    "eid", "rev", "day", "exp_day", "status", "node_key", "entry", "sig", "disclosures",
    "received_us", "hidden", "kind", "severity", "codes", "pseq", "state", "row_kind", "row_exp",
    "held",
)  # fmt: skip
"""The columns of `records` that an item may change."""


class RowMaker:
    """Makes the rows of one origin's items, in one transaction, under our policy towards it."""

    def __init__(
        self,
        connection: Connection,
        context: Context,
        peer: Peer,
        way: Door,
        *,
        is_doubted: bool = False,
    ) -> None:
        self._connection = connection
        self._context = context
        self._peer = peer
        self._way = way
        self._in_quarantine = is_doubted or since_of(context, peer.org) is not None

    def row(
        self, item: CheckedItem, old: Any, *, full: bool
    ) -> tuple[dict[str, Any], dict[str, Value]]:
        """The row that this item makes of the old one, and the values to index."""
        if self._in_quarantine and not _says_nothing_new(item, old):
            return self._unusable(item, old, QUARANTINED), {}
        if item.is_stop:
            return self._stopped(item, old), {}
        record = item.record
        if record is None:
            return self._reduced(item, old)
        if full:  # tombstones, too: each leaves a line in the register
            return self._unusable(item, old, "full"), {}
        if old is not None and len(old.eid) and old.hidden != REVOKED:
            known = decode_entry(bytes(old.entry))
            if known.eid != record.entry.eid:
                if conflicts(known, record.entry):
                    self._prove(old, known, record)
                if order(record.entry) < order(known):
                    if old.row_kind == RowKind.STOP:  # a listing could not tell it our revision
                        return self._unusable(item, old, "conflict"), {}
                    return self._kept(item, old), {}
        if record.entry.status is Status.ERASED:
            # With the time it came: revocation rolls it back by that, also after a restore.
            came = self._received(old, record.entry).to_bytes(8, "big")
            self._context.register.stage(
                permissions.ERASED, item.rk, encode([record.entry.raw, record.sig, came])
            )
        elif self._context.register.get(permissions.ERASED, item.rk) is not None:
            return self._kept_erased(item, old), {}
        why = self._refusal(old, record.entry)
        if why:
            return self._unusable(item, old, why), {}
        return self._applied(item, record, old)

    def _refusal(self, old: Any, entry: Entry) -> str:
        if entry.status is not Status.LIVE:
            return ""
        if entry.day > self._context.today + 1:
            return "clock"
        fresh = old is None or old.row_kind == RowKind.STOP or old.held in ALWAYS_HELD
        fresh = fresh or (old.held == QUARANTINED and not len(old.eid))
        if self._peer.state is PeerState.PAUSED and fresh:
            return "paused"
        return ""

    def _applied(
        self, item: CheckedItem, record: Verified, old: Any
    ) -> tuple[dict[str, Any], dict[str, Value]]:
        entry = record.entry
        values = dict(record.values)
        disclosures, held = record.disclosures, ""
        if entry.status is Status.LIVE:
            admitted = self._way.admit(values, self._context.today - entry.day).names
            if len(admitted) != len(values):
                held = "not_accepted"
                values = {name: value for name, value in values.items() if name in admitted}
                disclosures = only(disclosures, admitted)
        if item.rk in self._context.lawful and self._takes_away(values, entry, old):
            held = LAWFUL_HOLD  # gone from here, but not from the copy that an order keeps
        row_exp = entry.exp_day if old is None else max(entry.exp_day, old.row_exp)
        row = {
            "rk": item.rk, "org": entry.org, "eid": entry.eid, "rev": entry.rev, "day": entry.day,
            "exp_day": entry.exp_day, "status": int(entry.status), "node_key": entry.node_key,
            "entry": entry.raw, "sig": record.sig, "disclosures": disclosures,
            "received_us": self._received(old, entry), "hidden": "", **summary(values),
            "pseq": item.pseq, "state": item.state, "row_kind": int(RowKind.PUT),
            "row_exp": row_exp, "held": held,
        }  # fmt: skip
        return row, values if entry.status is Status.LIVE else {}

    @staticmethod
    def _takes_away(values: dict[str, Value], entry: Entry, old: Any) -> bool:
        if entry.status is not Status.LIVE or old is None:
            return entry.status is not Status.LIVE
        return bool(opened_values(bytes(old.disclosures)).keys() - values.keys())

    def _received(self, old: Any, entry: Entry) -> int:
        """When this entry first came: what revocation rolls back by."""
        same = old is not None and bytes(old.eid) == entry.eid
        return int(old.received_us) if same else self._context.now_us()

    def _stopped(self, item: CheckedItem, old: Any) -> dict[str, Any]:
        if old is None:
            return self._empty(item, "", RowKind.STOP)
        if old.status == Status.ERASED and old.hidden != REVOKED:
            return self._kept(item, old)
        return {
            **self._as_it_was(old), "disclosures": NOTHING_DISCLOSED, **summary({}),
            "pseq": item.pseq, "state": item.state, "row_kind": int(RowKind.STOP),
            "row_exp": max(item.exp, old.row_exp),
            "held": LAWFUL_HOLD if item.rk in self._context.lawful else "",
        }  # fmt: skip

    def _unusable(self, item: CheckedItem, old: Any, why: str) -> dict[str, Any]:
        """A mirror row for what may not or cannot be held; an older good copy stays."""
        if old is None:
            return self._empty(item, why, RowKind.PUT)
        row = self._as_it_was(old)
        return {**row, "pseq": item.pseq, "state": item.state, "held": why, "row_kind": 0}

    def _reduced(self, item: CheckedItem, old: Any) -> tuple[dict[str, Any], dict[str, Value]]:
        """An older copy under an item that does not verify: no more than this one names."""
        row = self._unusable(item, old, item.problem)
        if old is None or old.row_kind == RowKind.STOP or old.status != Status.LIVE:
            return row, {}
        left = item.claimed if item.claimed - WITHDRAWN_FIELDS else frozenset[str]()
        row["disclosures"] = only(bytes(old.disclosures), left)
        values = opened_values(row["disclosures"])
        return {**row, **summary(values)}, values

    def _kept(self, item: CheckedItem, old: Any) -> dict[str, Any]:
        """A lower entry never replaces a row: the digests differ, a listing tells the origin."""
        return {**self._as_it_was(old), "pseq": item.pseq}

    def _kept_erased(self, item: CheckedItem, old: Any) -> dict[str, Any]:
        """The register says that this record was erased here: it does not come back."""
        if old is not None:
            return self._kept(item, old)
        raw = self._context.register.get(permissions.ERASED, item.rk) or b""
        return erased_row(self._peer, [as_bytes(part) for part in as_array(decode(raw))], item.pseq)

    def _as_it_was(self, old: Any) -> dict[str, Any]:
        row = {name: getattr(old, name) for name in COLUMNS}
        return {"rk": bytes(old.rk), "org": bytes(old.org), **row}

    def _empty(self, item: CheckedItem, why: str, kind: RowKind) -> dict[str, Any]:
        return {
            "rk": item.rk, "org": self._peer.org, "eid": b"", "rev": 0, "day": 0, "exp_day": 0,
            "status": 0, "node_key": b"", "entry": b"", "sig": b"",
            "disclosures": NOTHING_DISCLOSED, "received_us": self._context.now_us(), "hidden": "",
            "kind": "", "severity": 0, "codes": "", "pseq": item.pseq, "state": item.state,
            "row_kind": int(kind), "row_exp": item.exp, "held": why,
        }  # fmt: skip

    def _prove(self, old: Any, known: Entry, record: Verified) -> None:
        """Keep the entry that loses: two texts for one revision, both signed."""
        new_wins = order(record.entry) > order(known)
        eid, entry, sig = (
            (known.eid, known.raw, bytes(old.sig))
            if new_wins
            else (record.entry.eid, record.entry.raw, record.sig)
        )
        self._connection.execute(
            insert(equivocations).prefix_with("OR IGNORE"),
            [{"eid": eid, "rk": known.rk, "entry": entry, "sig": sig}],
        )


def _says_nothing_new(item: CheckedItem, old: Any) -> bool:
    return old is not None and not old.held and bytes(old.state) == item.state
