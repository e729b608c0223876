"""News and paper: what members want to hear of, what was told, what stands on which sheet.

Nobody had a feed before, and what was printed before is in the audit alone. An index by which lists
find the newest alerts in force.
"""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE subscriptions (member TEXT NOT NULL, severity INTEGER NOT NULL,
        codes TEXT NOT NULL, places TEXT NOT NULL, sectors TEXT NOT NULL,
        quiet_from INTEGER NOT NULL, quiet_until INTEGER NOT NULL, daily INTEGER NOT NULL,
        feed BLOB, feed_us INTEGER NOT NULL,
        CONSTRAINT pk_subscriptions PRIMARY KEY (member),
        CONSTRAINT uq_subscriptions_feed UNIQUE (feed))
    """,
    """
    CREATE TABLE told (member TEXT NOT NULL, rk BLOB NOT NULL, entry TEXT NOT NULL,
        rev INTEGER NOT NULL, from_us INTEGER NOT NULL, changed_us INTEGER NOT NULL,
        gone_us INTEGER NOT NULL, CONSTRAINT pk_told PRIMARY KEY (member, rk),
        CONSTRAINT uq_told_entry UNIQUE (entry))
    """,
    "CREATE INDEX ix_told_gone ON told (gone_us)",
    """
    CREATE TABLE sheets (id INTEGER NOT NULL, copy INTEGER NOT NULL, made_day INTEGER NOT NULL,
        until_day INTEGER NOT NULL, strip TEXT NOT NULL, CONSTRAINT pk_sheets PRIMARY KEY (id))
    """,
    """
    CREATE TABLE sheet_lines (sheet INTEGER NOT NULL, line INTEGER NOT NULL, rk BLOB NOT NULL,
        rev INTEGER NOT NULL, names TEXT NOT NULL,
        CONSTRAINT pk_sheet_lines PRIMARY KEY (sheet, line))
    """,
    "CREATE INDEX ix_records_day ON records (day) WHERE status = 0",
)


def upgrade() -> None:
    """Add the tables and the index."""
    for statement in STATEMENTS:
        op.execute(statement)
