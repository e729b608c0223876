"""The desk: the shield list of members, and the calls that were made.

Nobody had entered anything before, and nobody had been called.
"""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

TABLES = (
    """
    CREATE TABLE shield (member TEXT NOT NULL, hash BLOB NOT NULL, id TEXT NOT NULL,
        kind TEXT NOT NULL, made_day INTEGER NOT NULL,
        CONSTRAINT pk_shield PRIMARY KEY (member, hash), CONSTRAINT uq_shield_id UNIQUE (id))
    """,
    """
    CREATE TABLE calls (draft TEXT NOT NULL, who TEXT NOT NULL, at_us INTEGER NOT NULL,
        CONSTRAINT pk_calls PRIMARY KEY (draft))
    """,
    "CREATE INDEX ix_shield_hash ON shield (hash)",
)


def upgrade() -> None:
    """Add the tables."""
    for statement in TABLES:
        op.execute(statement)
