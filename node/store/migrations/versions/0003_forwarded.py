"""Records of others that hubs forward: their mirror, their authors, and whose a ledger row is.

Until now every row of a ledger was about a record of our own, and no peer was introduced.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLES = (
    """
    CREATE TABLE forwarded (id INTEGER NOT NULL, source INTEGER NOT NULL, rk BLOB NOT NULL,
        org BLOB NOT NULL, eid BLOB NOT NULL, rev INTEGER NOT NULL, day INTEGER NOT NULL,
        exp_day INTEGER NOT NULL, status INTEGER NOT NULL, node_key BLOB NOT NULL, entry BLOB
        NOT NULL, sig BLOB NOT NULL, disclosures BLOB NOT NULL, received_us INTEGER NOT NULL,
        hidden TEXT NOT NULL, pseq INTEGER NOT NULL, state BLOB NOT NULL, row_kind INTEGER NOT
        NULL, row_exp INTEGER NOT NULL, held TEXT NOT NULL, CONSTRAINT pk_forwarded PRIMARY KEY
        (id), CONSTRAINT uq_forwarded_source_rk UNIQUE (source, rk))
    """,
    "CREATE INDEX ix_forwarded_rk ON forwarded (rk)",
    "CREATE INDEX ix_forwarded_org ON forwarded (org)",
    "CREATE INDEX ix_forwarded_held ON forwarded (source) WHERE held != ''",
    """
    CREATE TABLE authors (org BLOB NOT NULL, docs BLOB NOT NULL, source INTEGER NOT NULL,
        learned_us INTEGER NOT NULL, CONSTRAINT pk_authors PRIMARY KEY (org))
    """,
)


def upgrade() -> None:
    """Add two tables, and a column to ledgers and to peers."""
    for statement in TABLES:
        op.execute(statement)
    empty = sa.text("x''")
    op.add_column("ledger", sa.Column("author", sa.BLOB, nullable=False, server_default=empty))
    op.execute("CREATE INDEX ix_ledger_author ON ledger (peer) WHERE author != x''")
    op.add_column("peers", sa.Column("introduce", sa.Integer, nullable=False, server_default="0"))
