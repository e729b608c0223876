"""Receipt codes, what reporters send by them, and drafts that hold the whole consent ladder.

A draft held what was asked of members and peers, and whether a person had changed it. Of the other
scopes nobody had been asked.
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE receipts (id INTEGER NOT NULL, hash BLOB NOT NULL, draft TEXT NOT NULL,
        rk BLOB, issued_us INTEGER NOT NULL, CONSTRAINT pk_receipts PRIMARY KEY (id),
        CONSTRAINT uq_receipts_hash UNIQUE (hash))
    """,
    """
    CREATE TABLE reporter_updates (id TEXT NOT NULL, draft TEXT NOT NULL, rk BLOB,
        kind TEXT NOT NULL, body BLOB NOT NULL, state TEXT NOT NULL, made_us INTEGER NOT NULL,
        settled_us INTEGER NOT NULL, CONSTRAINT pk_reporter_updates PRIMARY KEY (id))
    """,
    """
    UPDATE drafts SET consent = CAST(substr(CAST(consent AS TEXT), 1,
        length(CAST(consent AS TEXT)) - 1) || ',null,null,null,null,null]' AS BLOB)
    """,
)


def upgrade() -> None:
    """Make the two tables, and lengthen what each draft says of consent."""
    for statement in STATEMENTS:
        op.execute(statement)
