"""Tables for the duties of a policy: audit, disputes, reviews, provisional alerts, counts.

What was published before is not provisional: it went out under the rules of its day. It has not
been counted yet.
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TABLES = (
    """
    CREATE TABLE audit (id INTEGER NOT NULL, at_us INTEGER NOT NULL, who TEXT NOT NULL,
        what TEXT NOT NULL, subject BLOB NOT NULL, note TEXT NOT NULL,
        CONSTRAINT pk_audit PRIMARY KEY (id))
    """,
    """
    CREATE TABLE disputes (id TEXT NOT NULL, rk BLOB NOT NULL, state TEXT NOT NULL,
        opened_us INTEGER NOT NULL, due_day INTEGER NOT NULL, opened_by TEXT NOT NULL,
        objection TEXT NOT NULL, answered_us INTEGER NOT NULL, answered_by TEXT NOT NULL,
        answer TEXT NOT NULL, outcome TEXT NOT NULL, closed_us INTEGER NOT NULL,
        closed_by TEXT NOT NULL, CONSTRAINT pk_disputes PRIMARY KEY (id))
    """,
    """
    CREATE INDEX ix_disputes_rk ON disputes (rk)
    """,
    """
    CREATE TABLE reviews (draft TEXT NOT NULL, name_key TEXT NOT NULL, name TEXT NOT NULL,
        at_us INTEGER NOT NULL, fields BLOB NOT NULL,
        CONSTRAINT pk_reviews PRIMARY KEY (draft, name_key))
    """,
    """
    CREATE TABLE provisional (rk BLOB NOT NULL, until_us INTEGER NOT NULL,
        CONSTRAINT pk_provisional PRIMARY KEY (rk))
    """,
    """
    CREATE TABLE counted (rk BLOB NOT NULL, CONSTRAINT pk_counted PRIMARY KEY (rk))
    """,
    """
    CREATE TABLE lookup_counts (day INTEGER NOT NULL, checks INTEGER NOT NULL,
        CONSTRAINT pk_lookup_counts PRIMARY KEY (day))
    """,
)


def upgrade() -> None:
    """Create the tables, empty."""
    for statement in TABLES:
        op.execute(statement)
