"""Signing in for a moment, with words for the person whose setting it was."""

from typing import Final

import psycopg

from trilha.application.ports import StorageUnavailable

CONNECT_S: Final = 10


def signed_in(url: str, setting: str) -> psycopg.Connection:
    """A connection in autocommit mode; `setting` is the name under which a person would change the address.

    Raises StorageUnavailable. The server's own first line is told: it names host and role, never a password. What the
    driver says of an address that it cannot read is not: it quotes it.
    """
    try:
        return psycopg.connect(url, autocommit=True, connect_timeout=CONNECT_S)
    except psycopg.OperationalError as error:
        reason = str(error).partition("\n")[0]
        raise StorageUnavailable(f"{setting} leads to no database that lets us in: {reason}") from error
    except psycopg.ProgrammingError:
        raise StorageUnavailable(
            f"{setting} cannot be read as an address; expected postgresql://role:password@host:port/database"
        ) from None
