"""Putting a restored database in the place of the one that is there, at once or not at all. Signs in as a superuser."""

import psycopg
from psycopg import sql

from trilha.adapters.postgres.errors import translated
from trilha.adapters.postgres.migrate import current_migration
from trilha.adapters.postgres.signing_in import signed_in

_WHOSE = "the address of the superuser"


def drop_database(superuser_url: str, database: str) -> None:
    """Make sure that there is none of that name."""
    with translated(), signed_in(superuser_url, _WHOSE) as connection:
        connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(database)))


def send_again(superuser_url: str) -> int:
    """Mark every event that is remembered as not sent, take leases from who held them then; says how many events.

    The bus is no part of a backup. What was sent before it was made may not have been digested; the inbox, which is
    part of it and remembers an event for as long as the outbox does, makes the effects of the others once.
    """
    with translated(), signed_in(superuser_url, _WHOSE) as connection:
        marked = connection.execute("update outbox set sent_at = null where sent_at is not null").rowcount
        connection.execute("update leases set holder = null, expires_at = least(expires_at, now())")
        connection.execute("analyze")
        return marked


def has_outbox(superuser_url: str, database: str) -> bool:
    """Whether there is a database of that name, far enough set up to remember events."""
    with translated(), signed_in(superuser_url, _WHOSE) as connection:
        if not _exists(connection, database):
            return False
    with translated(), signed_in(f"{superuser_url.rpartition('/')[0]}/{database}", _WHOSE) as connection:
        row = connection.execute("select to_regclass('outbox') is not null").fetchone()
        return row is not None and bool(row[0])


def take_place(superuser_url: str, restored: str, database: str) -> None:
    """Rename `restored` to `database`, and drop what had that name."""
    replaced = f"{database}_replaced"
    drop_database(superuser_url, replaced)
    with translated(), signed_in(superuser_url, _WHOSE) as connection, connection.transaction():
        if _exists(connection, database):
            _rename(connection, database, replaced)
        _rename(connection, restored, database)
    drop_database(superuser_url, replaced)


def seen_by(superuser_url: str) -> tuple[int, str]:
    """The major version of the server, and the last migration of the database that the address names."""
    with translated(), signed_in(superuser_url, _WHOSE) as connection:
        return connection.info.server_version // 10_000, current_migration(connection) or ""


def _exists(connection: psycopg.Connection, database: str) -> bool:
    return connection.execute("select 1 from pg_database where datname = %s", (database,)).fetchone() is not None


def _rename(connection: psycopg.Connection, old: str, new: str) -> None:
    connection.execute(sql.SQL("alter database {} rename to {}").format(sql.Identifier(old), sql.Identifier(new)))
