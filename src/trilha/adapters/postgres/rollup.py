"""Keeping counts by driver and local day beside the records, so that questions over months read days, not events.

A day is rolled up at one moment, from what is committed then, and holds until somebody changes a record of it, which
marks it (`stale_days`). One transaction forgets and makes anew: it takes away the marks that it sees with the days that
they touch, then counts days that are missing, newest first. What commits meanwhile has a mark of its own, which stays.

Taking a mark away is safe only while nobody else is counting the day from before it, so refreshers of an organisation
stand in line: the lock is asked for in a statement of its own, and each statement after it sees all that was committed
before the lock was had.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Final, LiteralString
from zoneinfo import ZoneInfo

from trilha.adapters.postgres.partitions import PLAUSIBLE
from trilha.adapters.postgres.pools import Pool
from trilha.adapters.postgres.session import Session
from trilha.adapters.postgres.stale_days import FIRST_UTC_DAY, LAST_UTC_DAY
from trilha.domain.kernel import OrganisationId
from trilha.domain.performance import LocalDay, RolledUp, local_day

_ALONE: Final = (
    "select pg_try_advisory_xact_lock(7241009, hashtext(%s)), set_config('plan_cache_mode', 'force_custom_plan', true)"
)
_FORGET_STALE: Final[LiteralString] = (
    "with seen as (delete from stale_days returning utc_day) "
    "delete from rolled_days r using (select distinct utc_day from seen) s "
    f"where s.utc_day between {FIRST_UTC_DAY.format('r')} and {LAST_UTC_DAY.format('r')}"
)
_FORGET_OTHER_ZONES: Final = (
    "delete from rolled_days where ctid = any(array(select ctid from rolled_days where zone <> %s limit %s))"
)
_FORGET_DAYS: Final = "delete from rolled_days where zone = %s and day = any(%s::date[])"
_EARLIEST: Final = (
    "select least("
    "(select occurred_at from telemetry_events where occurred_at >= %(from)s order by occurred_at limit 1), "
    "(select occurred_at from trips where occurred_at >= %(from)s order by occurred_at limit 1))"
)
_KNOWN: Final = "select day, start_at, end_at from rolled_days where zone = %s"
# `offset 0` keeps it day by day, see `driving_records`
_ON_DAY: Final[LiteralString] = (
    "where r.occurred_at >= days.start_at and r.occurred_at < days.end_at and r.withdrawn_at is null "
    "and r.occurred_at >= %(low)s and r.occurred_at < %(high)s"
)
WHOLE: Final[LiteralString] = "least(sum({}), 9223372036854775807)::bigint"
"""A sum of counts; a source that says absurd ones must not make every report fail."""
BY_MINUTE: Final[LiteralString] = "date_bin('1 minute', r.occurred_at, 'epoch')"
DRIVEN: Final[LiteralString] = (
    "count(*), coalesce(sum(r.distance_km), 0), coalesce(sum(r.driving_time_s), 0), "
    "coalesce(sum(r.standing_time_s), 0), coalesce(sum(r.engine_s), 0)::float8, coalesce(sum(r.fuel_used_l), 0)"
)
_ROLL_UP: Final[LiteralString] = (
    "with days as (select * from unnest(%(days)s::date[], %(starts)s::timestamptz[], %(ends)s::timestamptz[]) "
    "as d (day, start_at, end_at)), "
    "rolled as (insert into rolled_days (organisation_id, zone, day, start_at, end_at) "
    "select %(organisation)s, %(zone)s, day, start_at, end_at from days), "
    "cells as (select days.day, r.* from days cross join lateral (select driver_id, event_type_id, "
    f"{WHOLE.format('occurrences')} as occurrences, {WHOLE.format('most')} as moments, "
    "coalesce(sum(duration_s), 0)::float8 as duration_s from (select r.driver_id, r.event_type_id, "
    "sum(r.occurrences) as occurrences, max(r.occurrences) as most, sum(r.duration_s) as duration_s "
    f"from telemetry_events r {_ON_DAY} group by r.driver_id, r.event_type_id, {BY_MINUTE}) minutes "
    "group by driver_id, event_type_id offset 0) r), "
    "tallied as (insert into driver_days (organisation_id, zone, day, driver_id, event_type_ids, occurrences, moments, "
    "durations_s) select %(organisation)s, %(zone)s, day, driver_id, array_agg(event_type_id), array_agg(occurrences), "
    "array_agg(moments), array_agg(duration_s) from cells group by day, driver_id), "
    "turned as (insert into type_days (organisation_id, zone, day, event_type_id, driver_ids, occurrences, moments, "
    "durations_s) select %(organisation)s, %(zone)s, day, event_type_id, array_agg(driver_id), array_agg(occurrences), "
    "array_agg(moments), array_agg(duration_s) from cells group by day, event_type_id) "
    "insert into drive_days (organisation_id, zone, day, driver_id, trips, distance_km, driving_s, standing_s, "
    "engine_s, fuel_l) select %(organisation)s, %(zone)s, days.day, r.* from days cross join lateral "
    f"(select r.driver_id, {DRIVEN} from trips r {_ON_DAY} group by r.driver_id offset 0) r"
)
"""In one statement, hence from one view of the records. It may take long; nobody waits for it."""


class PostgresRollup:
    """See Rollup."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def roll_up(
        self, organisation_id: OrganisationId, zone: ZoneInfo, now: datetime, at_most: int
    ) -> RolledUp | None:
        """Forget what no longer holds, then count up to `at_most` days that are missing."""
        session = Session(self._pool, organisation_id)
        await session.open()
        try:
            ((is_alone, _),) = await session.rows(_ALONE, (str(organisation_id),))
            if not is_alone:
                return None
            session.later(_FORGET_STALE)
            session.later(_FORGET_OTHER_ZONES, (zone.key, at_most))
            missing = await _missing(session, zone, now)
            days = missing[:at_most]
            _count(session, organisation_id, zone, days)
            await session.commit()
            return RolledUp(days=len(days), missing=len(missing) - len(days))
        finally:
            await session.close()


async def _missing(session: Session, zone: ZoneInfo, now: datetime) -> list[LocalDay]:
    """Days that are over, from the newest back to the first with a record, that are not kept as they are cut now."""
    ((earliest,),) = await session.rows(_EARLIEST, {"from": PLAUSIBLE[0]})
    if earliest is None:
        return []
    known = {LocalDay(day, *bounds) for day, *bounds in await session.rows(_KNOWN, (zone.key,))}
    return [day for day in _over(zone, earliest, now) if day not in known]


def _over(zone: ZoneInfo, earliest: datetime, now: datetime) -> Iterator[LocalDay]:
    day = local_day(now.astimezone(zone).date(), zone)
    while day.end > earliest:
        if day.end <= now:
            yield day
        day = local_day(day.day - timedelta(days=1), zone)


def _count(session: Session, organisation_id: OrganisationId, zone: ZoneInfo, days: Sequence[LocalDay]) -> None:
    if days:
        # one that is there is cut otherwise than it would be now, after news about the zone
        session.later(_FORGET_DAYS, (zone.key, [day.day for day in days]))
        bounds = {**bounds_of(days), "low": min(day.start for day in days), "high": max(day.end for day in days)}
        session.later(_ROLL_UP, {"organisation": organisation_id, "zone": zone.key, **bounds})


def bounds_of(days: Sequence[LocalDay]) -> dict[str, Sequence[date | datetime]]:
    """What statements are told of days: their instants too, for the server's data on zones need not be ours."""
    return {
        "days": [day.day for day in days],
        "starts": [day.start for day in days],
        "ends": [day.end for day in days],
    }
