"""Reports on pages: what the desk asks a reporter, and photos with the keys that they are under.

Nobody could be asked before, and no report had photos.
"""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

TABLES = (
    """
    CREATE TABLE questions (id TEXT NOT NULL, draft TEXT NOT NULL, rk BLOB, text TEXT NOT NULL,
        made_us INTEGER NOT NULL, answered_us INTEGER NOT NULL,
        CONSTRAINT pk_questions PRIMARY KEY (id))
    """,
    """
    CREATE TABLE photos (id TEXT NOT NULL, draft TEXT NOT NULL, number INTEGER NOT NULL,
        bytes INTEGER NOT NULL, sealed BLOB NOT NULL, CONSTRAINT pk_photos PRIMARY KEY (id),
        CONSTRAINT uq_photos_draft UNIQUE (draft, number))
    """,
    """
    CREATE TABLE photo_keys (photo TEXT NOT NULL, "key" BLOB NOT NULL,
        CONSTRAINT pk_photo_keys PRIMARY KEY (photo))
    """,
    """
    CREATE TABLE sent_forms (hash BLOB NOT NULL, until_us INTEGER NOT NULL,
        CONSTRAINT pk_sent_forms PRIMARY KEY (hash))
    """,
    "CREATE INDEX ix_questions_draft ON questions (draft)",
)


def upgrade() -> None:
    """Add the tables."""
    for statement in TABLES:
        op.execute(statement)
