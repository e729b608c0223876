"""The store's schema: the number that every start compares is that of the newest migration."""

import os
import subprocess
import sys
from pathlib import Path

from sqlalchemy import Engine, inspect, select, text

from federation.release import Consent
from node.store.drafts import Asked, find_draft
from node.store.engine import sync_engine
from node.store.schema import HEAD, alembic_script, migrate, upgrade_store
from node.store.tables import metadata

KEY = bytes(range(32))


def test_the_head_is_the_newest_migration() -> None:
    assert alembic_script().get_current_head() == HEAD


def test_a_new_store_has_every_table_of_the_model_and_a_second_upgrade_changes_nothing(
    tmp_path: Path,
) -> None:
    path = tmp_path / "store.db"
    upgrade_store(path, KEY)
    upgrade_store(path, KEY)
    engine = sync_engine(path, KEY)
    found = set(inspect(engine).get_table_names())
    engine.dispose()
    assert found - {"alembic_version"} == set(metadata.tables)
    assert list(tmp_path.glob("*.before-*")) == []


def _shape(engine: Engine) -> dict[str, object]:
    """Every column (name, type, whether it may be empty, key) and index of a store."""
    found: dict[str, object] = {}
    with engine.connect() as connection:
        for name in metadata.tables:
            columns = connection.execute(text(f'PRAGMA table_info("{name}")')).fetchall()
            found[name] = sorted((c.name, c.type, c.notnull, c.pk) for c in columns)
        indexes = connection.execute(
            text("SELECT name, sql FROM sqlite_master WHERE sql LIKE 'CREATE%INDEX%'")
        )
        found |= {row.name: " ".join(row.sql.split()) for row in indexes}
    return found


def test_the_migrations_end_at_exactly_the_tables_of_the_model(tmp_path: Path) -> None:
    upgrade_store(tmp_path / "migrated.db", KEY)
    migrated = sync_engine(tmp_path / "migrated.db", KEY)
    made = sync_engine(tmp_path / "made.db", KEY)
    metadata.create_all(made)
    assert _shape(migrated) == _shape(made)
    migrated.dispose()
    made.dispose()


def _at(path: Path, revision: str) -> Engine:
    """A store as the release with this newest migration left it."""
    engine = sync_engine(path, KEY)
    with engine.begin() as connection:
        migrate(alembic_script(), connection, revision)
    return engine


def _fill(engine: Engine, table: str, **values: object) -> None:
    """One row of an older schema: what is not given is empty."""
    with engine.begin() as connection:
        columns = connection.execute(text(f'PRAGMA table_info("{table}")')).fetchall()
        empty = {"INTEGER": 0, "TEXT": "", "BLOB": b""}
        row = {c.name: values.get(c.name, empty[c.type]) for c in columns}
        names = ", ".join(f'"{name}"' for name in row)
        marks = ", ".join(f":{name}" for name in row)
        statement = text(f'INSERT INTO "{table}" ({names}) VALUES ({marks})')  # noqa: S608
        connection.execute(statement, row)


def test_a_record_that_had_come_back_is_noted_under_the_key_of_its_entry(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    engine = _at(path, "0001")
    for rk, partial in ((b"a", 1), (b"b", 0)):
        _fill(engine, "own", rk=rk, partial=partial)
        _fill(engine, "records", id=ord(rk), rk=rk, node_key=b"key", received_us=7)
    engine.dispose()
    upgrade_store(path, KEY)
    engine = sync_engine(path, KEY)
    own = metadata.tables["own"]
    with engine.connect() as connection:
        found = connection.execute(
            select(own.c.rk, own.c.came_key, own.c.came_us).order_by(own.c.rk)
        )
        assert [tuple(row) for row in found] == [(b"a", b"key", 7), (b"b", b"", 0)]
    engine.dispose()


def test_a_ledger_from_before_hubs_is_about_our_own_records_and_no_peer_is_introduced(
    tmp_path: Path,
) -> None:
    path = tmp_path / "store.db"
    engine = _at(path, "0002")
    _fill(engine, "peers", id=1, org=b"o")
    _fill(engine, "ledger", id=1, peer=1, rk=b"a", pseq=7)
    engine.dispose()
    upgrade_store(path, KEY)
    engine = sync_engine(path, KEY)
    ledger, peers = metadata.tables["ledger"], metadata.tables["peers"]
    with engine.connect() as connection:
        assert tuple(connection.execute(select(ledger.c.pseq, ledger.c.author)).one()) == (7, b"")
        assert connection.execute(select(peers.c.introduce)).scalar() == 0
    engine.dispose()


def test_nothing_published_before_is_provisional_or_counted(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    engine = _at(path, "0002")
    _fill(engine, "own", rk=b"a")
    _fill(engine, "records", id=1, rk=b"a")
    engine.dispose()
    upgrade_store(path, KEY)
    engine = sync_engine(path, KEY)
    with engine.connect() as connection:
        for name in ("audit", "disputes", "reviews", "provisional", "counted", "lookup_counts"):
            assert connection.execute(select(metadata.tables[name])).fetchall() == []
        assert connection.execute(select(metadata.tables["own"].c.rk)).scalar() == b"a"
    engine.dispose()


def test_a_draft_of_before_the_consent_ladder_was_asked_of_members_and_peers_alone(
    tmp_path: Path,
) -> None:
    path = tmp_path / "store.db"
    engine = _at(path, "0004")
    for id_, consent in (("a", b"[false,null,true]"), ("b", b"[null,false,false]")):
        _fill(
            engine, "drafts", id=id_, state="open", consent=consent, fields=b"{}", private=b"{}",
            doubts=b"[]", source="form", fingerprint=id_.encode(), rk=None,
        )  # fmt: skip
    engine.dispose()
    upgrade_store(path, KEY)
    engine = sync_engine(path, KEY)
    with engine.connect() as connection:
        one, other = find_draft(connection, "a"), find_draft(connection, "b")
    engine.dispose()
    assert (one.asked, one.edited) == (Asked(members=False), True)
    assert (other.asked, other.edited) == (Asked(peers=False), False)
    assert other.asked.consent == Consent(members=True)


def test_a_node_that_needs_no_migration_imports_no_alembic() -> None:
    code = "import sys, node.app; sys.exit(any(m.startswith('alembic') for m in sys.modules))"
    root = Path(__file__).parents[3]
    env = os.environ | {"PYTHONPATH": str(root)}
    assert subprocess.run([sys.executable, "-c", code], env=env, check=False).returncode == 0


def test_nothing_that_was_taken_away_before_the_brake_waits_in_it(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    engine = _at(path, "0005")
    _fill(engine, "records", id=1, rk=b"a", status=2)
    engine.dispose()
    upgrade_store(path, KEY)
    engine = sync_engine(path, KEY)
    with engine.connect() as connection:
        assert connection.execute(select(metadata.tables["braked"])).fetchall() == []
        assert connection.execute(select(metadata.tables["records"].c.status)).scalar() == 2
    engine.dispose()


def test_before_matching_nobody_had_asked_and_nothing_was_held(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    engine = _at(path, "0006")
    _fill(engine, "records", id=1, rk=b"a", kind="alert")
    engine.dispose()
    upgrade_store(path, KEY)
    engine = sync_engine(path, KEY)
    with engine.connect() as connection:
        for name in ("match_answered", "match_asked", "holds", "hold_tokens"):
            assert connection.execute(select(metadata.tables[name])).fetchall() == []
        assert connection.execute(select(metadata.tables["records"].c.kind)).scalar() == "alert"
    engine.dispose()


def test_an_alert_of_before_was_never_renewed_and_nothing_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    engine = _at(path, "0007")
    _fill(engine, "own", rk=b"a", published_us=7)
    engine.dispose()
    upgrade_store(path, KEY)
    engine = sync_engine(path, KEY)
    with engine.connect() as connection:
        own = metadata.tables["own"]
        row = connection.execute(select(own.c.published_us, own.c.renewed_us)).one()
        assert tuple(row) == (7, 0)
        assert connection.execute(select(metadata.tables["lawful_holds"])).fetchall() == []
    engine.dispose()


def test_before_voices_nobody_had_judged_and_every_peer_s_alerts_were_shown(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    engine = _at(path, "0008")
    _fill(engine, "records", id=1, rk=b"a", kind="alert")
    _fill(engine, "peers", id=1, org=b"o")
    engine.dispose()
    upgrade_store(path, KEY)
    engine = sync_engine(path, KEY)
    with engine.connect() as connection:
        for name in ("verdicts", "voice_reports", "cluster_marks", "peer_modes", "passed"):
            assert connection.execute(select(metadata.tables[name])).fetchall() == []
        assert connection.execute(select(metadata.tables["records"].c.rk)).scalar() == b"a"
    engine.dispose()


def test_before_mailboxes_nothing_was_held_for_others_and_nobody_was_written_to_by_one(
    tmp_path: Path,
) -> None:
    path = tmp_path / "store.db"
    engine = _at(path, "0009")
    _fill(engine, "peers", id=1, org=b"o", contact_us=7)
    engine.dispose()
    upgrade_store(path, KEY)
    engine = sync_engine(path, KEY)
    with engine.connect() as connection:
        for name in ("mail_held", "mail_routes"):
            assert connection.execute(select(metadata.tables[name])).fetchall() == []
        assert connection.execute(select(metadata.tables["peers"].c.contact_us)).scalar() == 7
    engine.dispose()


def test_before_they_were_counted_nobody_had_given_tokens(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    engine = _at(path, "0011")
    _fill(engine, "peers", id=1, org=b"o", contact_us=7)
    engine.dispose()
    upgrade_store(path, KEY)
    engine = sync_engine(path, KEY)
    with engine.connect() as connection:
        assert connection.execute(select(metadata.tables["match_given"])).fetchall() == []
        assert connection.execute(select(metadata.tables["peers"].c.contact_us)).scalar() == 7
    engine.dispose()


def test_before_pages_nobody_was_a_member_and_nothing_else_changed(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    engine = _at(path, "0010")
    _fill(engine, "peers", id=1, org=b"o", contact_us=7)
    engine.dispose()
    upgrade_store(path, KEY)
    engine = sync_engine(path, KEY)
    with engine.connect() as connection:
        for name in ("members", "member_codes", "web_sessions", "invitations", "parked_forms"):
            assert connection.execute(select(metadata.tables[name])).fetchall() == []
        assert connection.execute(select(metadata.tables["peers"].c.contact_us)).scalar() == 7
    engine.dispose()


def test_no_ledger_of_before_is_due(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    engine = _at(path, "0012")
    _fill(engine, "peers", id=1, org=b"o")
    engine.dispose()
    upgrade_store(path, KEY)
    engine = sync_engine(path, KEY)
    with engine.connect() as connection:
        assert connection.execute(select(metadata.tables["peers"].c.out_due)).scalar() is None
    engine.dispose()


def test_before_reports_on_pages_nobody_was_asked_and_no_report_had_photos(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    engine = _at(path, "0013")
    _fill(engine, "reporter_updates", id="a", draft="d", kind="add", state="waiting", rk=None)
    engine.dispose()
    upgrade_store(path, KEY)
    engine = sync_engine(path, KEY)
    with engine.connect() as connection:
        for name in ("questions", "photos", "photo_keys", "sent_forms"):
            assert connection.execute(select(metadata.tables[name])).fetchall() == []
        assert connection.execute(select(metadata.tables["reporter_updates"].c.id)).scalar() == "a"
    engine.dispose()


def test_what_was_set_aside_before_waits_under_whoever_took_it_away(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    engine = _at(path, "0014")
    _fill(engine, "braked", rk=b"a", org=b"hub", since_us=7, how="stopped", disclosures=b"said")
    engine.dispose()
    upgrade_store(path, KEY)
    engine = sync_engine(path, KEY)
    braked = metadata.tables["braked"]
    with engine.begin() as connection:
        columns = braked.c.rk, braked.c.org, braked.c.since_us, braked.c.disclosures
        row = connection.execute(select(*columns)).one()
        assert tuple(row) == (b"a", b"hub", 7, b"said")
        copy = connection.execute(select(braked)).mappings().one()
        connection.execute(braked.insert().values(**{**copy, "org": b"other"}))
    engine.dispose()


def test_before_the_shield_nobody_had_entered_anything_or_been_called(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    engine = _at(path, "0015")
    _fill(engine, "members", id="m", name="Heron")
    engine.dispose()
    upgrade_store(path, KEY)
    engine = sync_engine(path, KEY)
    with engine.connect() as connection:
        for name in ("shield", "calls"):
            assert connection.execute(select(metadata.tables[name])).fetchall() == []
        assert connection.execute(select(metadata.tables["members"].c.name)).scalar() == "Heron"
    engine.dispose()


def test_before_feeds_nobody_was_told_anything_and_no_sheet_is_known(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    engine = _at(path, "0016")
    _fill(engine, "members", id="m", name="Heron")
    _fill(engine, "records", id=1, rk=b"a", kind="alert")
    engine.dispose()
    upgrade_store(path, KEY)
    engine = sync_engine(path, KEY)
    with engine.connect() as connection:
        for name in ("subscriptions", "told", "sheets", "sheet_lines"):
            assert connection.execute(select(metadata.tables[name])).fetchall() == []
        assert connection.execute(select(metadata.tables["members"].c.name)).scalar() == "Heron"
        assert connection.execute(select(metadata.tables["records"].c.rk)).scalar() == b"a"
    engine.dispose()
