"""The tables of one node's encrypted store.

A record is one row: its merged entry, what may be shown of it (packed disclosures), and, for
another organisation's record, the mirror of that origin's channel (`pseq`, `state`, `row_kind`,
`row_exp`, `held`). The design's reason: one row per field costs three times the insert.
What hubs forward is mirrored in `forwarded`; the record that follows from it, where its author is
no source of ours, is a row of `records` as well, with `row_exp` 0: it is in nobody's mirror.
Own records have a second row in `own`, with what must never travel: consent and restrictions.
"""

from sqlalchemy import (
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.engine import Dialect


class Bytes(LargeBinary):
    """Bytes as the driver takes and gives them, without a wrapper for each value."""

    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> None:
        """Nothing to convert."""

    def result_processor(self, dialect: Dialect, coltype: object) -> None:
        """Nothing to convert."""


NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=NAMING)

meta = Table(
    "meta",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Bytes, nullable=False),
)

peers = Table(
    "peers",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("org", Bytes, nullable=False, unique=True),
    Column("name", Text, nullable=False),  # what this node calls it
    Column("state", Text, nullable=False),  # federation.peers.PeerState
    Column("docs", Bytes, nullable=False),  # encode(documents): org documents, then card
    Column("token", Bytes, nullable=False, default=b""),  # of the invite it gave us
    Column("they_trust", Integer, nullable=False, default=0),
    Column("hello_due", Integer, nullable=False, default=0),
    Column("added_us", Integer, nullable=False),
    Column("contact_us", Integer, nullable=False, default=0),  # last signed contact
    Column("failures", Integer, nullable=False, default=0),
    Column("next_try_us", Integer, nullable=False, default=0),
    Column("trouble", Text, nullable=False, default=""),  # why the last try failed: a code
    # The outgoing channel: what we grant to it.
    Column("out_pseq", Integer, nullable=False, default=0),
    Column("out_cursor", Integer, nullable=False, default=0),  # how far it says it has come
    Column("out_listed", Integer, nullable=False, default=1),  # 0: no put before it was listed
    Column("out_list_pos", Bytes, nullable=True),  # how far its present listing has come
    Column("out_wanted", Bytes, nullable=False, default=b""),  # rks just wanted, packed
    Column("out_due", Bytes, nullable=True),  # the rk from which its rows are to be derived anew
    # The incoming channel: what it grants to us.
    Column("in_cursor", Integer, nullable=False, default=0),
    Column("in_relist", Integer, nullable=False, default=0),  # 1: list, whatever the digests say
    Column("in_synced", Integer, nullable=False, default=1),  # 0: hidden until one equal digest
    Column("introduce", Integer, nullable=False, default=0),  # 1: we may introduce it to peers
)

invites = Table(
    "invites",
    metadata,
    Column("token_hash", Bytes, primary_key=True),
    Column("name", Text, nullable=False, default=""),
    Column("made_us", Integer, nullable=False),
    Column("used_by", Bytes, nullable=True),
)

guards = Table(  # the last n of each (sender key, message type)
    "guards",
    metadata,
    Column("sender", Bytes, nullable=False),
    Column("type", Text, nullable=False),
    Column("n", Integer, nullable=False),
    PrimaryKeyConstraint("sender", "type"),
)

records = Table(
    "records",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("rk", Bytes, nullable=False),  # one row each: the writer looks before it adds
    Column("org", Bytes, nullable=False),
    Column("eid", Bytes, nullable=False),  # empty: no entry (a stop, or held bytes)
    Column("rev", Integer, nullable=False),
    Column("day", Integer, nullable=False),
    Column("exp_day", Integer, nullable=False),
    Column("status", Integer, nullable=False),
    Column("node_key", Bytes, nullable=False),
    Column("entry", Bytes, nullable=False),
    Column("sig", Bytes, nullable=False),
    Column("disclosures", Bytes, nullable=False),  # own: all; others': what may be shown
    Column("received_us", Integer, nullable=False),
    Column("hidden", Text, nullable=False),  # "" or why it is not shown: revoked_key
    Column("kind", Text, nullable=False),
    Column("severity", Integer, nullable=False),
    Column("codes", Text, nullable=False),  # space separated
    # The mirror of the origin's channel; unused in own records.
    Column("pseq", Integer, nullable=False),
    Column("state", Bytes, nullable=False),
    Column("row_kind", Integer, nullable=False),  # 0 put, 1 stop
    Column("row_exp", Integer, nullable=False),
    Column("held", Text, nullable=False),  # "" or the reason code
)

own = Table(
    "own",
    metadata,
    Column("rk", Bytes, primary_key=True),
    Column("consent", Bytes, nullable=False),
    Column("restrictions", Bytes, nullable=False),
    Column("approved", Bytes, nullable=False),
    Column("published_us", Integer, nullable=False),
    Column("partial", Integer, nullable=False, default=0),  # 1: came back; its consent is not known
    Column("came_key", Bytes, nullable=False, default=b""),  # the key it came back under, by give
    Column("came_us", Integer, nullable=False, default=0),
    Column("renewed_us", Integer, nullable=False, default=0),  # 0: never; its life counts from it
    Column("draft", Text, nullable=False, default=""),
)

ledger = Table(
    "ledger",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("peer", Integer, nullable=False),
    Column("rk", Bytes, nullable=False),
    Column("pseq", Integer, nullable=False),
    Column("kind", Integer, nullable=False),  # 0 put, 1 stop
    Column("state", Bytes, nullable=False),
    Column("eid", Bytes, nullable=False),
    Column("rev", Integer, nullable=False),
    Column("names", Bytes, nullable=False),  # encode([name…]) of the disclosed leaves
    Column("exp", Integer, nullable=False),
    Column("since_us", Integer, nullable=False),
    Column("acked_us", Integer, nullable=False, default=0),  # 0: not confirmed
    Column("held", Text, nullable=False, default=""),
    Column("author", Bytes, nullable=False, default=b""),  # whose it is: empty for our own
    UniqueConstraint("peer", "rk"),
    Index(None, "peer", "pseq"),
)
# What is not confirmed, or held, is little; a confirmation must not read a whole ledger.
Index("ix_ledger_unconfirmed", ledger.c.peer, ledger.c.pseq, sqlite_where=ledger.c.acked_us == 0)
Index("ix_ledger_held", ledger.c.peer, sqlite_where=ledger.c.held != "")
Index("ix_ledger_author", ledger.c.peer, sqlite_where=text("author != x''"))  # what is forwarded
# A digest reads these four of a whole mirror, or of a 256th of it, and nothing else of a row.
Index("ix_records_rk", records.c.rk, records.c.org, records.c.row_exp, records.c.state)
# Lists and feeds go through what is in force, the newest first, and stop early.
Index("ix_records_day", records.c.day, sqlite_where=text("status = 0"))
Index("ix_records_held", records.c.org, sqlite_where=records.c.held != "")

forwarded = Table(  # the mirror of what a hub forwards: what it says of records of others
    "forwarded",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("source", Integer, nullable=False),  # the peer that forwards
    Column("rk", Bytes, nullable=False),
    Column("org", Bytes, nullable=False),  # whose record it says it is
    Column("eid", Bytes, nullable=False),  # empty: no entry (a stop, or held bytes)
    Column("rev", Integer, nullable=False),
    Column("day", Integer, nullable=False),
    Column("exp_day", Integer, nullable=False),
    Column("status", Integer, nullable=False),
    Column("node_key", Bytes, nullable=False),
    Column("entry", Bytes, nullable=False),
    Column("sig", Bytes, nullable=False),
    Column("disclosures", Bytes, nullable=False),  # what our policy admits of it
    Column("received_us", Integer, nullable=False),
    Column("hidden", Text, nullable=False),
    Column("pseq", Integer, nullable=False),
    Column("state", Bytes, nullable=False),
    Column("row_kind", Integer, nullable=False),
    Column("row_exp", Integer, nullable=False),
    Column("held", Text, nullable=False),
    UniqueConstraint("source", "rk"),
)
Index("ix_forwarded_rk", forwarded.c.rk)
Index("ix_forwarded_org", forwarded.c.org)
Index("ix_forwarded_held", forwarded.c.source, sqlite_where=forwarded.c.held != "")

authors = Table(  # organisations whose records came through a hub
    "authors",
    metadata,
    Column("org", Bytes, primary_key=True),
    Column("docs", Bytes, nullable=False),  # encode(documents), without a card
    Column("source", Integer, nullable=False),  # the peer that the newest came from
    Column("learned_us", Integer, nullable=False),
)

suspended = Table(  # what recovery must not put again before the keeper confirms
    "suspended",
    metadata,
    Column("peer", Integer, nullable=False),
    Column("rk", Bytes, nullable=False),
    Column("why", Text, nullable=False),
    Column("names", Bytes, nullable=False),  # the most that may stay disclosed
    PrimaryKeyConstraint("peer", "rk"),
)

returned = Table(  # own entries that came back and wait for the keeper
    "returned",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("rk", Bytes, nullable=False),
    Column("eid", Bytes, nullable=False, unique=True),
    Column("peer", Integer, nullable=False),
    Column("entry", Bytes, nullable=False),
    Column("sig", Bytes, nullable=False),
    Column("disclosures", Bytes, nullable=False),
    Column("reason", Text, nullable=False),
)

equivocations = Table(  # two entries of one revision: proof against their signer
    "equivocations",
    metadata,
    Column("eid", Bytes, primary_key=True),
    Column("rk", Bytes, nullable=False),
    Column("entry", Bytes, nullable=False),
    Column("sig", Bytes, nullable=False),
)

identifiers = Table(
    "identifiers",
    metadata,
    Column("norm", Text, nullable=False),
    Column("kind", Text, nullable=False),  # the leaf name: phone, phone.masked, plate.part, name…
    Column("record", Integer, nullable=False),
    PrimaryKeyConstraint("norm", "kind", "record"),
    sqlite_with_rowid=False,  # the key is the row; numbers are no hashes, so this is one B-tree
)

drafts = Table(
    "drafts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("state", Text, nullable=False),  # open, published, refused
    Column("fields", Bytes, nullable=False),
    Column("private", Bytes, nullable=False),
    Column("doubts", Bytes, nullable=False),
    Column("consent", Bytes, nullable=False),
    Column("source", Text, nullable=False),
    Column("row", Integer, nullable=False),
    Column("fingerprint", Bytes, nullable=True, unique=True),
    Column("made_us", Integer, nullable=False),
    Column("rk", Bytes, nullable=True),
    Column("reason", Text, nullable=False, default=""),
)

mappings = Table(
    "mappings",
    metadata,
    Column("fingerprint", Text, primary_key=True),
    Column("toml", Text, nullable=False),
)

receipts = Table(  # which report a receipt code opens; the code itself is nowhere
    "receipts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("hash", Bytes, nullable=False, unique=True),  # slow, under this node's salt
    Column("draft", Text, nullable=False),  # "" where the alert has none
    Column("rk", Bytes, nullable=True),  # where the code was given for an alert
    Column("issued_us", Integer, nullable=False),
)

reporter_updates = Table(  # what a reporter sent by her code, and waits for the desk
    "reporter_updates",
    metadata,
    Column("id", Text, primary_key=True),
    Column("draft", Text, nullable=False),
    Column("rk", Bytes, nullable=True),
    Column("kind", Text, nullable=False),  # add, correct, consent, answer
    Column("body", Bytes, nullable=False),  # her words, or the scopes; empty once settled
    Column("state", Text, nullable=False),  # waiting, taken, declined
    Column("made_us", Integer, nullable=False),
    Column("settled_us", Integer, nullable=False),
)

lawful_holds = Table(  # copies that an order says must be kept, shown to nobody but the keeper
    "lawful_holds",
    metadata,
    Column("rk", Bytes, primary_key=True),
    Column("since_us", Integer, nullable=False),
    Column("until_day", Integer, nullable=False),  # 0: until it is lifted
    Column("reason", Text, nullable=False),
    Column("copy", Bytes, nullable=False),  # encode([entry, sig, disclosures, report])
)
