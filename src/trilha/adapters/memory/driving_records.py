"""Counts over local days, made anew from the records at every question."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Container, Iterable, Iterator, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from trilha.adapters.memory.database import MemoryDatabase
from trilha.adapters.memory.views import AnyRecord, Shown, shown_records
from trilha.domain.kernel import DayRange, DriverId, EventTypeId, OrganisationId, TimeRange, VehicleId
from trilha.domain.performance import Drive, Journey, LocalDay, Tally, local_days
from trilha.domain.telemetry import Stream, TelemetryEvent, Trip

Cell = tuple[DriverId, EventTypeId, int]
Moment = tuple[date, datetime]


class MemoryDrivingRecords:
    """See DrivingRecords."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

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
        wanted, counted, calendar = _wanted(drivers), _wanted(event_types), _Calendar(spans, zone)
        cells: dict[Cell, list[tuple[Moment, TelemetryEvent]]] = defaultdict(list)
        for shown in _counting(shown_records(self._database.of(organisation_id), Stream.EVENTS, TelemetryEvent)):
            event, day = shown.record, calendar.day_of(shown.record.occurred_at)
            if day is not None and wanted(shown.driver_id) and counted(event.event_type_id):
                moment = (day, event.occurred_at.replace(second=0, microsecond=0))
                for span in calendar.spans_of(day):
                    cells[shown.driver_id, event.event_type_id, span].append((moment, event))
        return [_tally(cell, events) for cell, events in cells.items()]

    async def event_types(
        self, organisation_id: OrganisationId, spans: Sequence[DayRange], zone: ZoneInfo
    ) -> list[EventTypeId]:
        """The types of all events within the spans."""
        return list({tally.event_type_id for tally in await self.tallies(organisation_id, spans, zone)})

    async def drives(
        self,
        organisation_id: OrganisationId,
        spans: Sequence[DayRange],
        zone: ZoneInfo,
        *,
        drivers: Sequence[DriverId] | None = None,
    ) -> list[Drive]:
        """Trips by driver and span."""
        wanted, calendar = _wanted(drivers), _Calendar(spans, zone)
        cells: dict[tuple[DriverId, int], list[Trip]] = defaultdict(list)
        for shown in _counting(shown_records(self._database.of(organisation_id), Stream.TRIPS, Trip)):
            day = calendar.day_of(shown.record.occurred_at)
            if day is not None and wanted(shown.driver_id):
                for span in calendar.spans_of(day):
                    cells[shown.driver_id, span].append(shown.record)
        return [_drive(driver_id, span, trips) for (driver_id, span), trips in cells.items()]

    async def journeys(
        self,
        organisation_id: OrganisationId,
        began: TimeRange,
        *,
        vehicles: Sequence[VehicleId] | None = None,
        drivers: Sequence[DriverId] | None = None,
    ) -> AsyncIterator[Journey]:
        """Trips one by one."""
        of_vehicle, of_driver = _wanted(vehicles), _wanted(drivers)
        found = [
            shown
            for shown in _counting(shown_records(self._database.of(organisation_id), Stream.TRIPS, Trip))
            if shown.record.occurred_at in began and of_vehicle(shown.record.vehicle_id) and of_driver(shown.driver_id)
        ]
        for shown in sorted(found, key=lambda one: (one.record.vehicle_id, one.record.occurred_at, one.record.id)):
            yield _journey(shown.record, shown.driver_id)


class _Calendar:
    """The days of some spans."""

    def __init__(self, spans: Sequence[DayRange], zone: ZoneInfo) -> None:
        self._spans = spans
        self._days: list[LocalDay] = local_days(spans, zone)
        self._starts = [day.start for day in self._days]

    def day_of(self, moment: datetime) -> date | None:
        """The day that an instant lies in, if it is one of them."""
        before = bisect_right(self._starts, moment)
        day = self._days[before - 1] if before else None
        return day.day if day is not None and moment < day.end else None

    def spans_of(self, day: date) -> Iterator[int]:
        """The numbers of the spans that a day lies in."""
        return (number for number, span in enumerate(self._spans) if day in span)


def _counting(records: Iterable[Shown[AnyRecord]]) -> Iterator[Shown[AnyRecord]]:
    return (shown for shown in records if not shown.is_withdrawn)


def _wanted(named: Container[int] | None) -> Callable[[int], bool]:
    return lambda one: named is None or one in named


def _tally(cell: Cell, events: Sequence[tuple[Moment, TelemetryEvent]]) -> Tally:
    most: dict[Moment, int] = {}
    for moment, event in events:
        most[moment] = max(event.occurrences, most.get(moment, event.occurrences))
    driver_id, event_type_id, span = cell
    return Tally(
        driver_id=driver_id,
        event_type_id=event_type_id,
        span=span,
        occurrences=sum(event.occurrences for _, event in events),
        moments=sum(most.values()),
        duration_s=float(sum(event.duration_s or 0 for _, event in events)),
    )


def _drive(driver_id: DriverId, span: int, trips: Sequence[Trip]) -> Drive:
    return Drive(
        driver_id=driver_id,
        span=span,
        trips=len(trips),
        distance_km=sum(trip.distance_km or 0.0 for trip in trips),
        driving_s=sum(trip.driving_time_s or 0.0 for trip in trips),
        standing_s=sum(trip.standing_time_s or 0.0 for trip in trips),
        engine_s=float(sum(trip.engine_s or 0 for trip in trips)),
        fuel_l=sum(trip.fuel_used_l or 0.0 for trip in trips),
    )


def _journey(trip: Trip, driver_id: DriverId) -> Journey:
    return Journey(
        id=trip.id,
        driver_id=driver_id,
        vehicle_id=trip.vehicle_id,
        began_at=trip.occurred_at,
        ended_at=trip.ended_at,
        distance_km=trip.distance_km,
        driving_s=trip.driving_time_s,
        standing_s=trip.standing_time_s,
        engine_s=None if trip.engine_s is None else float(trip.engine_s),
        fuel_l=trip.fuel_used_l,
        max_speed_kmh=trip.max_speed_kmh,
        odometer_start_km=trip.odometer_start_km,
        odometer_end_km=trip.odometer_end_km,
        start_latitude_deg=trip.start_latitude_deg,
        start_longitude_deg=trip.start_longitude_deg,
        end_latitude_deg=trip.end_latitude_deg,
        end_longitude_deg=trip.end_longitude_deg,
    )
