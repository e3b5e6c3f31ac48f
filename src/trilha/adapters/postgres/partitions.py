"""Months of records as partitions: made ahead, and cut out of the default one where data came first.

The owner does this. A partition has no grants of its own: it is reached through the parent's row-level security only.
"""

import logging
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import LiteralString

import psycopg
from psycopg import sql
from psycopg.errors import LockNotAvailable

log = logging.getLogger(__name__)

TABLES = ("telemetry_events", "positions", "trips")
PLAUSIBLE = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
"""Broken clocks say 1899 or 9999; their months stay in the default partition, or each would make one of its own."""
LOCK = 7_241_003
_DECEMBER = 12
_MOVE: LiteralString = (
    "with moved as (delete from {rest} where occurred_at >= {start} and occurred_at < {end} returning *) "
    "insert into {name} select * from moved"
)


def ensure_partitions(owner: psycopg.Connection, start: datetime, end: datetime) -> list[str]:
    """Make the missing partitions of every month that touches `start`..`end`; returns the names of new ones.

    Rows of such a month that lie in a default partition move into the new one. Expects an autocommit connection.
    """
    return [name for table in TABLES for name in _ensured(owner, table, start, end)]


def split_default(owner: psycopg.Connection) -> list[str]:
    """Give every plausible month that waits in a default partition one of its own; returns the names of new ones."""
    return [
        name for table in TABLES for month in _waiting(owner, table) for name in _ensured(owner, table, month, month)
    ]


def partition_name(table: str, month: datetime) -> str:
    """Such as `telemetry_events_2026_03`."""
    return f"{table}_{month:%Y_%m}"


def month_of(name: str) -> tuple[date, date]:
    """The first and the last day of the month, in UTC, that a partition of that name holds."""
    month = datetime.strptime(name[-7:], "%Y_%m").replace(tzinfo=UTC)
    return month.date(), (_following(month) - timedelta(days=1)).date()


def default_partition(table: str) -> str:
    """Where rows lie whose month has no partition."""
    return f"{table}_default"


def _ensured(owner: psycopg.Connection, table: str, start: datetime, end: datetime) -> list[str]:
    made = []
    for month in _months(start.astimezone(UTC), end.astimezone(UTC)):
        name = partition_name(table, month)
        try:
            with owner.transaction():
                # everybody who reads or writes the table would stand behind us, as long as a backup takes
                owner.execute("set local lock_timeout = '2s'")
                owner.execute("select pg_advisory_xact_lock(%s)", (LOCK,))
                if owner.execute("select to_regclass(%s)", (name,)).fetchone() == (None,):
                    _make(owner, table, name, month, _following(month))
                    made.append(name)
        except LockNotAvailable:
            log.warning("partition %s is not made now, for %s is in use: it is made at the next upkeep", name, table)
    return made


def _waiting(owner: psycopg.Connection, table: str) -> list[datetime]:
    found = owner.execute(
        sql.SQL(
            "select distinct date_trunc('month', occurred_at, 'UTC') from {} "
            "where occurred_at >= {} and occurred_at < {} order by 1"
        ).format(sql.Identifier(default_partition(table)), *map(sql.Literal, PLAUSIBLE))
    ).fetchall()
    return [month for (month,) in found]


def _make(owner: psycopg.Connection, table: str, name: str, start: datetime, end: datetime) -> None:
    names = {
        "name": sql.Identifier(name),
        "parent": sql.Identifier(table),
        "rest": sql.Identifier(default_partition(table)),
    }
    bounds = {"start": sql.Literal(start), "end": sql.Literal(end)}
    statements = (
        "create table {name} (like {parent} including defaults including constraints including storage)",
        "lock table {rest} in access exclusive mode",
        _MOVE,
        # spares the check of every row while the parent is locked
        "alter table {name} add constraint month check (occurred_at >= {start} and occurred_at < {end})",
        "alter table {parent} attach partition {name} for values from ({start}) to ({end})",
        "alter table {name} drop constraint month",
    )
    for statement in statements:
        owner.execute(sql.SQL(statement).format(**names, **bounds))


def _months(start: datetime, end: datetime) -> Iterator[datetime]:
    month = start.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    while month <= end:
        yield month
        month = _following(month)


def _following(month: datetime) -> datetime:
    if month.month == _DECEMBER:
        return month.replace(year=month.year + 1, month=1)
    return month.replace(month=month.month + 1)
