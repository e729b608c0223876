"""Ledgers that are to be derived anew, from which key on.

Before, that was done in the commit that asked for it: nothing was left due.
"""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.execute("ALTER TABLE peers ADD COLUMN out_due BLOB")
