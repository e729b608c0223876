"""How many new tokens each peer gives on a day; what was given before is not counted."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.execute(
        """
        CREATE TABLE match_given (peer INTEGER NOT NULL, day INTEGER NOT NULL,
            tokens INTEGER NOT NULL, CONSTRAINT pk_match_given PRIMARY KEY (peer, day))
        """
    )
