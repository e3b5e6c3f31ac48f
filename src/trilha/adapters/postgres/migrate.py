"""Bringing the schema up to date and the partitions ahead of time. Signs in as the owner."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.pool import NullPool

from trilha.adapters.postgres.errors import translated
from trilha.adapters.postgres.partitions import ensure_partitions, split_default

LOCK = 7_241_002
MONTHS_BACK = 2
MONTHS_AHEAD = 3
_MONTH = timedelta(days=31)

Progress = Callable[[str], None]


def migrate(owner_url: str, *, now: datetime, progress: Progress = lambda _: None) -> None:
    """Run the steps that this database has not seen, then make the partitions around `now`.

    Safe to repeat and to run twice at once: the second waits for the first. `progress` hears what is being done.
    Blocks; call it in a thread from async code. Raises StorageUnavailable.
    """
    engine = sa.create_engine(_sqlalchemy_url(owner_url), poolclass=NullPool)
    with _translated(), engine.connect() as connection:
        progress("waiting for other migrations")
        connection.execute(sa.text("select pg_advisory_lock(:lock)"), {"lock": LOCK})
        connection.commit()
        _upgrade(connection, progress)
    progress("making partitions")
    make_partitions(owner_url, now=now)


def make_partitions(owner_url: str, *, now: datetime) -> list[str]:
    """Give the months around `now`, and those that wait in the default partition, one of their own; returns new names.

    To be repeated at least monthly while a process runs for long. Blocks. Raises StorageUnavailable.
    """
    with translated(), psycopg.connect(owner_url, autocommit=True) as owner:
        made = ensure_partitions(owner, now - MONTHS_BACK * _MONTH, now + MONTHS_AHEAD * _MONTH)
        return made + split_default(owner)


def newest_migration() -> str:
    """The step that this version of the code was written for."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None  # noqa: S101 - the package always ships its steps
    return head


def _upgrade(connection: sa.Connection, progress: Progress) -> None:
    config = _config()
    config.attributes["connection"] = connection
    found = MigrationContext.configure(connection).get_current_revision()
    connection.commit()
    progress(f"migrating from {found or 'an empty database'} to {newest_migration()}")
    command.upgrade(config, "head")


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return config


def _sqlalchemy_url(url: str) -> str:
    return "postgresql+psycopg://" + url.partition("://")[2]


@contextmanager
def _translated() -> Iterator[None]:
    with translated():
        try:
            yield
        except sa.exc.DBAPIError as error:
            raise (error.orig or error) from error
