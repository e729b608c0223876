"""The table of the brake: what an origin took away faster than it may, until that is settled.

A row is the copy as it was shown before, one for each that took it away: its author, or hubs. It is
shown and searched nowhere while it stands here.
The copies of before an alert was only signed again stand here too: node.store.earlier.
"""

from sqlalchemy import Column, Index, Integer, Table, Text

from node.store.tables import Bytes, metadata

braked = Table(
    "braked",
    metadata,
    Column("rk", Bytes, primary_key=True),
    Column("org", Bytes, primary_key=True),  # whose word took it away
    Column("since_us", Integer, nullable=False),  # when it was taken away: our receive time
    Column("how", Text, nullable=False),  # node.store.brake.Taking, or earlier.SIGNED
    Column("without", Text, nullable=False),  # what its row would be held for without the brake
    # The copy, as it stood in `records`.
    Column("eid", Bytes, nullable=False),
    Column("rev", Integer, nullable=False),
    Column("day", Integer, nullable=False),
    Column("exp_day", Integer, nullable=False),
    Column("node_key", Bytes, nullable=False),
    Column("entry", Bytes, nullable=False),
    Column("sig", Bytes, nullable=False),
    Column("disclosures", Bytes, nullable=False),
    Column("received_us", Integer, nullable=False),
    Column("state", Bytes, nullable=False),
    Column("row_exp", Integer, nullable=False),
    Column("held", Text, nullable=False),
    Index(None, "org"),
)

COPIED = (
    "eid", "rev", "day", "exp_day", "node_key", "entry", "sig", "disclosures", "received_us",
    "state", "row_exp", "held",
)  # fmt: skip
"""The columns of a copy that is set aside: it was live, a put, and shown."""
