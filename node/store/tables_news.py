"""The tables of what members want to hear of, and of what their feeds have told them.

Both go with the member. Of a feed's address there is the hash; of an alert, its key and nothing
that it says.
"""

from sqlalchemy import Column, Index, Integer, PrimaryKeyConstraint, Table, Text, UniqueConstraint

from node.store.tables import Bytes, metadata

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("member", Text, primary_key=True),
    Column("severity", Integer, nullable=False),  # at least
    Column("codes", Text, nullable=False),  # space separated; "" is all, as below
    Column("places", Text, nullable=False),  # a line each
    Column("sectors", Text, nullable=False),  # kinds of place, space separated
    Column("quiet_from", Integer, nullable=False),  # the hour; the same as `quiet_until`: none
    Column("quiet_until", Integer, nullable=False),
    Column("daily", Integer, nullable=False),  # 1: one entry a day
    Column("feed", Bytes, nullable=True),  # the hash of the address; NULL: there is none
    Column("feed_us", Integer, nullable=False),  # since when
    UniqueConstraint("feed"),
)

told = Table(  # an alert in somebody's feed
    "told",
    metadata,
    Column("member", Text, nullable=False),
    Column("rk", Bytes, nullable=False),
    Column("entry", Text, nullable=False, unique=True),  # how the feed names it: random
    Column("rev", Integer, nullable=False),
    Column("from_us", Integer, nullable=False),  # when it is first shown: quiet hours hold it back
    Column("changed_us", Integer, nullable=False),
    Column("gone_us", Integer, nullable=False),  # 0: it is there
    PrimaryKeyConstraint("member", "rk"),
)
Index("ix_told_gone", told.c.gone_us)
