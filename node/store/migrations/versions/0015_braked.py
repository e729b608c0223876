"""Each who takes a record away has a copy set aside: before, two hubs shared one.

What waits stays as it is, under whoever took it away first.
"""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

TABLES = (
    "ALTER TABLE braked RENAME TO braked_before",
    """
    CREATE TABLE braked (rk BLOB NOT NULL, org BLOB NOT NULL, since_us INTEGER NOT NULL,
        how TEXT NOT NULL, without TEXT NOT NULL, eid BLOB NOT NULL, rev INTEGER NOT NULL,
        day INTEGER NOT NULL, exp_day INTEGER NOT NULL, node_key BLOB NOT NULL,
        entry BLOB NOT NULL, sig BLOB NOT NULL, disclosures BLOB NOT NULL,
        received_us INTEGER NOT NULL, state BLOB NOT NULL, row_exp INTEGER NOT NULL,
        held TEXT NOT NULL, CONSTRAINT pk_braked PRIMARY KEY (rk, org))
    """,
    """
    INSERT INTO braked (rk, org, since_us, how, without, eid, rev, day, exp_day, node_key, entry,
        sig, disclosures, received_us, state, row_exp, held)
    SELECT rk, org, since_us, how, without, eid, rev, day, exp_day, node_key, entry, sig,
        disclosures, received_us, state, row_exp, held FROM braked_before
    """,
    "DROP TABLE braked_before",
    "CREATE INDEX ix_braked_org ON braked (org)",
)


def upgrade() -> None:
    """Move the copies over."""
    for statement in TABLES:
        op.execute(statement)
