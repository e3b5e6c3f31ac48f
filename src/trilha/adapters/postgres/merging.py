"""A page of events into the table, by the rule of `trilha.domain.telemetry.plan_merge`, in sets."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, LiteralString
from uuid import UUID

import msgspec

from trilha.adapters.postgres.errors import translated
from trilha.adapters.postgres.session import Session
from trilha.adapters.postgres.staging import COPY, NAMES, TYPES
from trilha.domain.kernel import OrganisationId
from trilha.domain.telemetry import REACH, MergeOutcome, TelemetryEvent

_FIELDS: Final = [name.strip() for name in NAMES.split(",")]
_STAGED: Final = ", ".join(f"s.{name}" for name in _FIELDS)
_KNOWN: Final = ", ".join(f"t.{name}" for name in _FIELDS)
_NEAR: Final = (
    "t.id = s.id and s.occurred_at - t.occurred_at between -%(reach)s::interval and %(reach)s::interval "
    "and (t.occurred_at between %(low)s and %(middle)s or t.occurred_at between %(middle)s and %(high)s)"
)
"""Written so that partitions out of reach are left out, but no index on time can be used for it: while a partition has
no statistics the planner thinks little of such a range, and would read all events of the days within reach, per row.
Policies add the organisation.
"""
_FIRST: Final = datetime.min.replace(tzinfo=UTC)
_LAST: Final = datetime.max.replace(tzinfo=UTC)
"""Sources send both for "never", and no time lies a reach beyond them."""
# a plan made while a partition was empty would be kept when it no longer is
_PLAN_ANEW: Final = "set_config('plan_cache_mode', 'force_custom_plan', true)"
ALONE: Final = f"select pg_advisory_xact_lock(7241004, hashtext(%s)), {_PLAN_ANEW}"
"""Wait until no other merge of the organisation is under way, and keep others waiting."""
SIDE_BY_SIDE: Final = f"select pg_advisory_xact_lock_shared(7241004, hashtext(%s)), {_PLAN_ANEW}"
"""Beside others that promised the same: to have no id in common."""

INSERT_NEW: Final = (
    f"insert into telemetry_events (organisation_id, page_id, received_at, {NAMES}) "
    f"select %(organisation)s, %(page)s, %(received_at)s, {_STAGED} from staged_events s "
    f"where (select 1 from telemetry_events t where {_NEAR} limit 1) is null"
)
"""The common case, and usually all of it: nothing is known of these ids.

A scalar sub-select, not `not exists`: that becomes a join, for which the planner reads all of the days within reach.
"""

FIND_CHANGED: Final = (
    "select t.id, t.occurred_at from staged_events s "
    f"cross join lateral (select * from telemetry_events t where {_NEAR} offset 0) t "
    f"where ({_KNOWN}) is distinct from ({_STAGED})"
)
"""Known rows that differ; `offset 0` keeps it row by row, for the same reason."""
DELETE_ONE: Final = "delete from telemetry_events where id = %s and occurred_at = %s"
"""One by one: a delete that joins is planned like any join. Inserting once more then writes just the changed ones."""


async def merge(
    session: Session,
    organisation_id: OrganisationId,
    page_id: UUID,
    received_at: datetime,
    events: Sequence[TelemetryEvent],
    take_turn: LiteralString = ALONE,
) -> MergeOutcome:
    """See TelemetryEvents.merge; `take_turn` is ALONE or SIDE_BY_SIDE."""
    if not events:
        return MergeOutcome()
    if session.staged is not events:
        await stage(session, events)
    ids = {event.id for event in events}
    times = [event.occurred_at for event in events]
    params = {
        "organisation": organisation_id,
        "page": page_id,
        "received_at": received_at,
        "low": max(min(times), _FIRST + REACH) - REACH,
        "middle": min(times),
        "high": min(max(times), _LAST - REACH) + REACH,
        "reach": REACH,
    }
    session.later(take_turn, (str(organisation_id),))
    inserted = await session.changed(INSERT_NEW, params)
    replaced = await _replace_changed(session, params) if inserted < len(ids) else 0
    return MergeOutcome(inserted=inserted, replaced=replaced, duplicates=len(events) - inserted - replaced)


async def _replace_changed(session: Session, params: Mapping[str, object]) -> int:
    changed = await session.rows(FIND_CHANGED, params)
    for row in changed:
        session.later(DELETE_ONE, row)
    return await session.changed(INSERT_NEW, params) if changed else 0


async def stage(session: Session, events: Sequence[TelemetryEvent]) -> None:
    """Copy the last version of each event into the connection's staging table, in place of what is there."""
    if session.staged is not None:
        session.later("delete from staged_events")
    session.staged = events
    await session.flush()
    latest = {event.id: event for event in events}
    with translated():
        async with session.connection.cursor() as cursor, cursor.copy(COPY) as copy:
            copy.set_types(TYPES)
            # awaiting each row would cost more than encoding it; in the order of ids, rows meet fewer index pages
            encode = copy.formatter.write_row
            await copy.write(b"".join([encode(msgspec.structs.astuple(latest[key])) for key in sorted(latest)]))
