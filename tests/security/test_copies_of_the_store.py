"""The copy that an update makes of the store goes as soon as the new store has opened again."""

from pathlib import Path

from sqlalchemy import inspect, text

from node.store.engine import sync_engine
from node.store.schema import HEAD, upgrade_store

KEY = bytes(range(32))


def older(path: Path) -> None:
    """A store that was written before the first migration that this release knows."""
    upgrade_store(path, KEY)
    engine = sync_engine(path, KEY)
    with engine.begin() as connection:
        tables = inspect(connection).get_table_names()
        for table in tables:
            connection.execute(text(f'DROP TABLE "{table}"'))
    engine.dispose()


def test_the_copy_of_an_updated_store_is_gone_at_the_next_start(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    older(path)
    copy = path.with_name(f"store.db.before-{HEAD}")
    copy.write_bytes(b"as it was")
    another = path.with_name("store.db.before-0000")
    another.write_bytes(b"as it was")
    upgrade_store(path, KEY)
    assert copy.exists()
    upgrade_store(path, KEY)
    assert not copy.exists()
    assert not another.exists()
    assert path.exists()
