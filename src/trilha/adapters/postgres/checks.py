"""Is this a database, and a login, that Trilha can work with? Asked at every start and by `trilha doctor`."""

from typing import Final

import psycopg

from trilha.adapters.postgres.errors import RoleTooPowerful, SchemaBehind, ServerTooOld, translated
from trilha.adapters.postgres.migrate import NEWEST_MIGRATION, current_migration
from trilha.adapters.postgres.signing_in import signed_in

OLDEST_MAJOR: Final = 15
_PER_MAJOR: Final = 10_000
_POWERS: Final = ("is a superuser", "has BYPASSRLS")


def check_server(url: str, *, setting: str) -> None:
    """Refuse a server that is too old, a role that row-level security does not hold, and missing migrations.

    For the application's and the system's address; `setting` is the name under which a person would change it. Raises
    ServerTooOld, RoleTooPowerful, SchemaBehind, StorageUnavailable. Blocks for a round trip or two.
    """
    with translated(), signed_in(url, setting) as connection:
        check_version(connection.info.server_version, setting=setting)
        _check_role(connection, setting)
        _check_schema(connection, setting)


def check_version(server_version: int, *, setting: str) -> None:
    """Raise ServerTooOld below the oldest version; `server_version` is the server's own number, such as 150018."""
    major, minor = divmod(server_version, _PER_MAJOR)
    if major < OLDEST_MAJOR:
        raise ServerTooOld(setting, f"{major}.{minor}", OLDEST_MAJOR)


def _check_role(connection: psycopg.Connection, setting: str) -> None:
    found = connection.execute(
        "select rolname, rolsuper, rolbypassrls from pg_roles where rolname = session_user"
    ).fetchone()
    if found is None:
        return
    role, *powers = found
    for has, named in zip(powers, _POWERS, strict=True):
        if has:
            raise RoleTooPowerful(setting, role, named)


def _check_schema(connection: psycopg.Connection, setting: str) -> None:
    seen = current_migration(connection)
    if seen != NEWEST_MIGRATION:
        raise SchemaBehind(setting, seen, NEWEST_MIGRATION)
