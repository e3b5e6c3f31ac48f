"""Lists of what happened, newest first, read page by page into views."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Generic, LiteralString, TypeVar

import msgspec

from trilha.adapters.postgres.pools import Pool
from trilha.adapters.postgres.reading import Where, read
from trilha.adapters.postgres.session import Row
from trilha.application.paging import decode_cursor, encode_cursor
from trilha.application.ports import Page, PageRequest
from trilha.domain.kernel import OrganisationId

View = TypeVar("View")


class Log(msgspec.Struct, Generic[View], frozen=True):
    """A list, newest first: what to select, and its sort key as columns, as a type, and of what is shown."""

    name: str
    select: LiteralString
    order: tuple[LiteralString, ...]
    key_type: type[tuple[Any, ...]]
    key: Callable[[View], tuple[object, ...]]


async def read_log(
    pool: Pool,
    organisation_id: OrganisationId,
    log: Log[View],
    where: Where,
    view: Callable[[Row], View],
    page: PageRequest,
) -> Page[View]:
    """The views after the cursor; raises InvalidValue for a cursor of another list."""
    if page.cursor is not None:
        slots: LiteralString = ", ".join(["%s"] * len(log.order))
        key = decode_cursor(log.name, page.cursor, log.key_type)
        where.add(f"({', '.join(log.order)}) < ({slots})", *key)
    order: LiteralString = ", ".join([f"{column} desc" for column in log.order])
    statement: LiteralString = f"{log.select} {where.sql} order by {order} limit %s"
    rows = await read(pool, organisation_id, statement, (*where.params, page.limit + 1))
    views = [view(row) for row in rows[: page.limit]]
    following = encode_cursor(log.name, log.key(views[-1])) if len(rows) > page.limit else None
    return Page(items=views, next_cursor=following)


def in_utc(row: Row) -> Row:
    """The row with its times in UTC."""
    return tuple(value.astimezone(UTC) if isinstance(value, datetime) else value for value in row)
