"""Brings a store to this release's schema, and refuses one that a newer release wrote.

The migrations are Alembic's; a store that is older is copied beside itself before it is changed.
"""

from pathlib import Path

from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from node.errors import StoreNewer
from node.store.engine import sync_engine
from node.store.tables import metadata

HERE = Path(__file__).parent / "migrations"


def upgrade_store(path: Path, key: bytes) -> None:
    """Create the store or bring it up to date; StoreNewer if it is ahead of this release."""
    engine = sync_engine(path, key, shared=True)
    try:
        script = _script()
        with engine.connect() as connection:
            current = MigrationContext.configure(connection).get_current_revision()
        head = script.get_current_head()
        if current == head:
            return
        if current is not None:
            known = {revision.revision for revision in script.walk_revisions()}
            if current not in known:
                raise StoreNewer(
                    "The store was written by a newer release. Install that release,"
                    " or restore a backup of this one."
                )
            with engine.connect() as connection:
                _copy(connection, path.with_name(f"{path.name}.before-{head}"))
        with engine.begin() as connection:
            _migrate(script, connection)
    finally:
        engine.dispose()


def _script() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(HERE))
    return ScriptDirectory.from_config(config)


def _copy(connection: Connection, target: Path) -> None:
    """A full copy under the same key: VACUUM INTO keeps the cipher's settings."""
    target.unlink(missing_ok=True)
    raw = connection.connection.driver_connection
    if raw is not None:
        raw.execute("VACUUM INTO ?", (str(target),))
    target.chmod(0o600)


def _migrate(script: ScriptDirectory, connection: Connection) -> None:
    def to_head(revision: object, _: object) -> object:
        return script._upgrade_revs("head", revision)  # type: ignore[arg-type]  # noqa: SLF001

    with EnvironmentContext(Config(), script, fn=to_head) as environment:
        environment.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
        environment.run_migrations()


def is_at_head(connection: Connection) -> bool:
    """Whether the store has this release's schema."""
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found == _script().get_current_head()
