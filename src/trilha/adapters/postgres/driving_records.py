"""Counts over local days, from the records themselves.

When a local day begins and ends is told to the server in instants: its data on zones need not be ours.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC
from typing import Final, LiteralString
from zoneinfo import ZoneInfo

from trilha.adapters.postgres.pools import Pool
from trilha.adapters.postgres.reading import Where, read
from trilha.adapters.postgres.session import Row
from trilha.domain.kernel import DayRange, DriverId, EventTypeId, OrganisationId, TimeRange, VehicleId
from trilha.domain.performance import Drive, Journey, Tally, local_days

BATCH: Final = 1000
"""Journeys in memory at a time."""

# days and spans are many to many, for spans may overlap
_DAYS: Final[LiteralString] = (
    "days as (select s.span, d.day, d.start_at, d.end_at "
    "from unnest(%(days)s::date[], %(starts)s::timestamptz[], %(ends)s::timestamptz[]) as d (day, start_at, end_at) "
    "join unnest(%(firsts)s::date[], %(lasts)s::date[]) with ordinality as s (first, last, span) "
    "on d.day between s.first and s.last)"
)
_ON_DAY: Final[LiteralString] = (
    "r.occurred_at >= days.start_at and r.occurred_at < days.end_at and r.withdrawn_at is null"
)
_WHOLE: Final[LiteralString] = "least(sum({}), 9223372036854775807)::bigint"


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
        while batch := await self._batch(organisation_id, _journeys(began, vehicles, drivers, last)):
            for last in batch:
                yield last
            if len(batch) < BATCH:
                break

    async def _batch(self, organisation_id: OrganisationId, where: Where) -> list[Journey]:
        statement: LiteralString = f"{_JOURNEYS} {where.sql} {_IN_ORDER}"
        rows = await read(self._pool, organisation_id, statement, [*where.params, BATCH], plan_anew=True)
        return [_journey(row) for row in rows]


def _params(spans: Sequence[DayRange], zone: ZoneInfo, **named: Sequence[int] | None) -> dict[str, object]:
    days = local_days(spans, zone)
    return {
        "days": [day.day for day in days],
        "starts": [day.start for day in days],
        "ends": [day.end for day in days],
        "firsts": [span.first for span in spans],
        "lasts": [span.last for span in spans],
        **{name: list(values) for name, values in named.items() if values is not None},
    }


def _named(column: LiteralString, parameter: LiteralString, values: Sequence[int] | None) -> LiteralString:
    """A condition only where there is something to ask: the planner then sees what is sought."""
    return "" if values is None else f" and {column} = any(%({parameter})s::bigint[])"


def _tallies(drivers: Sequence[int] | None, event_types: Sequence[int] | None) -> LiteralString:
    these = _named("r.driver_id", "drivers", drivers) + _named("r.event_type_id", "event_types", event_types)
    return (
        f"with {_DAYS}, minutes as (select r.driver_id, r.event_type_id, days.span, sum(r.occurrences) as occurrences, "
        "max(r.occurrences) as most, sum(r.duration_s) as duration_s "
        f"from days join telemetry_events r on {_ON_DAY}{these} "
        "group by r.driver_id, r.event_type_id, days.span, days.day, date_bin('1 minute', r.occurred_at, 'epoch')) "
        f"select driver_id, event_type_id, span - 1, {_WHOLE.format('occurrences')}, {_WHOLE.format('most')}, "
        "coalesce(sum(duration_s), 0)::float8 from minutes group by driver_id, event_type_id, span"
    )


def _drives(drivers: Sequence[int] | None) -> LiteralString:
    sums: LiteralString = ", ".join([f"coalesce(sum(r.{name}), 0)::float8" for name in _DRIVEN])
    return (
        f"with {_DAYS} select r.driver_id, days.span - 1, count(*), {sums} "
        f"from days join trips r on {_ON_DAY}{_named('r.driver_id', 'drivers', drivers)} "
        "group by r.driver_id, days.span"
    )


_DRIVEN: Final[Sequence[LiteralString]] = (
    "distance_km",
    "driving_time_s",
    "standing_time_s",
    "engine_s",
    "fuel_used_l",
)
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
