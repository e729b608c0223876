"""The tables of this organisation's own judgement of what others send: none of it ever travels.

A verdict is about one alert of another organisation, a mark about two alerts, a mode about all of
a peer's alerts. They stand beside the records and are read when something is shown, so nothing that
an origin sends can change them. They go when the alert is erased.
"""

from sqlalchemy import CheckConstraint, Column, Integer, PrimaryKeyConstraint, Table, Text

from node.store.tables import Bytes, metadata

verdicts = Table(
    "verdicts",
    metadata,
    Column("rk", Bytes, primary_key=True),
    Column("hide", Integer, nullable=False),
    Column("note", Text, nullable=False),
    Column("severity", Integer, nullable=False),  # -1: as its origin says
    Column("reason", Text, nullable=False),
    Column("at_us", Integer, nullable=False),
)

voice_reports = Table(  # what stands behind a corroboration of ours
    "voice_reports",
    metadata,
    Column("voice", Bytes, primary_key=True),
    Column("draft", Text, nullable=False),  # "" where the alert has none
    Column("rk", Bytes, nullable=False),  # the alert that the report became; empty where none
)

cluster_marks = Table(  # what a reviewer said of two alerts: one person, or not
    "cluster_marks",
    metadata,
    Column("first", Bytes, nullable=False),
    Column("second", Bytes, nullable=False),
    Column("together", Integer, nullable=False),
    Column("at_us", Integer, nullable=False),
    PrimaryKeyConstraint("first", "second"),
    CheckConstraint("first < second", name="ck_cluster_marks_order"),
)

peer_modes = Table(  # a peer without a row: to members, with its name
    "peer_modes",
    metadata,
    Column("org", Bytes, primary_key=True),
    Column("mode", Text, nullable=False),  # node.store.modes.Mode
    Column("ignored", Text, nullable=False),  # codes, space separated
    Column("since_us", Integer, nullable=False),
)

passed = Table(  # alerts of a peer in review that a person let through, as they then were
    "passed",
    metadata,
    Column("rk", Bytes, primary_key=True),
    Column("content", Bytes, nullable=False),  # the hash of what they said
    Column("at_us", Integer, nullable=False),
)
