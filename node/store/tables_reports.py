"""The tables beside a report: what the desk asks its reporter, her photos, sealed, and
which forms were sent.

A photo is sealed under a key of its own, which stands in a table of its own: with that row gone the
photo says nothing, wherever its bytes may still lie.
"""

from sqlalchemy import Column, Index, Integer, Table, Text, UniqueConstraint

from node.store.tables import Bytes, metadata

questions = Table(
    "questions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("draft", Text, nullable=False),  # "" where the alert has none
    Column("rk", Bytes, nullable=True),
    Column("text", Text, nullable=False),
    Column("made_us", Integer, nullable=False),
    Column("answered_us", Integer, nullable=False),  # 0: not yet
)

photos = Table(
    "photos",
    metadata,
    Column("id", Text, primary_key=True),
    Column("draft", Text, nullable=False),
    Column("number", Integer, nullable=False),  # from 1, in the order in which they were sent
    Column("bytes", Integer, nullable=False),  # how large it is to look at
    Column("sealed", Bytes, nullable=False),
    UniqueConstraint("draft", "number"),
)

photo_keys = Table(
    "photo_keys",
    metadata,
    Column("photo", Text, primary_key=True),
    Column("key", Bytes, nullable=False),
)

sent_forms = Table(  # so that a form that is sent twice makes one report
    "sent_forms",
    metadata,
    Column("hash", Bytes, primary_key=True),  # of the form's own token
    Column("until_us", Integer, nullable=False),
)

Index("ix_questions_draft", questions.c.draft)
