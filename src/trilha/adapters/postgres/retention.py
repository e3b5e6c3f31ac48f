"""Taking away what has grown old, as the owner: whole months of records, and rows in small batches.

Each partition and each batch is a transaction of its own: whoever kills this loses nothing, and the next run goes on.
What is old is said by `trilha.application.retention`; here it is only carried out.
"""

import logging
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Final, LiteralString

import psycopg
from psycopg import sql
from psycopg.errors import LockNotAvailable

from trilha.adapters.postgres.errors import translated
from trilha.adapters.postgres.migrate import OWNER_SETTING
from trilha.adapters.postgres.partitions import LOCK, PLAUSIBLE, default_partition, month_of
from trilha.adapters.postgres.signing_in import signed_in
from trilha.adapters.postgres.staging import RECORD_TABLES
from trilha.adapters.postgres.stale_days import COUNTED, MARK_MONTH, marking
from trilha.application.retention import CutOffs
from trilha.domain.telemetry import FEEDS, Stream

log = logging.getLogger(__name__)

BATCH: Final = 1000
_ALONE: Final = 7_241_008
_PATIENCE: Final[LiteralString] = "set lock_timeout = '2s'"
"""Dropping a month waits for reads and writes of its table, and everybody else waits behind it."""

_OLD_PARTITIONS: Final = """
select name from (
    select c.relname as name, substring(pg_get_expr(c.relpartbound, c.oid) from $$TO \\('([^']+)'\\)$$) as until
    from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = %s::regclass
) partitions where until::timestamptz <= %s order by until::timestamptz
"""
_CAME_SINCE: Final[LiteralString] = "select exists (select from {} where received_at >= %s)"
_DETACH: Final[LiteralString] = "alter table {parent} detach partition {name}"
_RENAME: Final[LiteralString] = "alter table {name} rename to {leaving}"
_BRING_BACK: Final[LiteralString] = (
    "insert into {rest} select * from {leaving} where received_at >= %s on conflict do nothing"
)
_DROP: Final[LiteralString] = "drop table {leaving}"
_LEAVING: Final = "_leaving"
_DETACHED: Final = (
    "select name from (select left(relname, -8) as name, right(relname, 8) as ending from pg_class "
    "where relkind = 'r' and relnamespace = 'public'::regnamespace) tables where name ~ %s and ending = %s order by 1"
)
_BATCH: Final[LiteralString] = (
    "delete from {table} where ctid = any(array(select ctid from {table} where {old} limit {batch}))"
)
# the inbox forgets an event after the outbox, which could bring it again
_ROWS: Final[tuple[tuple[LiteralString, LiteralString, Callable[[CutOffs], datetime]], ...]] = (
    ("guidance_forms", "printed_at < %(cut)s", lambda cut: cut.forms),
    ("raw_pages", "received_at < %(cut)s", lambda cut: cut.raw_pages),
    ("outbox", "sent_at < %(cut)s", lambda cut: cut.sent),
    (
        "inbox",
        "received_at < %(cut)s and not exists (select from outbox where outbox.id = inbox.event_id)",
        lambda cut: cut.sent,
    ),
    ("quarantine", "settled_at < %(cut)s", lambda cut: cut.settled),
    ("dead_letters", "settled_at < %(cut)s", lambda cut: cut.settled),
    # an open visit never is old: the vehicle is still there
    ("geofence_visits", "left_at < %(cut)s", lambda cut: cut.records[Stream.TRIPS]),
    # an alert that nobody resolved never is old; what it fired for comes again only while the bus could bring it again
    ("alerts", "resolved_at < %(cut)s", lambda cut: cut.alerts),
    ("alert_occurrences", "noted_at < %(cut)s", lambda cut: cut.sent),
    ("ingestion_runs", "started_at < %(cut)s and status <> 'running'", lambda cut: cut.runs),
    ("report_files", "written_at < %(cut)s", lambda cut: cut.report_files),
    ("report_jobs", "requested_at < %(cut)s and status not in ('queued', 'running')", lambda cut: cut.runs),
    ("idempotency_keys", "answered_at < %(cut)s", lambda cut: cut.answers),
)
# far in the future means a broken clock, or "never", which is as old as the day when it was said
_MISPLACED: Final[LiteralString] = "received_at < %(cut)s and (occurred_at < %(cut)s or occurred_at >= %(end)s)"


def take_away_old(owner_url: str, cut: CutOffs) -> dict[str, int]:
    """Drop months and delete rows that are old; says how many by table, of those with any. Safe to repeat and to kill.

    A month that somebody uses for longer than two seconds waits for the next run. Blocks. Raises StorageUnavailable.
    """
    done: dict[str, int] = {}
    with translated(), signed_in(owner_url, OWNER_SETTING) as owner:
        # another process may be at it; the lock ends with the connection
        if owner.execute("select pg_try_advisory_lock(%s)", (_ALONE,)).fetchone() == (True,):
            done = {table: count for table, count in _taken(owner, cut) if count}
    return done


def _taken(owner: psycopg.Connection, cut: CutOffs) -> Iterator[tuple[str, int]]:
    owner.execute("set timezone = 'UTC'")
    owner.execute(_PATIENCE)
    for stream in FEEDS:
        before = cut.records[stream]
        _detach_months(owner, stream, before)
        yield from ((name, 1) for name in _drop_detached(owner, stream, before))
        rest = default_partition(RECORD_TABLES[stream].table)
        yield rest, _delete(owner, rest, marking(stream, _BATCH), _MISPLACED, {"cut": before, "end": PLAUSIBLE[1]})
    for name, old, moment in _ROWS:
        yield name, _delete(owner, name, marking(None, _BATCH), old, {"cut": moment(cut)})


def _detach_months(owner: psycopg.Connection, stream: Stream, before: datetime) -> None:
    """Months that end by `before`, by the bounds that the server itself keeps, so no row in them can be younger.

    One that holds a record that came after that, history that was brought in late, stays as long as the record would.
    """
    table = RECORD_TABLES[stream].table
    for (name,) in owner.execute(_OLD_PARTITIONS, (table, before)).fetchall():
        if owner.execute(sql.SQL(_CAME_SINCE).format(sql.Identifier(name)), (before,)).fetchone() == (True,):
            continue
        try:
            with owner.transaction():
                # another process may be making or dropping partitions
                owner.execute("select pg_advisory_xact_lock(%s)", (LOCK,))
                owner.execute(_named(_DETACH, table, name))
                owner.execute(_named(_RENAME, table, name))
                _mark_month(owner, stream, name)
        except LockNotAvailable:
            log.warning("partition %s is old but in use; it is dropped at the next upkeep", name)


def _drop_detached(owner: psycopg.Connection, stream: Stream, before: datetime) -> Iterator[str]:
    """What came between the look and the detaching goes to the default partition, with what comes from now on."""
    table = RECORD_TABLES[stream].table
    for (name,) in owner.execute(_DETACHED, (f"^{table}_[0-9]{{4}}_[0-9]{{2}}$", _LEAVING)).fetchall():
        with owner.transaction():
            owner.execute("select pg_advisory_xact_lock(%s)", (LOCK,))
            if owner.execute("select to_regclass(%s)", (name + _LEAVING,)).fetchone() != (None,):
                owner.execute(_named(_BRING_BACK, table, name), (before,))
                _mark_month(owner, stream, name)
                owner.execute(_named(_DROP, table, name))
                yield name


def _named(statement: LiteralString, table: str, name: str) -> sql.Composed:
    names = {"parent": table, "name": name, "leaving": name + _LEAVING, "rest": default_partition(table)}
    return sql.SQL(statement).format(**{slot: sql.Identifier(one) for slot, one in names.items()})


def _mark_month(owner: psycopg.Connection, stream: Stream, name: str) -> None:
    """What is counted of the month of a partition holds no longer."""
    if stream in COUNTED:
        first, last = month_of(name)
        owner.execute(MARK_MONTH, {"stream": stream.value, "first": first, "last": last})


def _delete(
    owner: psycopg.Connection, table: str, batch: LiteralString, old: LiteralString, params: dict[str, datetime]
) -> int:
    statement = sql.SQL(batch).format(table=sql.Identifier(table), old=sql.SQL(old), batch=sql.Literal(BATCH))
    deleted, last = 0, BATCH
    while last == BATCH:
        row = owner.execute(statement, params).fetchone()
        last = row[0] if row else 0
        deleted += last
    return deleted
