"""The first schema, as it was: each later migration says its own change.

A test holds that the migrations end at exactly the tables of this release.
"""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = (
    """
    CREATE TABLE drafts (id TEXT NOT NULL, state TEXT NOT NULL, fields BLOB NOT NULL,
        private BLOB NOT NULL, doubts BLOB NOT NULL, consent BLOB NOT NULL, source TEXT NOT
        NULL, "row" INTEGER NOT NULL, fingerprint BLOB, made_us INTEGER NOT NULL, rk BLOB,
        reason TEXT NOT NULL, CONSTRAINT pk_drafts PRIMARY KEY (id), CONSTRAINT
        uq_drafts_fingerprint UNIQUE (fingerprint))
    """,
    """
    CREATE TABLE equivocations (eid BLOB NOT NULL, rk BLOB NOT NULL, entry BLOB NOT NULL,
        sig BLOB NOT NULL, CONSTRAINT pk_equivocations PRIMARY KEY (eid))
    """,
    """
    CREATE TABLE guards (sender BLOB NOT NULL, type TEXT NOT NULL, n INTEGER NOT NULL,
        CONSTRAINT pk_guards PRIMARY KEY (sender, type))
    """,
    """
    CREATE TABLE identifiers (norm TEXT NOT NULL, kind TEXT NOT NULL, record INTEGER NOT
        NULL, CONSTRAINT pk_identifiers PRIMARY KEY (norm, kind, record)) WITHOUT ROWID
    """,
    """
    CREATE TABLE invites (token_hash BLOB NOT NULL, name TEXT NOT NULL, made_us INTEGER NOT
        NULL, used_by BLOB, CONSTRAINT pk_invites PRIMARY KEY (token_hash))
    """,
    """
    CREATE TABLE ledger (id INTEGER NOT NULL, peer INTEGER NOT NULL, rk BLOB NOT NULL, pseq
        INTEGER NOT NULL, kind INTEGER NOT NULL, state BLOB NOT NULL, eid BLOB NOT NULL, rev
        INTEGER NOT NULL, names BLOB NOT NULL, exp INTEGER NOT NULL, since_us INTEGER NOT
        NULL, acked_us INTEGER NOT NULL, held TEXT NOT NULL, CONSTRAINT pk_ledger PRIMARY
        KEY (id), CONSTRAINT uq_ledger_peer_rk UNIQUE (peer, rk))
    """,
    """
    CREATE INDEX ix_ledger_held ON ledger (peer) WHERE held != ''
    """,
    """
    CREATE INDEX ix_ledger_peer_pseq ON ledger (peer, pseq)
    """,
    """
    CREATE INDEX ix_ledger_unconfirmed ON ledger (peer, pseq) WHERE acked_us = 0
    """,
    """
    CREATE TABLE mappings (fingerprint TEXT NOT NULL, toml TEXT NOT NULL, CONSTRAINT
        pk_mappings PRIMARY KEY (fingerprint))
    """,
    """
    CREATE TABLE meta ("key" TEXT NOT NULL, value BLOB NOT NULL, CONSTRAINT pk_meta PRIMARY
        KEY ("key"))
    """,
    """
    CREATE TABLE own (rk BLOB NOT NULL, consent BLOB NOT NULL, restrictions BLOB NOT NULL,
        approved BLOB NOT NULL, published_us INTEGER NOT NULL, partial INTEGER NOT NULL,
        draft TEXT NOT NULL, CONSTRAINT pk_own PRIMARY KEY (rk))
    """,
    """
    CREATE TABLE peers (id INTEGER NOT NULL, org BLOB NOT NULL, name TEXT NOT NULL, state
        TEXT NOT NULL, docs BLOB NOT NULL, token BLOB NOT NULL, they_trust INTEGER NOT NULL,
        hello_due INTEGER NOT NULL, added_us INTEGER NOT NULL, contact_us INTEGER NOT NULL,
        failures INTEGER NOT NULL, next_try_us INTEGER NOT NULL, trouble TEXT NOT NULL,
        out_pseq INTEGER NOT NULL, out_cursor INTEGER NOT NULL, out_listed INTEGER NOT NULL,
        out_list_pos BLOB, out_wanted BLOB NOT NULL, in_cursor INTEGER NOT NULL, in_relist
        INTEGER NOT NULL, in_synced INTEGER NOT NULL, CONSTRAINT pk_peers PRIMARY KEY (id),
        CONSTRAINT uq_peers_org UNIQUE (org))
    """,
    """
    CREATE TABLE records (id INTEGER NOT NULL, rk BLOB NOT NULL, org BLOB NOT NULL, eid BLOB
        NOT NULL, rev INTEGER NOT NULL, day INTEGER NOT NULL, exp_day INTEGER NOT NULL,
        status INTEGER NOT NULL, node_key BLOB NOT NULL, entry BLOB NOT NULL, sig BLOB NOT
        NULL, disclosures BLOB NOT NULL, received_us INTEGER NOT NULL, hidden TEXT NOT NULL,
        kind TEXT NOT NULL, severity INTEGER NOT NULL, codes TEXT NOT NULL, pseq INTEGER NOT
        NULL, state BLOB NOT NULL, row_kind INTEGER NOT NULL, row_exp INTEGER NOT NULL, held
        TEXT NOT NULL, CONSTRAINT pk_records PRIMARY KEY (id))
    """,
    """
    CREATE INDEX ix_records_held ON records (org) WHERE held != ''
    """,
    """
    CREATE INDEX ix_records_rk ON records (rk, org, row_exp, state)
    """,
    """
    CREATE TABLE returned (id INTEGER NOT NULL, rk BLOB NOT NULL, eid BLOB NOT NULL, peer
        INTEGER NOT NULL, entry BLOB NOT NULL, sig BLOB NOT NULL, disclosures BLOB NOT NULL,
        reason TEXT NOT NULL, CONSTRAINT pk_returned PRIMARY KEY (id), CONSTRAINT
        uq_returned_eid UNIQUE (eid))
    """,
    """
    CREATE TABLE suspended (peer INTEGER NOT NULL, rk BLOB NOT NULL, why TEXT NOT NULL,
        names BLOB NOT NULL, CONSTRAINT pk_suspended PRIMARY KEY (peer, rk))
    """,
)


def upgrade() -> None:
    """Create every table and index."""
    for statement in TABLES:
        op.execute(statement)
