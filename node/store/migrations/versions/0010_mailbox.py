"""Mailboxes: sealed wires that are held for others, and the peers we write to by one.

Nothing was held before, and nobody was written to by a mailbox.
"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables."""
    op.execute(
        """
        CREATE TABLE mail_held (id INTEGER NOT NULL, mid BLOB NOT NULL, depositor BLOB NOT NULL,
            recipient BLOB NOT NULL, wire BLOB NOT NULL, until_us INTEGER NOT NULL,
            CONSTRAINT pk_mail_held PRIMARY KEY (id),
            CONSTRAINT uq_mail_held_mid UNIQUE (mid))
        """
    )
    op.execute("CREATE INDEX ix_mail_held_recipient ON mail_held (recipient)")
    op.execute("CREATE INDEX ix_mail_held_depositor ON mail_held (depositor)")
    op.execute(
        """
        CREATE TABLE mail_routes (org BLOB NOT NULL, holder BLOB NOT NULL, hello BLOB NOT NULL,
            said BLOB NOT NULL, answer_due INTEGER NOT NULL, left_us INTEGER NOT NULL,
            next_us INTEGER NOT NULL, trouble TEXT NOT NULL,
            CONSTRAINT pk_mail_routes PRIMARY KEY (org))
        """
    )
