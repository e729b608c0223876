"""The tables of the desk: what members do not want published, and which calls were made.

Of a member's own number or name there is a keyed hash and its kind. The key is not in the store.
"""

from sqlalchemy import Column, Index, Integer, PrimaryKeyConstraint, Table, Text

from node.store.tables import Bytes, metadata

shield = Table(  # members' own identifiers
    "shield",
    metadata,
    Column("member", Text, nullable=False),
    Column("hash", Bytes, nullable=False),  # node.shielding: MAC of the normal form
    Column("id", Text, nullable=False, unique=True),  # how its member names it, to take it off
    Column("kind", Text, nullable=False),
    Column("made_day", Integer, nullable=False),
    PrimaryKeyConstraint("member", "hash"),
)
Index("ix_shield_hash", shield.c.hash)

calls = Table(  # reporters who wanted to be called, and were
    "calls",
    metadata,
    Column("draft", Text, primary_key=True),
    Column("who", Text, nullable=False),  # the name of whoever called
    Column("at_us", Integer, nullable=False),
)
