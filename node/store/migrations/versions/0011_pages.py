"""Pages: members, their sessions and recovery codes, invitations, half-written forms.

Nobody could sign in before.
"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TABLES = (
    """
    CREATE TABLE members (id TEXT NOT NULL, name TEXT NOT NULL, name_key TEXT NOT NULL,
        secret TEXT NOT NULL, role TEXT NOT NULL, language TEXT NOT NULL, made_day INTEGER NOT NULL,
        totp BLOB NOT NULL, totp_step INTEGER NOT NULL,
        CONSTRAINT pk_members PRIMARY KEY (id), CONSTRAINT uq_members_name_key UNIQUE (name_key))
    """,
    """
    CREATE TABLE member_codes (hash BLOB NOT NULL, member TEXT NOT NULL,
        CONSTRAINT pk_member_codes PRIMARY KEY (hash))
    """,
    """
    CREATE TABLE web_sessions (hash BLOB NOT NULL, member TEXT NOT NULL, id TEXT NOT NULL,
        made_us INTEGER NOT NULL, seen_us INTEGER NOT NULL,
        CONSTRAINT pk_web_sessions PRIMARY KEY (hash), CONSTRAINT uq_web_sessions_id UNIQUE (id))
    """,
    """
    CREATE TABLE invitations (hash BLOB NOT NULL, id TEXT NOT NULL, role TEXT NOT NULL,
        made_by TEXT NOT NULL, until_us INTEGER NOT NULL,
        CONSTRAINT pk_invitations PRIMARY KEY (hash), CONSTRAINT uq_invitations_id UNIQUE (id))
    """,
    """
    CREATE TABLE parked_forms (hash BLOB NOT NULL, owner TEXT NOT NULL, kind TEXT NOT NULL,
        body BLOB NOT NULL, until_us INTEGER NOT NULL,
        CONSTRAINT pk_parked_forms PRIMARY KEY (hash))
    """,
    "CREATE INDEX ix_member_codes_member ON member_codes (member)",
    "CREATE INDEX ix_web_sessions_member ON web_sessions (member)",
    "CREATE INDEX ix_parked_forms_owner ON parked_forms (owner)",
)


def upgrade() -> None:
    """Add the tables."""
    for statement in TABLES:
        op.execute(statement)
