"""Own records note under which key they came back from a peer, and when.

Where a record was marked as having come back, the key is the one that its entry is signed with:
that is what was meant until now.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the two columns, and fill them for what came back before."""
    op.add_column(
        "own", sa.Column("came_key", sa.BLOB, nullable=False, server_default=sa.text("x''"))
    )
    op.add_column("own", sa.Column("came_us", sa.Integer, nullable=False, server_default="0"))
    op.execute(
        "UPDATE own SET came_key = r.node_key, came_us = r.received_us"
        " FROM records AS r WHERE r.rk = own.rk AND own.partial = 1"
    )
