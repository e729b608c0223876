"""Tables for matching without seeing, and for alerts that are held until others match.

Nobody has asked anything yet, and nothing is held.
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TABLES = (
    """
    CREATE TABLE match_answered (peer INTEGER NOT NULL, day INTEGER NOT NULL,
        identifiers INTEGER NOT NULL, CONSTRAINT pk_match_answered PRIMARY KEY (peer, day))
    """,
    """
    CREATE INDEX ix_match_answered_day ON match_answered (day)
    """,
    """
    CREATE TABLE match_asked (who TEXT NOT NULL, day INTEGER NOT NULL,
        identifiers INTEGER NOT NULL, CONSTRAINT pk_match_asked PRIMARY KEY (who, day))
    """,
    """
    CREATE TABLE holds (rk BLOB NOT NULL, alert BLOB NOT NULL, needed INTEGER NOT NULL,
        given BLOB NOT NULL,
        CONSTRAINT pk_holds PRIMARY KEY (rk), CONSTRAINT uq_holds_alert UNIQUE (alert))
    """,
    """
    CREATE TABLE hold_tokens (hold BLOB NOT NULL, org BLOB NOT NULL, kind TEXT NOT NULL,
        kid BLOB NOT NULL, mark BLOB NOT NULL, theirs BLOB NOT NULL,
        CONSTRAINT pk_hold_tokens PRIMARY KEY (hold, org, kid, kind, mark))
    """,
)


def upgrade() -> None:
    """Make them."""
    for statement in TABLES:
        op.execute(statement)
