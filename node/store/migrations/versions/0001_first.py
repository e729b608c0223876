"""The first schema.

Written out by `metadata.create_all` on the tables of this release; later migrations say each
change themselves, and a test holds that they end at exactly the model's schema.
"""

from alembic import op

from node.store.tables import metadata

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create every table."""
    metadata.create_all(op.get_bind())
