"""When an alert was renewed, and what an order says must be kept.

Nothing was renewed before, and nothing kept.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column and the table."""
    op.add_column("own", sa.Column("renewed_us", sa.Integer, nullable=False, server_default="0"))
    op.execute(
        """
        CREATE TABLE lawful_holds (rk BLOB NOT NULL, since_us INTEGER NOT NULL,
            until_day INTEGER NOT NULL, reason TEXT NOT NULL, copy BLOB NOT NULL,
            CONSTRAINT pk_lawful_holds PRIMARY KEY (rk))
        """
    )
