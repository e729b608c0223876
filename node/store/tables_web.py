"""The tables of the pages: who may sign in, who is signed in, who may join, what is half written.

Of a member there is a working name and a hash of a passphrase, and nothing that leads to a person.
Tokens and codes are here as hashes only.
"""

from sqlalchemy import Column, Index, Integer, Table, Text

from node.store.tables import Bytes, metadata

members = Table(
    "members",
    metadata,
    Column("id", Text, primary_key=True),  # random; never shown
    Column("name", Text, nullable=False),  # the working name, as typed
    Column("name_key", Text, nullable=False, unique=True),  # folded, for comparing
    Column("secret", Text, nullable=False),  # Argon2id of the passphrase
    Column("role", Text, nullable=False),  # node.web.roles.Role
    Column("language", Text, nullable=False, default=""),  # "" follows the browser
    Column("made_day", Integer, nullable=False),
    Column("totp", Bytes, nullable=False, default=b""),  # seed of the one-time codes; b"" has none
    Column("totp_step", Integer, nullable=False, default=0),  # the last code that was used
)

member_codes = Table(  # printed recovery codes
    "member_codes",
    metadata,
    Column("hash", Bytes, primary_key=True),
    Column("member", Text, nullable=False),
)

web_sessions = Table(
    "web_sessions",
    metadata,
    Column("hash", Bytes, primary_key=True),  # of the token in the cookie
    Column("member", Text, nullable=False),
    Column("id", Text, nullable=False, unique=True),  # how its owner names it, to end it
    Column("made_us", Integer, nullable=False),
    Column("seen_us", Integer, nullable=False),  # to within some minutes
)

invitations = Table(  # to join: one use, some days
    "invitations",
    metadata,
    Column("hash", Bytes, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("role", Text, nullable=False),
    Column("made_by", Text, nullable=False),  # working name, or the command line
    Column("until_us", Integer, nullable=False),
)

parked_forms = Table(  # what was being written when the session or the line ended
    "parked_forms",
    metadata,
    Column("hash", Bytes, primary_key=True),  # of the form's own token
    Column("owner", Text, nullable=False),  # the member's id; "" a visitor
    Column("kind", Text, nullable=False),
    Column("body", Bytes, nullable=False),
    Column("until_us", Integer, nullable=False),
)

Index("ix_member_codes_member", member_codes.c.member)
Index("ix_web_sessions_member", web_sessions.c.member)
Index("ix_parked_forms_owner", parked_forms.c.owner)
