"""Counts over local days: from those that are kept by day where they hold, from the records where they do not.

`rollup` keeps them; here they are believed only as far as no mark says otherwise, so an answer is always that of the
records as they stand.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC
from typing import Final, LiteralString
from zoneinfo import ZoneInfo

from trilha.adapters.postgres.pools import Pool
from trilha.adapters.postgres.reading import Where, read
from trilha.adapters.postgres.rollup import BY_MINUTE, DRIVEN, WHOLE, bounds_of
from trilha.adapters.postgres.session import Row
from trilha.adapters.postgres.stale_days import FIRST_UTC_DAY, LAST_UTC_DAY
from trilha.domain.kernel import DayRange, DriverId, EventTypeId, OrganisationId, TimeRange, VehicleId
from trilha.domain.performance import Drive, Journey, Tally, local_days

BATCH: Final = 1_000
LARGEST_BATCH: Final = 10_000
"""Journeys in memory at a time. Each batch is twice the last: where the server has no statistics yet, as after a
backfill, it sorts all that is left for each of them."""
_WORTH_A_TYPE: Final = 15
"""So many drivers' days are read in the time of a type's day of a thousand drivers."""

# a day is taken from the counts that are kept if they are of the very same instants and nobody has marked it since;
# the statement has one view of marks, counts and records, so nothing falls between them. Spans may overlap
_ASKED: Final[LiteralString] = (
    "stale as materialized (select distinct utc_day from stale_days where stream = '{stream}'), "
    "days as materialized (select d.day, d.start_at, d.end_at, r.day is not null and not exists (select from stale "
    f"where utc_day between {FIRST_UTC_DAY.format('d')} and {LAST_UTC_DAY.format('d')}) as is_kept "
    "from unnest(%(days)s::date[], %(starts)s::timestamptz[], %(ends)s::timestamptz[]) as d (day, start_at, end_at) "
    "left join rolled_days r on r.zone = %(zone)s and r.day = d.day and r.start_at = d.start_at "
    "and r.end_at = d.end_at), "
    "asked as materialized (select s.span - 1 as span, days.* from days "
    "join unnest(%(firsts)s::date[], %(lasts)s::date[]) with ordinality as s (first, last, span) "
    "on days.day between s.first and s.last)"
)
# `offset 0` keeps these day by day: as joins they are planned by statistics that fresh partitions do not have, and read
# a year to find a day. The outermost bounds leave other months out of the plan
_KEPT: Final[LiteralString] = "r where r.zone = %(zone)s and r.day = asked.day"
_ON_DAY: Final[LiteralString] = (
    "r where r.occurred_at >= asked.start_at and r.occurred_at < asked.end_at and r.withdrawn_at is null "
    "and r.occurred_at >= %(low)s and r.occurred_at < %(high)s"
)


class PostgresDrivingRecords:
    """See DrivingRecords."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def tallies(
        self,
        organisation_id: OrganisationId,
        spans: Sequence[DayRange],
        zone: ZoneInfo,
        *,
        drivers: Sequence[DriverId] | None = None,
        event_types: Sequence[EventTypeId] | None = None,
    ) -> list[Tally]:
        """Events by driver, type and span."""
        params = _params(spans, zone, drivers=drivers, event_types=event_types)
        rows = await read(self._pool, organisation_id, _tallies(drivers, event_types), params, plan_anew=True)
        return [Tally(DriverId(row[0]), EventTypeId(row[1]), *row[2:]) for row in rows]

    async def event_types(
        self, organisation_id: OrganisationId, spans: Sequence[DayRange], zone: ZoneInfo
    ) -> list[EventTypeId]:
        """The types of all events within the spans."""
        rows = await read(self._pool, organisation_id, _EVENT_TYPES, _params(spans, zone), plan_anew=True)
        return [EventTypeId(row[0]) for row in rows]

    async def drives(
        self,
        organisation_id: OrganisationId,
        spans: Sequence[DayRange],
        zone: ZoneInfo,
        *,
        drivers: Sequence[DriverId] | None = None,
    ) -> list[Drive]:
        """Trips by driver and span."""
        params = _params(spans, zone, drivers=drivers)
        rows = await read(self._pool, organisation_id, _drives(drivers), params, plan_anew=True)
        return [Drive(DriverId(row[0]), *row[1:]) for row in rows]

    async def journeys(
        self,
        organisation_id: OrganisationId,
        began: TimeRange,
        *,
        vehicles: Sequence[VehicleId] | None = None,
        drivers: Sequence[DriverId] | None = None,
    ) -> AsyncIterator[Journey]:
        """Trips one by one; one that is sent again while they are read may be seen as it was before."""
        last: Journey | None = None
        most = BATCH
        while batch := await self._batch(organisation_id, _journeys(began, vehicles, drivers, last), most):
            for last in batch:
                yield last
            if len(batch) < most:
                break
            most = min(2 * most, LARGEST_BATCH)

    async def _batch(self, organisation_id: OrganisationId, where: Where, most: int) -> list[Journey]:
        statement: LiteralString = f"{_JOURNEYS} {where.sql} {_IN_ORDER}"
        rows = await read(self._pool, organisation_id, statement, [*where.params, most], plan_anew=True)
        return [_journey(row) for row in rows]


def _params(spans: Sequence[DayRange], zone: ZoneInfo, **named: Sequence[int] | None) -> dict[str, object]:
    days = local_days(spans, zone)
    return {
        "zone": zone.key,
        **bounds_of(days),
        "low": days[0].start if days else None,
        "high": days[-1].end if days else None,
        "firsts": [span.first for span in spans],
        "lasts": [span.last for span in spans],
        **{name: list(values) for name, values in named.items() if values is not None},
    }


def _named(column: LiteralString, parameter: LiteralString, values: Sequence[int] | None) -> LiteralString:
    """A condition only where there is something to ask: the planner then sees what is sought."""
    return "" if values is None else f" and {column} = any(%({parameter})s::bigint[])"


def _tallies(drivers: Sequence[int] | None, event_types: Sequence[int] | None) -> LiteralString:
    of_driver = _named("driver_id", "drivers", drivers)
    of_type = _named("event_type_id", "event_types", event_types)
    return (
        f"with {_ASKED.format(stream='events')}, "
        "kept as (select asked.span, r.* from asked cross join lateral ("
        f"{_by_type(of_type) if _are_many(drivers, event_types) else _by_driver(of_driver)} offset 0) r "
        "where asked.is_kept), "
        "minutes as (select asked.span, r.* from asked cross join lateral (select r.driver_id, r.event_type_id, "
        f"{WHOLE.format('r.occurrences')} as occurrences, max(r.occurrences) as moments, "
        f"sum(r.duration_s)::float8 as duration_s from telemetry_events {_ON_DAY}{of_driver}{of_type} "
        f"group by r.driver_id, r.event_type_id, {BY_MINUTE} offset 0) r where not asked.is_kept), "
        f"cells as (select * from kept where true{of_driver}{of_type} union all select * from minutes) "
        f"select driver_id, event_type_id, span::int, {WHOLE.format('occurrences')}, {WHOLE.format('moments')}, "
        "coalesce(sum(duration_s), 0) from cells group by driver_id, event_type_id, span"
    )


def _are_many(drivers: Sequence[int] | None, event_types: Sequence[int] | None) -> bool:
    """Whether less has to be read of all drivers of those types than of all types of those drivers."""
    if event_types is None:
        return False
    return drivers is None or len(drivers) > _WORTH_A_TYPE * len(event_types)


# side by side in the list of columns, arrays are taken apart in half the time that a join with them takes
def _by_driver(of_driver: LiteralString) -> LiteralString:
    return (
        "select r.driver_id, unnest(r.event_type_ids) as event_type_id, unnest(r.occurrences) as occurrences, "
        f"unnest(r.moments) as moments, unnest(r.durations_s) as duration_s from driver_days {_KEPT}{of_driver}"
    )


def _by_type(of_type: LiteralString) -> LiteralString:
    return (
        "select unnest(r.driver_ids) as driver_id, r.event_type_id, unnest(r.occurrences) as occurrences, "
        f"unnest(r.moments) as moments, unnest(r.durations_s) as duration_s from type_days {_KEPT}{of_type}"
    )


_EVENT_TYPES: Final[LiteralString] = (
    f"with {_ASKED.format(stream='events')} "
    f"select r.event_type_id from asked cross join lateral (select r.event_type_id from type_days {_KEPT} offset 0) r "
    "where asked.is_kept union select r.event_type_id from asked cross join lateral "
    f"(select distinct r.event_type_id from telemetry_events {_ON_DAY} offset 0) r where not asked.is_kept"
)


def _drives(drivers: Sequence[int] | None) -> LiteralString:
    these = _named("r.driver_id", "drivers", drivers)
    figures: LiteralString = ", ".join(_FIGURES)
    sums: LiteralString = ", ".join([f"sum({name})" for name in _FIGURES])
    return (
        f"with {_ASKED.format(stream='trips')}, "
        f"cells as (select asked.span, r.* from asked cross join lateral (select driver_id, trips, {figures} "
        f"from drive_days {_KEPT}{these} offset 0) r where asked.is_kept union all "
        f"select asked.span, r.* from asked cross join lateral (select r.driver_id, {DRIVEN} from trips "
        f"{_ON_DAY}{these} group by r.driver_id offset 0) r where not asked.is_kept) "
        f"select driver_id, span::int, sum(trips)::bigint, {sums} from cells group by driver_id, span"
    )


_FIGURES: Final[Sequence[LiteralString]] = ("distance_km", "driving_s", "standing_s", "engine_s", "fuel_l")
_JOURNEYS: Final[LiteralString] = (
    "select id, driver_id, vehicle_id, occurred_at, ended_at, distance_km, driving_time_s, standing_time_s, "
    "engine_s::float8, fuel_used_l, max_speed_kmh, odometer_start_km, odometer_end_km, start_latitude_deg, "
    "start_longitude_deg, end_latitude_deg, end_longitude_deg from trips"
)
_IN_ORDER: Final[LiteralString] = "order by vehicle_id, occurred_at, id limit %s"


def _journeys(
    began: TimeRange, vehicles: Sequence[int] | None, drivers: Sequence[int] | None, last: Journey | None
) -> Where:
    where = Where()
    where.add("withdrawn_at is null")
    if began.start is not None:
        where.add("occurred_at >= %s", began.start)
    if began.end is not None:
        where.add("occurred_at < %s", began.end)
    if vehicles is not None:
        where.add("vehicle_id = any(%s::bigint[])", list(vehicles))
    if drivers is not None:
        where.add("driver_id = any(%s::bigint[])", list(drivers))
    if last is not None:
        # the first part lets the index on vehicles be entered there, which a comparison of rows does not
        where.add("vehicle_id >= %s", last.vehicle_id)
        where.add("(vehicle_id, occurred_at, id) > (%s, %s, %s)", last.vehicle_id, last.began_at, last.id)
    return where


def _journey(row: Row) -> Journey:
    identifier, driver_id, vehicle_id, began_at, ended_at, *figures = row
    return Journey(
        identifier, driver_id, vehicle_id, began_at.astimezone(UTC), ended_at and ended_at.astimezone(UTC), *figures
    )
