"""Our own judgement of what others send: verdicts, marks of clusters, modes of peers.

Nobody had judged anything before, and every peer's alerts went to members.
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables."""
    op.execute(
        """
        CREATE TABLE verdicts (rk BLOB NOT NULL, hide INTEGER NOT NULL, note TEXT NOT NULL,
            severity INTEGER NOT NULL, reason TEXT NOT NULL, at_us INTEGER NOT NULL,
            CONSTRAINT pk_verdicts PRIMARY KEY (rk))
        """
    )
    op.execute(
        """
        CREATE TABLE voice_reports (voice BLOB NOT NULL, draft TEXT NOT NULL, rk BLOB NOT NULL,
            CONSTRAINT pk_voice_reports PRIMARY KEY (voice))
        """
    )
    op.execute(
        """
        CREATE TABLE cluster_marks (first BLOB NOT NULL, second BLOB NOT NULL,
            together INTEGER NOT NULL, at_us INTEGER NOT NULL,
            CONSTRAINT pk_cluster_marks PRIMARY KEY (first, second),
            CONSTRAINT ck_cluster_marks_order CHECK (first < second))
        """
    )
    op.execute(
        """
        CREATE TABLE peer_modes (org BLOB NOT NULL, mode TEXT NOT NULL, ignored TEXT NOT NULL,
            since_us INTEGER NOT NULL, CONSTRAINT pk_peer_modes PRIMARY KEY (org))
        """
    )
    op.execute(
        """
        CREATE TABLE passed (rk BLOB NOT NULL, content BLOB NOT NULL, at_us INTEGER NOT NULL,
            CONSTRAINT pk_passed PRIMARY KEY (rk))
        """
    )
