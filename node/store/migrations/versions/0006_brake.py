"""A table for what an origin took away faster than it may.

Nothing that was taken away before waits in it: it is gone.
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TABLES = (
    """
    CREATE TABLE braked (rk BLOB NOT NULL, org BLOB NOT NULL, since_us INTEGER NOT NULL,
        how TEXT NOT NULL, without TEXT NOT NULL, eid BLOB NOT NULL, rev INTEGER NOT NULL,
        day INTEGER NOT NULL, exp_day INTEGER NOT NULL, node_key BLOB NOT NULL,
        entry BLOB NOT NULL, sig BLOB NOT NULL, disclosures BLOB NOT NULL,
        received_us INTEGER NOT NULL, state BLOB NOT NULL, row_exp INTEGER NOT NULL,
        held TEXT NOT NULL, CONSTRAINT pk_braked PRIMARY KEY (rk))
    """,
    """
    CREATE INDEX ix_braked_org ON braked (org)
    """,
)


def upgrade() -> None:
    """Make it."""
    for statement in TABLES:
        op.execute(statement)
