"""A connection of the role that serves every organisation: single statements, each its own transaction."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import LiteralString

from trilha.adapters.postgres.errors import translated
from trilha.adapters.postgres.pools import Connection, Pool, forget_lost
from trilha.adapters.postgres.session import Params, Row
from trilha.application.ports import StorageUnavailable


async def rows(pool: Pool, statement: LiteralString, params: Params = ()) -> list[Row]:
    """Run a statement; returns its rows."""
    with translated():
        async with pool.connection() as connection:
            return await (await connection.execute(statement, params)).fetchall()


async def read(pool: Pool, statement: LiteralString, params: Params = ()) -> list[Row]:
    """Like `rows`, for statements that only read: asked once more where the connection had been lost meanwhile."""
    try:
        return await rows(pool, statement, params)
    except StorageUnavailable:
        await forget_lost(pool)
        return await rows(pool, statement, params)


async def changed(pool: Pool, statement: LiteralString, params: Params = ()) -> int:
    """Run a statement; returns how many rows it wrote."""
    with translated():
        async with pool.connection() as connection:
            return (await connection.execute(statement, params)).rowcount


@asynccontextmanager
async def transaction(pool: Pool) -> AsyncIterator[Connection]:
    """Several statements, all or nothing."""
    with translated():
        async with pool.connection() as connection, connection.transaction():
            yield connection
