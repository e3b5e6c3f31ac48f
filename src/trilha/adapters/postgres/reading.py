"""Reading pages of a list: one round trip, in a transaction of the organisation."""

from collections.abc import Callable, Sequence
from typing import Any, LiteralString

import msgspec
import psycopg

from trilha.adapters.postgres.errors import translated
from trilha.adapters.postgres.lanes import Lanes
from trilha.adapters.postgres.pools import Pool, forget_lost
from trilha.adapters.postgres.session import SET_ORGANISATION, Params, Row
from trilha.application.paging import encode_cursor
from trilha.application.ports import Page, PageRequest
from trilha.domain.kernel import OrganisationId


class Listing(msgspec.Struct, frozen=True):
    """A list that is read page by page: what to select (JSON, then the sort key), its order, and the key from text."""

    name: str
    select: LiteralString
    order: LiteralString
    key: Callable[[Sequence[str]], tuple[object, ...]]


def key_of(*parts: Callable[[str], object]) -> Callable[[Sequence[str]], tuple[object, ...]]:
    """Reads a key of that many parts from their texts; raises ValueError for anything else."""
    return lambda key: tuple([read(text) for read, text in zip(parts, key, strict=True)])


class Where:
    """Conditions that all must hold, with their values."""

    def __init__(self) -> None:
        self.params: list[Any] = []
        self._conditions: list[LiteralString] = []

    def add(self, condition: LiteralString, *values: object) -> None:
        """One more condition; `values` fill its slots in order."""
        self._conditions.append(condition)
        self.params += values

    def equals(self, condition: LiteralString, value: object) -> None:
        """One more condition with that value, unless it is None."""
        if value is not None:
            self.add(condition, value)

    @property
    def sql(self) -> LiteralString:
        """The clause, or nothing."""
        return "where " + " and ".join(self._conditions) if self._conditions else ""


async def read(
    pool: Pool, organisation_id: OrganisationId, statement: LiteralString, params: Params, *, plan_anew: bool = False
) -> list[Row]:
    """Run one reading statement under row-level security; four messages, one answer.

    `plan_anew` for those whose best plan depends on the values: a prepared one would be kept for all of them.
    """
    with translated():
        try:
            return await _read(pool, organisation_id, statement, params, plan_anew)
        except psycopg.OperationalError:
            # most often a server that was restarted since the connection was used; reading twice harms nobody
            await forget_lost(pool)
            return await _read(pool, organisation_id, statement, params, plan_anew)


async def _read(
    pool: Pool, organisation_id: OrganisationId, statement: LiteralString, params: Params, plan_anew: bool
) -> list[Row]:
    async with pool.connection() as connection, connection.pipeline():
        await connection.execute("begin read only", prepare=True)
        await connection.execute(SET_ORGANISATION, (str(organisation_id),), prepare=True)
        cursor = await connection.execute(statement, params, prepare=not plan_anew, binary=plan_anew)
        await connection.execute("commit", prepare=True)
        return await cursor.fetchall()


async def read_page(
    lanes: Lanes, organisation_id: OrganisationId, listing: Listing, where: Where, request: PageRequest
) -> Page[Any]:
    """A page of Raw: `statement` gives JSON and then the sort key, of one row more than the limit."""
    statement: LiteralString = f"{listing.select} {where.sql} order by {listing.order} limit %s"
    values = [*where.params, request.limit + 1]
    with translated():
        rows = await lanes.read(str(organisation_id), statement, values)
    items: list[Any] = [msgspec.Raw(rows.get_value(row, 0) or b"") for row in range(min(rows.ntuples, request.limit))]
    if rows.ntuples <= request.limit:
        return Page(items=items)
    key = [(rows.get_value(request.limit - 1, column) or b"").decode() for column in range(1, rows.nfields)]
    return Page(items=items, next_cursor=encode_cursor(listing.name, listing.key(key)))


def like(text: str) -> str:
    """A pattern that finds `text` anywhere, whatever it holds."""
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
