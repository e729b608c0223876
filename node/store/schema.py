"""Brings a store to this release's schema, and refuses one that a newer release wrote.

The migrations are Alembic's; a store that is older is copied beside itself before it is changed,
and the copy goes the next time that it opens: what is erased must not live on in it.
Alembic is imported when there is something to change: it weighs 12 MB and a tenth of a second, and
every command opens a store.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from node.errors import StoreNewer
from node.store import (  # noqa: F401 - the model
    tables_defence,
    tables_desk,
    tables_mailbox,
    tables_matching,
    tables_news,
    tables_policy,
    tables_reports,
    tables_sheets,
    tables_voices,
    tables_web,
)
from node.store.engine import sync_engine
from node.store.tables import metadata

if TYPE_CHECKING:
    from alembic.script import ScriptDirectory

HERE = Path(__file__).parent / "migrations"
HEAD = "0017"  # the newest of the migrations; a test holds it to them


def upgrade_store(path: Path, key: bytes) -> None:
    """Create the store or bring it up to date; StoreNewer if it is ahead of this release."""
    engine = sync_engine(path, key, shared=True)
    try:
        with engine.connect() as connection:
            current = _revision(connection)
        if current == HEAD:
            _remove_copies(path)  # what they keep may have been erased since
            return
        script = alembic_script()
        if current is not None:
            known = {revision.revision for revision in script.walk_revisions()}
            if current not in known:
                raise StoreNewer(
                    "The store was written by a newer release. Install that release,"
                    " or restore a backup of this one."
                )
            with engine.connect() as connection:
                _copy(connection, path.with_name(f"{path.name}.before-{HEAD}"))
        with engine.begin() as connection:
            migrate(script, connection)
    finally:
        engine.dispose()


def _revision(connection: Connection) -> str | None:
    """The migration that a store is at; None before the first."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)


def alembic_script() -> "ScriptDirectory":
    """The migrations, as Alembic sees them."""
    from alembic.config import Config
    from alembic.script import ScriptDirectory

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


def _remove_copies(path: Path) -> None:
    for copy in path.parent.glob(f"{path.name}.before-*"):
        copy.unlink(missing_ok=True)


def migrate(script: "ScriptDirectory", connection: Connection, to: str = "head") -> None:
    """Run the migrations from where the store is up to `to`, in the open transaction."""
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext

    def steps(revision: object, _: object) -> object:
        return script._upgrade_revs(to, revision)  # type: ignore[arg-type]  # noqa: SLF001

    with EnvironmentContext(Config(), script, fn=steps) as environment:
        environment.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
        environment.run_migrations()
