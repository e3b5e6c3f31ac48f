"""Making the three roles and the database: the only thing that a superuser is needed for, and once.

- `trilha_owner` owns the tables: migrations and partitions, nothing else.
- `trilha_app` runs the use cases, under row-level security, one organisation a transaction.
- `trilha_system` serves every organisation, but only the tables that its policies name.
"""

from collections.abc import Mapping
from urllib.parse import quote, urlsplit, urlunsplit

import msgspec
import psycopg
from psycopg import sql

from trilha.adapters.postgres.errors import translated
from trilha.adapters.postgres.signing_in import signed_in

OWNER = "trilha_owner"
APP = "trilha_app"
SYSTEM = "trilha_system"
ROLES = (OWNER, APP, SYSTEM)
DATABASE = "trilha"
_LOCK = 7_241_001


class DatabaseUrls(msgspec.Struct, frozen=True):
    """Where each role signs in. Holds passwords: `repr` hides them."""

    owner: str
    app: str
    system: str

    def __repr__(self) -> str:
        """Nothing that must not be logged."""
        return "DatabaseUrls(...)"


def prepare_cluster(superuser_url: str, passwords: Mapping[str, str], *, database: str = DATABASE) -> DatabaseUrls:
    """Make roles and database where they are missing, set the passwords, and say how to sign in. Safe to repeat.

    `passwords` has one for each of ROLES. Raises StorageUnavailable where the server does not answer.
    """
    with translated(), signed_in(superuser_url, "the address of the superuser") as connection:
        # two starts at the same time would both find the role missing
        connection.execute("select pg_advisory_lock(%s)", (_LOCK,))
        for role in ROLES:
            _ensure_role(connection, role, passwords[role])
        _ensure_database(connection, database)
    return urls_for(superuser_url, passwords, database)


def urls_for(server_url: str, passwords: Mapping[str, str], database: str = DATABASE) -> DatabaseUrls:
    """The roles' addresses on the same server."""
    return DatabaseUrls(*(_signed_in(server_url, role, passwords[role], database) for role in ROLES))


def _ensure_role(connection: psycopg.Connection, role: str, password: str) -> None:
    if connection.execute("select 1 from pg_roles where rolname = %s", (role,)).fetchone() is None:
        connection.execute(sql.SQL("create role {}").format(sql.Identifier(role)))
    connection.execute(sql.SQL("alter role {} login password {}").format(sql.Identifier(role), sql.Literal(password)))


def _ensure_database(connection: psycopg.Connection, database: str) -> None:
    name = sql.Identifier(database)
    if connection.execute("select 1 from pg_database where datname = %s", (database,)).fetchone() is None:
        connection.execute(
            sql.SQL("create database {} owner {} template template0 encoding 'UTF8'").format(
                name, sql.Identifier(OWNER)
            )
        )
    grant_database(connection, database)


def grant_database(connection: psycopg.Connection, database: str) -> None:
    """Who may enter. Apart, because a database cloned from a template does not inherit it."""
    name = sql.Identifier(database)
    connection.execute(sql.SQL("revoke all on database {} from public").format(name))
    # the staging table of bulk writes is temporary
    connection.execute(sql.SQL("grant connect, temporary on database {} to {}").format(name, sql.Identifier(APP)))
    connection.execute(sql.SQL("grant connect on database {} to {}").format(name, sql.Identifier(SYSTEM)))


def _signed_in(server_url: str, role: str, password: str, database: str) -> str:
    parts = urlsplit(server_url)
    address = parts.netloc.rpartition("@")[2]
    netloc = f"{role}:{quote(password, safe='')}@{address}"
    return urlunsplit((parts.scheme, netloc, f"/{quote(database, safe='')}", parts.query, ""))
