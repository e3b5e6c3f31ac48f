"""Bringing the schema up to date and the partitions ahead of time. Signs in as the owner."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import psycopg

from trilha.adapters.postgres.errors import translated
from trilha.adapters.postgres.partitions import ensure_partitions, split_default
from trilha.adapters.postgres.signing_in import signed_in

LOCK = 7_241_002
MONTHS_BACK = 4
MONTHS_AHEAD = 3
NEWEST_MIGRATION: Final = "0011"
"""The step that this version of the code was written for. A constant, because Alembic is slow to import."""
OWNER_SETTING: Final = "TRILHA_DATABASE_OWNER_URL"
_MONTH = timedelta(days=31)

Progress = Callable[[str], None]


def migrate(owner_url: str, *, now: datetime, progress: Progress = lambda _: None) -> None:
    """Run the steps that this database has not seen, then make the partitions around `now`.

    Safe to repeat and to run twice at once: the second waits for the first. `progress` hears what is being done.
    Blocks; call it in a thread from async code. Raises StorageUnavailable, SchemaAhead.
    """
    with translated(), signed_in(owner_url, OWNER_SETTING) as owner:
        progress("waiting for other migrations")
        owner.execute("select pg_advisory_lock(%s)", (LOCK,))
        found = current_migration(owner)
        if found == NEWEST_MIGRATION:
            progress("the schema is up to date")
        else:
            from trilha.adapters.postgres.upgrade import upgrade

            progress(f"migrating from {found or 'an empty database'} to {NEWEST_MIGRATION}")
            upgrade(owner_url, found)
    progress("making partitions")
    make_partitions(owner_url, now=now)


def make_partitions(owner_url: str, *, now: datetime) -> list[str]:
    """Give the months around `now`, and those that wait in the default partition, one of their own; returns new names.

    To be repeated at least monthly while a process runs for long. Blocks. Raises StorageUnavailable.
    """
    with translated(), signed_in(owner_url, OWNER_SETTING) as owner:
        made = ensure_partitions(owner, now - MONTHS_BACK * _MONTH, now + MONTHS_AHEAD * _MONTH)
        return made + split_default(owner)


def current_migration(connection: psycopg.Connection) -> str | None:
    """The last step that the database has seen, as far as this login may know; None for an empty one."""
    # asked before, because the server would log an error at every first start
    if connection.execute("select to_regclass('public.alembic_version')").fetchone() == (None,):
        return None
    try:
        found = connection.execute("select version_num from alembic_version").fetchone()
    except (psycopg.errors.UndefinedTable, psycopg.errors.InsufficientPrivilege):
        return None
    return found[0] if found else None
