"""A page of records into their table, by the rule of `trilha.domain.telemetry.plan_merge`, in sets."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, LiteralString
from uuid import UUID

import msgspec

from trilha.adapters.postgres.errors import translated
from trilha.adapters.postgres.session import Row, Session
from trilha.adapters.postgres.staging import RECORD_TABLES, RecordTable
from trilha.adapters.postgres.stale_days import mark, marking
from trilha.domain.kernel import OrganisationId
from trilha.domain.telemetry import REACH, MergeOutcome, Record, Stream

_NEAR: Final = (
    "t.id = s.id and s.occurred_at - t.occurred_at between -%(reach)s::interval and %(reach)s::interval "
    "and (t.occurred_at between %(low)s and %(middle)s or t.occurred_at between %(middle)s and %(high)s)"
)
"""Written so that partitions out of reach are left out, but no index on time can be used for it: while a partition has
no statistics the planner thinks little of such a range, and would read all records of the days within reach, per row.
Policies add the organisation.
"""
FIRST: Final = datetime.min.replace(tzinfo=UTC)
LAST: Final = datetime.max.replace(tzinfo=UTC)
"""Sources send both for "never", and no time lies a reach beyond them."""
# a plan made while a partition was empty would be kept when it no longer is
_PLAN_ANEW: Final = "set_config('plan_cache_mode', 'force_custom_plan', true)"
ALONE: Final = f"select take_turn_alone(hashtext(%s)), {_PLAN_ANEW}"
"""Wait until no other merge of the feed is under way, and keep others waiting."""
SIDE_BY_SIDE: Final = f"select pg_advisory_xact_lock_shared(7241004, hashtext(%s)), {_PLAN_ANEW}"
"""Beside others that promised the same: to have no id in common."""


class MergeStatements:
    """What a merge says to the server, for one feed."""

    def __init__(self, table: RecordTable) -> None:
        staged = ", ".join([f"s.{name}" for name in table.fields])
        known = ", ".join([_as_sent(table, name) for name in table.fields])
        self.insert_new: LiteralString = (
            f"insert into {table.table} (organisation_id, page_id, received_at, {table.names}) "
            f"select %(organisation)s, %(page)s, %(received_at)s, {staged} from {table.staging} s "
            f"where (select 1 from {table.table} t where {_NEAR} limit 1) is null"
        )
        """The common case, and usually all of it: nothing is known of these ids.

        A scalar sub-select, not `not exists`: that becomes a join, for which the planner reads all of the days within
        reach.
        """
        self.find_changed: LiteralString = (
            f"select t.id, t.occurred_at from {table.staging} s "
            "cross join lateral (select t.*, bool_or(t.received_at > %(received_at)s) over () as is_younger "
            f"from {table.table} t where {_NEAR} offset 0) t "
            f"where not t.is_younger and ({known}) is distinct from ({staged})"
        )
        """Known rows that differ; `offset 0` keeps it row by row, for the same reason."""
        self.delete_one: LiteralString = f"delete from {table.table} where id = %s and occurred_at = %s"
        """One by one: a delete that joins is planned like any join. Inserting once more then writes just the changed
        ones."""
        self.find_amended: LiteralString = (
            f"select a.record_id, a.driver_id, a.withdrawn_at from {table.staging} s cross join lateral "
            f"(select * from amended_records a where a.stream = '{table.stream.value}' and a.record_id = s.id offset 0)"
            " a where (select exists (select 1 from amended_records "
            f"where stream = '{table.stream.value}' and record_id between %(first_id)s and %(last_id)s))"
        )
        """Amendments that were there first. Asked once for all ids before it is asked for each: mostly there are none.
        """
        self.amend_one: LiteralString = marking(
            table.stream,
            f"update {table.table} set driver_id = coalesce(%(driver)s::bigint, driver_id), "
            "source_driver_id = case when %(driver)s::bigint is null then source_driver_id "
            "else coalesce(source_driver_id, driver_id) end, withdrawn_at = %(withdrawn_at)s "
            "where id = %(id)s and occurred_at between %(low)s and %(high)s",
        )


def _as_sent(table: RecordTable, field: LiteralString) -> LiteralString:
    """What the source said of a known record, whatever it amended later."""
    return "coalesce(t.source_driver_id, t.driver_id)" if table.is_amended and field == "driver_id" else f"t.{field}"


STATEMENTS: Final = {stream: MergeStatements(table) for stream, table in RECORD_TABLES.items()}


def turn_key(organisation_id: OrganisationId, stream: Stream) -> tuple[str]:
    """What ALONE and SIDE_BY_SIDE are asked with."""
    return (f"{organisation_id} {stream.value}",)


async def merge(
    session: Session,
    organisation_id: OrganisationId,
    stream: Stream,
    page_id: UUID,
    received_at: datetime,
    records: Sequence[Record],
    take_turn: LiteralString = ALONE,
) -> MergeOutcome:
    """See TelemetryRecords.merge; `take_turn` is ALONE or SIDE_BY_SIDE."""
    if not records:
        return MergeOutcome()
    if session.staged.get(stream) is not records:
        await stage(session, stream, records)
    ids = {record.id for record in records}
    times = [record.occurred_at for record in records]
    params = {
        "organisation": organisation_id,
        "page": page_id,
        "received_at": received_at,
        "low": max(min(times), FIRST + REACH) - REACH,
        "middle": min(times),
        "high": min(max(times), LAST - REACH) + REACH,
        "reach": REACH,
        "first_id": min(ids),
        "last_id": max(ids),
    }
    session.later(take_turn, turn_key(organisation_id, stream))
    inserted, amended = await _insert_new(session, stream, params)
    changed = await _delete_changed(session, stream, params) if inserted < len(ids) else ()
    replaced = await session.changed(STATEMENTS[stream].insert_new, params) if changed else 0
    if inserted or changed:
        mark(session, organisation_id, stream, (*times, *changed))
        for record_id, driver_id, withdrawn_at in amended:
            amend(session, stream, record_id, driver_id, withdrawn_at, low=params["low"], high=params["high"])
    return MergeOutcome(inserted=inserted, replaced=replaced, duplicates=len(records) - inserted - replaced)


def amend(
    session: Session,
    stream: Stream,
    record_id: int,
    driver_id: int | None,
    withdrawn_at: datetime | None,
    *,
    low: object = FIRST,
    high: object = LAST,
) -> None:
    """Write what was amended onto a record, wherever it lies from `low` to `high`. Repeating it changes nothing."""
    values = {"id": record_id, "driver": driver_id, "withdrawn_at": withdrawn_at, "low": low, "high": high}
    session.later(STATEMENTS[stream].amend_one, values)


async def _insert_new(session: Session, stream: Stream, params: Mapping[str, object]) -> tuple[int, Sequence[Row]]:
    statements = STATEMENTS[stream]
    if not RECORD_TABLES[stream].is_amended:
        return await session.changed(statements.insert_new, params), ()
    return await session.changed_and_rows(statements.insert_new, statements.find_amended, params)


async def _delete_changed(session: Session, stream: Stream, params: Mapping[str, object]) -> Sequence[datetime]:
    """Make room for what differs; returns when that had happened."""
    changed = await session.rows(STATEMENTS[stream].find_changed, params)
    for row in changed:
        session.later(STATEMENTS[stream].delete_one, row)
    return [occurred_at for _, occurred_at in changed]


async def stage(session: Session, stream: Stream, records: Sequence[Record]) -> None:
    """Copy the last version of each record into the connection's staging table, in place of what is there."""
    table = RECORD_TABLES[stream]
    if stream in session.staged:
        session.later(f"delete from {table.staging}")
    session.staged[stream] = records
    await session.flush()
    latest = {record.id: record for record in records}
    with translated():
        async with session.connection.cursor() as cursor, cursor.copy(table.copy) as copy:
            copy.set_types(table.types)
            # awaiting each row would cost more than encoding it; in the order of ids, rows meet fewer index pages
            encode = copy.formatter.write_row
            await copy.write(b"".join([encode(msgspec.structs.astuple(latest[key])) for key in sorted(latest)]))
