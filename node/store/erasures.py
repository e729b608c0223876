"""The row of a record that its origin erased, made from the tombstone that the register keeps."""

from collections.abc import Sequence
from typing import Any

from federation.ledger import RowKind
from node.store.peers import Peer
from node.store.records import NOTHING_DISCLOSED
from protocol.commitment import erased_hash
from protocol.entry import Status, decode_entry


def erased_row(peer: Peer, parts: Sequence[bytes], pseq: int) -> dict[str, Any]:
    """The mirror row of an erased record, from the register's [entry, signature, when]."""
    entry, sig, came = decode_entry(parts[0]), parts[1], int.from_bytes(parts[2], "big")
    return {
        "rk": entry.rk, "org": peer.org, "eid": entry.eid, "rev": entry.rev, "day": entry.day,
        "exp_day": entry.exp_day, "status": int(Status.ERASED), "node_key": entry.node_key,
        "entry": entry.raw, "sig": sig, "disclosures": NOTHING_DISCLOSED, "received_us": came,
        "hidden": "", "kind": "", "severity": 0, "codes": "", "pseq": pseq,
        "state": erased_hash(entry.rk), "row_kind": int(RowKind.PUT), "row_exp": entry.exp_day,
        "held": "",
    }  # fmt: skip
