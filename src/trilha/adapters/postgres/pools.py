"""Connections, as the adapters want them."""

from contextlib import suppress

import msgspec
import psycopg
from psycopg import AsyncConnection
from psycopg.rows import TupleRow
from psycopg.types.json import set_json_dumps
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout

from trilha.adapters.postgres.staging import CREATE_STAGING

Connection = AsyncConnection[TupleRow]
Pool = AsyncConnectionPool[Connection]

WAIT_FOR_CONNECTION_S = 5.0
STATEMENT_TIMEOUT_MS = 30_000
IDLE_IN_TRANSACTION_MS = 20_000
"""A process that hangs inside a transaction keeps what it locked, its lease too, from the others for so long."""
RECYCLE_S = 1800.0


def open_pool(
    url: str,
    *,
    name: str,
    size: int = 8,
    statement_timeout_ms: int = STATEMENT_TIMEOUT_MS,
    idle_in_transaction_ms: int = IDLE_IN_TRANSACTION_MS,
    staging: bool = True,
) -> Pool:
    """A pool, still closed: `async with` it in the process that uses it.

    `name` shows in the server's list of connections. `staging` makes each connection ready for bulk writes; the role
    of the system has no use for that and no right to it. Connections lost with the server are replaced by themselves.
    """
    options = (
        f"-c timezone=UTC -c jit=off -c statement_timeout={statement_timeout_ms} "
        f"-c idle_in_transaction_session_timeout={idle_in_transaction_ms}"
    )
    return AsyncConnectionPool(
        url,
        kwargs={"autocommit": True, "application_name": f"trilha {name}", "options": options, "connect_timeout": 5},
        min_size=1,
        max_size=size,
        open=False,
        configure=_make_staging if staging else None,
        timeout=WAIT_FOR_CONNECTION_S,
        max_lifetime=RECYCLE_S,
        name=name,
    )


async def forget_lost(pool: Pool) -> None:
    """A server that went away took every idle connection with it: find them now, instead of failing once for each."""
    with suppress(psycopg.Error, PoolClosed, PoolTimeout):
        await pool.check()


async def _make_staging(connection: Connection) -> None:
    set_json_dumps(msgspec.json.encode, connection)
    await connection.execute(CREATE_STAGING)
