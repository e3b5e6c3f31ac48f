"""One read in one round trip, on the driver's lowest documented layer (`psycopg.pq`).

A page of a list is the request that a console makes most. Cursors cost several times what its four messages do: begin,
organisation, the statement (prepared once a connection), commit. Values travel as text in both directions.
"""

import itertools
from collections.abc import Generator, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Final, LiteralString
from weakref import WeakKeyDictionary

import psycopg
from psycopg.errors import FeatureNotSupported, InvalidSqlStatementName, error_from_result
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGconn, PGresult
from psycopg.waiting import Ready, Wait

from trilha.adapters.postgres.pools import Connection

Value = str | int | bool | datetime | None
_BEGIN: Final = b"begin read only"
_SET_ORGANISATION: Final = b"select set_config('trilha.organisation_id', $1, true)"
_COMMIT: Final = b"commit"
_STALE: Final = (InvalidSqlStatementName, FeatureNotSupported)
"""The driver deallocates everything with each rollback of its own; a changed schema may change a result's type."""
_numbers = itertools.count()
_FAILED: Final = (ExecStatus.FATAL_ERROR, ExecStatus.PIPELINE_ABORTED)

_prepared: WeakKeyDictionary[Connection, dict[LiteralString, bytes]] = WeakKeyDictionary()
"""The statements that a connection knows, by their name there. Partitions come and go without harm to them."""


async def read_one(
    connection: Connection, organisation: str, statement: LiteralString, values: Sequence[Value]
) -> PGresult:
    """The rows of a statement (`%s` for each value) as its organisation sees them; raises psycopg.Error."""
    try:
        return await _read_one(connection, organisation, statement, values)
    except _STALE:
        _prepared.pop(connection, None)
        return await _read_one(connection, organisation, statement, values)


async def _read_one(
    connection: Connection, organisation: str, statement: LiteralString, values: Sequence[Value]
) -> PGresult:
    known = _prepared.setdefault(connection, {})
    pgconn = connection.pgconn
    pgconn.enter_pipeline_mode()
    try:
        pgconn.send_query_params(_BEGIN, None)
        pgconn.send_query_params(_SET_ORGANISATION, [organisation.encode()])
        name, expected = known.get(statement), 4
        if name is None:
            name, expected = b"read_%d" % next(_numbers), 5
            pgconn.send_prepare(name, numbered(statement))
        pgconn.send_query_prepared(name, [as_text(value) for value in values])
        pgconn.send_query_params(_COMMIT, None)
        pgconn.pipeline_sync()
        results = await connection.wait(_answers(pgconn, expected))
        pgconn.exit_pipeline_mode()
    except BaseException:
        # what is still on its way would be taken for the answer to somebody else's question
        await connection.close()
        raise
    await _check(connection, results)
    known[statement] = name
    return results[-2]


async def _check(connection: Connection, results: Sequence[PGresult]) -> None:
    for result in results:
        if result.status in _FAILED:
            await connection.rollback()
            raise error_from_result(result)


def _answers(pgconn: PGconn, expected: int) -> Generator[Wait, Ready | int, list[PGresult]]:
    """What the driver's event loop drives: send everything, then take one result a message and the sync's."""
    while pgconn.flush():
        if (yield Wait.RW) & Ready.R.value:
            pgconn.consume_input()
    results: list[PGresult] = []
    while True:
        while pgconn.is_busy():
            yield Wait.R
            pgconn.consume_input()
        result = pgconn.get_result()
        if result is None:
            continue
        if result.status == ExecStatus.PIPELINE_SYNC:
            break
        results.append(result)
    if len(results) != expected:
        raise psycopg.InterfaceError(f"expected {expected} answers, got {len(results)}")
    return results


@lru_cache(maxsize=256)
def numbered(statement: LiteralString) -> bytes:
    """A statement with `%s` as the server wants it."""
    first, *rest = statement.split("%s")
    return (first + "".join([f"${number}{text}" for number, text in enumerate(rest, start=1)])).encode()


def as_text(value: Value) -> bytes | None:
    """A value as it travels."""
    if value is None:
        return None
    if isinstance(value, datetime):
        return value.isoformat().encode()
    return str(value).encode()
