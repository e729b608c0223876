"""The tables of mailboxes: what we hold for others, and which of our peers we write to by one.

What is held is sealed to its recipient: this store knows who left it and for whom, and no more.
"""

from sqlalchemy import Column, Index, Integer, Table, Text

from node.store.tables import Bytes, metadata

mail_held = Table(  # wires that a peer of ours left here for another
    "mail_held",
    metadata,
    Column("id", Integer, primary_key=True),  # the order in which they came
    Column("mid", Bytes, nullable=False, unique=True),  # random: what the recipient calls it
    Column("depositor", Bytes, nullable=False),
    Column("recipient", Bytes, nullable=False),
    Column("wire", Bytes, nullable=False),
    Column("until_us", Integer, nullable=False),
)

mail_routes = Table(  # our peers to whom we write by a mailbox, because our keeper says so
    "mail_routes",
    metadata,
    Column("org", Bytes, primary_key=True),
    Column("holder", Bytes, nullable=False),
    Column("hello", Bytes, nullable=False, default=b""),  # hash of the hello last left there
    Column("said", Bytes, nullable=False, default=b""),  # hash of all that was last left there
    Column("answer_due", Integer, nullable=False, default=0),  # 1: what it wrote moved us on
    Column("left_us", Integer, nullable=False, default=0),  # when something was last left
    Column("next_us", Integer, nullable=False, default=0),  # after a refusal, not before then
    Column("trouble", Text, nullable=False, default=""),  # why the last try failed: a code
)

Index("ix_mail_held_recipient", mail_held.c.recipient)
Index("ix_mail_held_depositor", mail_held.c.depositor)
