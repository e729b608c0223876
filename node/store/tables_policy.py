"""The tables behind a policy's duties: who did what inside, objections, reviews, counts.

None of them ever travels. What a person wrote stands in `disputes` and in the notes of `audit`
only, and goes with the alert that it is about.
"""

from sqlalchemy import Column, Index, Integer, PrimaryKeyConstraint, Table, Text

from node.store.tables import Bytes, metadata

audit = Table(  # who did what inside
    "audit",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at_us", Integer, nullable=False),
    Column("who", Text, nullable=False),  # the name that was given
    Column("what", Text, nullable=False),  # node.store.audit.Act
    Column("subject", Bytes, nullable=False),  # the alert's rk; empty where none
    Column("note", Text, nullable=False),
)

disputes = Table(  # objections of listed persons
    "disputes",
    metadata,
    Column("id", Text, primary_key=True),
    Column("rk", Bytes, nullable=False),
    Column("state", Text, nullable=False),  # node.store.disputes.DisputeState
    Column("opened_us", Integer, nullable=False),
    Column("due_day", Integer, nullable=False),
    Column("opened_by", Text, nullable=False),
    Column("objection", Text, nullable=False),
    Column("answered_us", Integer, nullable=False, default=0),
    Column("answered_by", Text, nullable=False, default=""),
    Column("answer", Text, nullable=False, default=""),
    Column("outcome", Text, nullable=False, default=""),
    Column("closed_us", Integer, nullable=False, default=0),
    Column("closed_by", Text, nullable=False, default=""),
)
Index("ix_disputes_rk", disputes.c.rk)

reviews = Table(  # who approved a draft, and of what fields
    "reviews",
    metadata,
    Column("draft", Text, nullable=False),
    Column("name_key", Text, nullable=False),  # the name, folded: one person is one reviewer
    Column("name", Text, nullable=False),
    Column("at_us", Integer, nullable=False),
    Column("fields", Bytes, nullable=False),  # the hash of what was approved
    PrimaryKeyConstraint("draft", "name_key"),
)

provisional = Table(  # alerts that went out before their reviewers agreed
    "provisional",
    metadata,
    Column("rk", Bytes, primary_key=True),
    Column("until_us", Integer, nullable=False),
)

counted = Table(  # alerts that stand in a published statistic
    "counted",
    metadata,
    Column("rk", Bytes, primary_key=True),
)

lookup_counts = Table(  # how many checks were made on a day; never what was asked
    "lookup_counts",
    metadata,
    Column("day", Integer, primary_key=True),
    Column("checks", Integer, nullable=False),
)
