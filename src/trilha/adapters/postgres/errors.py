"""What PostgreSQL refuses, in words that callers of the ports know.

PostgresRefused              the server or the login cannot be used as it is; a person must act
+-- ServerTooOld             below the oldest version whose SQL we write
+-- RoleTooPowerful          a login that row-level security would not hold
+-- SchemaBehind             migrations are missing
+-- SchemaAhead              a newer Trilha has migrated it
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

import psycopg
from psycopg_pool import PoolClosed, PoolTimeout

from trilha.application.ports import StorageUnavailable
from trilha.domain.kernel import Conflict, DomainError


class PostgresRefused(DomainError):
    """The database cannot be used as it is; the message names the setting to change."""

    code: ClassVar[str] = "postgres.refused"


class ServerTooOld(PostgresRefused):
    """The server is older than the SQL that is sent to it."""

    code = "postgres.too_old"

    def __init__(self, setting: str, version: str, oldest: int) -> None:
        super().__init__(f"{setting} leads to PostgreSQL {version}; Trilha needs {oldest} or newer: upgrade the server")


class RoleTooPowerful(PostgresRefused):
    """The login is a superuser or has BYPASSRLS: it would see every organisation's data."""

    code = "postgres.role_too_powerful"

    def __init__(self, setting: str, role: str, power: str) -> None:
        super().__init__(
            f"{setting} signs in as {role}, which {power}, so row-level security would not keep organisations apart; "
            "use a plain role, such as the one that `trilha migrate` makes"
        )


class SchemaBehind(PostgresRefused):
    """The database has not seen all migrations, or those of a newer Trilha."""

    code = "postgres.schema_behind"

    def __init__(self, setting: str, found: str | None, expected: str) -> None:
        super().__init__(
            f"{setting} leads to a database at migration {found or 'none'}; this version of Trilha needs {expected}: "
            "run `trilha migrate` (with the newest Trilha that uses this database)"
        )


class SchemaAhead(PostgresRefused):
    """The database has seen a step that this Trilha does not know; there is no way back."""

    code = "postgres.schema_ahead"

    def __init__(self, found: str | None, known: str) -> None:
        super().__init__(
            f"the database is at migration {found or 'none'}, but this version of Trilha knows them up to {known}: "
            "use the newer Trilha that migrated it"
        )


_CONNECTION_LOST = (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout, PoolClosed)
_OVERTAKEN = (psycopg.errors.UniqueViolation, psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected)


@contextmanager
def translated() -> Iterator[None]:
    """Turn what the driver raises into what the ports promise; faults of ours pass unchanged.

    The driver's text stays out: it may quote rows, hence names and plates.
    """
    try:
        yield
    except _OVERTAKEN as error:
        raise Conflict("another process wrote the same thing first: read again, then decide again") from error
    except psycopg.errors.DiskFull as error:
        raise StorageUnavailable("the database's disk is full: nothing was written; make room and try again") from error
    except _CONNECTION_LOST as error:
        raise StorageUnavailable(f"the database cannot be reached now ({type(error).__name__}): try again") from error
