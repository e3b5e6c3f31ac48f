"""Reports made of trips: days of drivers and vehicles, trips, stops, idling, utilisation.

Trips stream by vehicle, one vehicle's in memory at a time, and by a few drivers at a time; so a report of a whole fleet
over a year takes no more memory than one of a depot. Trips of vehicles and drivers that the master data do not have are
shown by their ids.
"""

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from typing import Final

import msgspec

from trilha.application.performance.asked_days import Calendar
from trilha.application.performance.report_heads import asked_drivers, asked_vehicles, head, require
from trilha.application.performance.report_words import columns, fact, word
from trilha.application.performance.shelf import Shelf
from trilha.domain.kernel import DriverId, GeoPoint, OrganisationId, TimeRange, VehicleId, to_thousandths
from trilha.domain.performance import (
    DaySheet,
    Journey,
    Plated,
    Rated,
    Stay,
    day_sheets,
    in_order,
    stays,
)
from trilha.domain.performance.days import end_of, start_of
from trilha.domain.performance.stays import with_ends
from trilha.domain.reporting import Report, ReportRequest, ReportSource, Row

AT_ONCE: Final = 25
"""Drivers whose trips are in memory together: of a year, some 50,000."""
_DAY: Final = (
    "day", "trips", "distance_km", "driving_s", "standing_s", "engine_s", "first_departure", "last_arrival", "stops",
    "longest_stop_s", "fuel_l", "max_speed_kmh", "utilisation_percent", "overlap_s", "suspect_trips",
)  # fmt: skip
_DRIVER: Final = ("driver_id", "driver", "badge")
_VEHICLE: Final = ("vehicle_id", "vehicle", "plate", "fleet_number")
_TRIP: Final = (
    "vehicle_id", "vehicle", "driver_id", "driver", "began_at", "ended_at", "duration_s", "distance_km", "driving_s",
    "standing_s", "fuel_l", "max_speed_kmh", "start_latitude_deg", "start_longitude_deg", "end_latitude_deg",
    "end_longitude_deg",
)  # fmt: skip
_STOP: Final = (
    "vehicle_id", "vehicle", "plate", "stop_kind", "began_at", "ended_at", "duration_s", "driver_id", "driver",
    "latitude_deg", "longitude_deg",
)  # fmt: skip
_IDLED: Final = ("day", "trips", "standing_s", "engine_s", "idling_percent")
_USED: Final = (
    "days_used", "trips", "distance_km", "driving_s", "standing_s", "engine_s", "fuel_l", "utilisation_percent",
)  # fmt: skip


class _Reading(msgspec.Struct, frozen=True):
    """A question about trips that was found to fit."""

    shelf: Shelf
    organisation_id: OrganisationId
    request: ReportRequest
    calendar: Calendar

    async def of_drivers(self, drivers: Sequence[Rated]) -> AsyncIterator[tuple[Rated, list[Journey]]]:
        """Each driver that has trips, with them by their beginning."""
        for few in (drivers[at : at + AT_ONCE] for at in range(0, len(drivers), AT_ONCE)):
            by_driver: dict[DriverId, list[Journey]] = {one.driver_id: [] for one in few}
            drivers_now = list(by_driver)
            async for journey in self.shelf.records.journeys(self.organisation_id, self.began, drivers=drivers_now):
                by_driver[journey.driver_id].append(journey)
            for driver in few:
                if by_driver[driver.driver_id]:
                    yield driver, in_order(by_driver[driver.driver_id])

    async def of_vehicles(
        self, vehicles: Sequence[Plated], began: TimeRange | None = None
    ) -> AsyncIterator[tuple[Plated, list[Journey]]]:
        """Each vehicle that has trips, with them by their beginning; strangers too, where all were asked for.

        Trips of the days asked for, or of another time.
        """
        known = {one.vehicle_id: one for one in vehicles}
        own: list[Journey] = []
        of_whom = None if self._is_about_all else list(known)
        async for journey in self.shelf.records.journeys(self.organisation_id, began or self.began, vehicles=of_whom):
            if own and own[0].vehicle_id != journey.vehicle_id:
                yield _named(own[0].vehicle_id, known), own
                own = []
            own.append(journey)
        if own:
            yield _named(own[0].vehicle_id, known), own

    async def drivers(self) -> Sequence[Rated]:
        """Those that were asked for, and strangers who drove, where all were asked for."""
        named = await asked_drivers(self.shelf, self.organisation_id, self.request)
        if not self._is_about_all:
            return named
        drives = await self.shelf.records.drives(self.organisation_id, [self.request.days], self.calendar.zone)
        strangers = sorted({one.driver_id for one in drives} - {one.driver_id for one in named})
        return [*named, *(Rated(key, "", None, is_person=False, active=True) for key in strangers)]

    def sheets(self, journeys: Iterable[Journey]) -> Iterator[DaySheet]:
        """Days by the organisation's clocks."""
        return day_sheets(journeys, self.calendar.zone)

    @property
    def began(self) -> TimeRange:
        """The days asked for."""
        return self.request.days.instants(self.calendar.zone)

    @property
    def _is_about_all(self) -> bool:
        wanted = self.request
        return wanted.driver_id is None and wanted.vehicle_id is None and wanted.group_id is None


class _OfTrips(ReportSource):
    """What the reports made of trips share."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    async def _reading(self, organisation_id: OrganisationId, request: ReportRequest, *takes: str) -> _Reading:
        require(request, takes=takes)
        return _Reading(self._shelf, organisation_id, request, await self._shelf.calendar(organisation_id))


class DriverDaysSource(_OfTrips):
    """A row a driver and day with trips."""

    async def open(self, organisation_id: OrganisationId, request: ReportRequest) -> Report:
        """Of one driver, a group, or all."""
        reading = await self._reading(organisation_id, request, "driver_id", "group_id")
        drivers = await reading.drivers()

        async def rows() -> AsyncIterator[Row]:
            async for driver, journeys in reading.of_drivers(drivers):
                for sheet in reading.sheets(journeys):
                    yield (*_driver(driver), *_day(sheet))

        shown = columns(request.language, *_DRIVER, *_DAY)
        return Report(head(request, reading.calendar, shown, facts=_one_driver(request, drivers)), rows())


class VehicleDaysSource(_OfTrips):
    """A row a vehicle and day with trips."""

    async def open(self, organisation_id: OrganisationId, request: ReportRequest) -> Report:
        """Of one vehicle, a group, or all."""
        reading = await self._reading(organisation_id, request, "vehicle_id", "group_id")
        vehicles = await asked_vehicles(self._shelf, organisation_id, request)

        async def rows() -> AsyncIterator[Row]:
            async for vehicle, journeys in reading.of_vehicles(vehicles):
                for sheet in reading.sheets(journeys):
                    yield (*_vehicle(vehicle), *_day(sheet))

        shown = columns(request.language, *_VEHICLE, *_DAY)
        return Report(head(request, reading.calendar, shown, facts=_one_vehicle(request, vehicles)), rows())


class TripsSource(_OfTrips):
    """A row a trip."""

    async def open(self, organisation_id: OrganisationId, request: ReportRequest) -> Report:
        """Of one driver, one vehicle, the vehicles of a group, or all."""
        reading = await self._reading(organisation_id, request, "driver_id", "vehicle_id", "group_id")
        names = {one.driver_id: one.name for one in await self._shelf.roster.drivers(organisation_id)}
        shown = columns(request.language, *_TRIP)
        if request.driver_id is not None:
            drivers = await asked_drivers(self._shelf, organisation_id, request)
            plates = {one.vehicle_id: one for one in await self._shelf.depot.vehicles(organisation_id)}

            async def of_driver() -> AsyncIterator[Row]:
                async for driver, journeys in reading.of_drivers(drivers):
                    for journey in journeys:
                        bus = plates.get(journey.vehicle_id)
                        yield _trip(journey, driver.name, None if bus is None else bus.description)

            return Report(head(request, reading.calendar, shown, facts=_one_driver(request, drivers)), of_driver())
        vehicles = await asked_vehicles(self._shelf, organisation_id, request)

        async def of_vehicles() -> AsyncIterator[Row]:
            async for vehicle, journeys in reading.of_vehicles(vehicles):
                for journey in journeys:
                    yield _trip(journey, names.get(journey.driver_id), vehicle.description)

        return Report(head(request, reading.calendar, shown, facts=_one_vehicle(request, vehicles)), of_vehicles())


class StopsSource(_OfTrips):
    """A row a stand of a vehicle."""

    async def open(self, organisation_id: OrganisationId, request: ReportRequest) -> Report:
        """Of one vehicle, a group, or all."""
        reading = await self._reading(organisation_id, request, "vehicle_id", "group_id")
        vehicles = await asked_vehicles(self._shelf, organisation_id, request)
        names = {one.driver_id: one.name for one in await self._shelf.roster.drivers(organisation_id)}

        async def rows() -> AsyncIterator[Row]:
            async for vehicle, journeys in reading.of_vehicles(vehicles, with_ends(reading.began)):
                for stay in stays(journeys, until=reading.began.end):
                    yield _stop(request.language, vehicle, stay, names)

        shown = columns(request.language, *_STOP)
        return Report(head(request, reading.calendar, shown, facts=_one_vehicle(request, vehicles)), rows())


class IdlingSource(_OfTrips):
    """A row a vehicle and day on which its engine ran at rest."""

    async def open(self, organisation_id: OrganisationId, request: ReportRequest) -> Report:
        """Of one vehicle, a group, or all."""
        reading = await self._reading(organisation_id, request, "vehicle_id", "group_id")
        vehicles = await asked_vehicles(self._shelf, organisation_id, request)

        async def rows() -> AsyncIterator[Row]:
            async for vehicle, journeys in reading.of_vehicles(vehicles):
                for sheet in reading.sheets(journeys):
                    if sheet.standing_s > 0:
                        share = _percent(sheet.standing_s, sheet.engine_s or sheet.driving_s + sheet.standing_s)
                        idled = (sheet.day, sheet.trips, sheet.standing_s, sheet.engine_s, share)
                        yield (*_vehicle(vehicle), *idled)

        shown = columns(request.language, *_VEHICLE, *_IDLED)
        return Report(head(request, reading.calendar, shown, facts=_one_vehicle(request, vehicles)), rows())


class UtilisationSource(_OfTrips):
    """A row a vehicle, also one that stood all the time: that is what is looked for."""

    async def open(self, organisation_id: OrganisationId, request: ReportRequest) -> Report:
        """Of one vehicle, a group, or all."""
        reading = await self._reading(organisation_id, request, "vehicle_id", "group_id")
        vehicles = await asked_vehicles(self._shelf, organisation_id, request)
        began = reading.began
        asked_s = (began.end - began.start).total_seconds() if began.start and began.end else 0.0

        async def rows() -> AsyncIterator[Row]:
            still = {one.vehicle_id: one for one in vehicles if one.active}
            async for vehicle, journeys in reading.of_vehicles(vehicles):
                still.pop(vehicle.vehicle_id, None)
                yield (*_vehicle(vehicle), *_use(list(reading.sheets(journeys)), asked_s))
            for vehicle in still.values():
                yield (*_vehicle(vehicle), *_use([], asked_s))

        shown = columns(request.language, *_VEHICLE, *_USED)
        facts = _one_vehicle(request, vehicles)
        return Report(head(request, reading.calendar, shown, facts=facts, expected_rows=len(vehicles)), rows())


def _named(vehicle_id: VehicleId, known: Mapping[VehicleId, Plated]) -> Plated:
    return known.get(vehicle_id) or Plated(vehicle_id, "", None, None, active=False)


def _one_driver(request: ReportRequest, drivers: Sequence[Rated]) -> list[tuple[str, str]]:
    return [fact(request.language, "driver", drivers[0].name)] if request.driver_id is not None else []


def _one_vehicle(request: ReportRequest, vehicles: Sequence[Plated]) -> list[tuple[str, str]]:
    return [fact(request.language, "vehicle", vehicles[0].description)] if request.vehicle_id is not None else []


def _driver(driver: Rated) -> Row:
    return str(driver.driver_id), driver.name, driver.badge


def _vehicle(vehicle: Plated) -> Row:
    return str(vehicle.vehicle_id), vehicle.description, vehicle.plate, vehicle.fleet_number


def _day(sheet: DaySheet) -> Row:
    return (
        sheet.day,
        sheet.trips,
        sheet.distance_km,
        sheet.driving_s,
        sheet.standing_s,
        sheet.engine_s,
        sheet.first_departure,
        sheet.last_arrival,
        sheet.stops,
        sheet.longest_stop_s,
        sheet.fuel_l,
        sheet.max_speed_kmh,
        round(100 * sheet.utilisation, 2),
        sheet.overlap_s,
        sheet.suspect_trips,
    )


def _trip(journey: Journey, driver: str | None, vehicle: str | None) -> Row:
    lasted_s = None if journey.ended_at is None else (journey.ended_at - journey.began_at).total_seconds()
    return (
        str(journey.vehicle_id),
        vehicle,
        str(journey.driver_id),
        driver,
        journey.began_at,
        journey.ended_at,
        lasted_s,
        journey.distance_km,
        journey.driving_s,
        journey.standing_s,
        journey.fuel_l,
        journey.max_speed_kmh,
        *_place(start_of(journey)),
        *_place(end_of(journey)),
    )


def _stop(language: str, vehicle: Plated, stay: Stay, names: Mapping[DriverId, str]) -> Row:
    return (
        str(vehicle.vehicle_id),
        vehicle.description,
        vehicle.plate,
        word(language, stay.kind),
        stay.began_at,
        stay.ended_at,
        stay.duration_s,
        str(stay.driver_id),
        names.get(stay.driver_id),
        *_place(stay.place),
    )


def _use(sheets: Sequence[DaySheet], asked_s: float) -> Row:
    driving_s = sum(sheet.driving_s for sheet in sheets)
    fuel = [sheet.fuel_l for sheet in sheets if sheet.fuel_l is not None]
    return (
        len(sheets),
        sum(sheet.trips for sheet in sheets),
        to_thousandths(sum(sheet.distance_km for sheet in sheets)),
        driving_s,
        sum(sheet.standing_s for sheet in sheets),
        sum(sheet.engine_s for sheet in sheets),
        to_thousandths(sum(fuel)) if fuel else None,
        _percent(driving_s, asked_s),
    )


def _place(point: GeoPoint | None) -> Row:
    return (None, None) if point is None else (point.latitude_deg, point.longitude_deg)


def _percent(part: float, whole: float) -> float:
    return round(min(100.0, 100 * part / whole), 2) if whole > 0 else 0.0
