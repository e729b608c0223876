"""The store's schema: the number that every start compares is that of the newest migration."""

import os
import subprocess
import sys
from pathlib import Path

from sqlalchemy import inspect

from node.store.engine import sync_engine
from node.store.schema import HEAD, alembic_script, upgrade_store
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


def test_a_node_that_needs_no_migration_imports_no_alembic() -> None:
    code = "import sys, node.app; sys.exit(any(m.startswith('alembic') for m in sys.modules))"
    root = Path(__file__).parents[3]
    env = os.environ | {"PYTHONPATH": str(root)}
    assert subprocess.run([sys.executable, "-c", code], env=env, check=False).returncode == 0
