"""The tables of matching: what was asked on a day, and the alerts that wait for others' reports.

Counts only: what was asked is nowhere, here or at the origin. The tokens of `hold_tokens` are those
of our own identifiers at other origins, so that each origin is asked about each of them once.
"""

from sqlalchemy import Column, Index, Integer, PrimaryKeyConstraint, Table, Text

from node.store.tables import Bytes, metadata

match_answered = Table(  # how many identifiers a peer had evaluated here on a day
    "match_answered",
    metadata,
    Column("peer", Integer, nullable=False),
    Column("day", Integer, nullable=False),
    Column("identifiers", Integer, nullable=False),
    PrimaryKeyConstraint("peer", "day"),
)

match_asked = Table(  # how many identifiers we asked other origins about on a day
    "match_asked",
    metadata,
    Column("who", Text, nullable=False),  # for whom; "" is the desk
    Column("day", Integer, nullable=False),
    Column("identifiers", Integer, nullable=False),
    PrimaryKeyConstraint("who", "day"),
)

match_given = Table(  # how many tokens that were new a peer gave us on a day
    "match_given",
    metadata,
    Column("peer", Integer, nullable=False),
    Column("day", Integer, nullable=False),
    Column("tokens", Integer, nullable=False),
    PrimaryKeyConstraint("peer", "day"),
)

holds = Table(  # alerts that are held until others have a report on the same identifier
    "holds",
    metadata,
    Column("rk", Bytes, primary_key=True),  # the record of kind hold
    Column("alert", Bytes, nullable=False, unique=True),
    Column("needed", Integer, nullable=False),  # how many other organisations
    Column("given", Bytes, nullable=False),  # encode([org…]): to whom it was released so far
)

hold_tokens = Table(  # our own identifiers, evaluated at another origin
    "hold_tokens",
    metadata,
    Column("hold", Bytes, nullable=False),
    Column("org", Bytes, nullable=False),
    Column("kind", Text, nullable=False),  # the kind of identifier
    Column("kid", Bytes, nullable=False),  # their key
    Column("mark", Bytes, nullable=False),  # node.store.holds.mark_of
    Column("theirs", Bytes, nullable=False),
    PrimaryKeyConstraint("hold", "org", "kid", "kind", "mark"),
)
Index("ix_match_answered_day", match_answered.c.day)
