"""The days of a driver or a vehicle, and where a vehicle stood."""

from collections.abc import AsyncIterator

import msgspec

from trilha.application.performance.asked_days import MOST_SHEET_DAYS, AskedDays, Calendar
from trilha.application.performance.shelf import Shelf
from trilha.domain.kernel import DayRange, DriverId, OrganisationId, VehicleId
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
from trilha.domain.performance.stays import SHORT_S, with_ends


class WorkDays(msgspec.Struct, frozen=True):
    """Days with trips among those asked for, in order; of a driver or of a vehicle."""

    whose: Rated | Plated
    days: DayRange
    time_zone: str
    sheets: tuple[DaySheet, ...]


class VehicleStays(msgspec.Struct, frozen=True):
    """Where a vehicle stood, in the order of its trips."""

    vehicle: Plated
    days: DayRange
    time_zone: str
    stays: tuple[Stay, ...]


class ShowWorkDays:
    """Made of the trips, anew each time."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    async def of_driver(self, organisation_id: OrganisationId, driver_id: DriverId, asked: AskedDays) -> WorkDays:
        """The current month unless told otherwise. Raises NotFound, InvalidValue, RangeTooLong."""
        calendar = await self._shelf.calendar(organisation_id)
        days = asked.between(calendar.month_so_far, MOST_SHEET_DAYS)
        driver = await self._shelf.roster.driver(organisation_id, driver_id)
        began = days.instants(calendar.zone)
        return await self._told(
            driver, days, calendar, self._shelf.records.journeys(organisation_id, began, drivers=[driver_id])
        )

    async def of_vehicle(self, organisation_id: OrganisationId, vehicle_id: VehicleId, asked: AskedDays) -> WorkDays:
        """The current month unless told otherwise. Raises NotFound, InvalidValue, RangeTooLong."""
        calendar = await self._shelf.calendar(organisation_id)
        days = asked.between(calendar.month_so_far, MOST_SHEET_DAYS)
        vehicle = await self._shelf.depot.vehicle(organisation_id, vehicle_id)
        began = days.instants(calendar.zone)
        return await self._told(
            vehicle, days, calendar, self._shelf.records.journeys(organisation_id, began, vehicles=[vehicle_id])
        )

    async def stops(
        self, organisation_id: OrganisationId, vehicle_id: VehicleId, asked: AskedDays, least_s: float = SHORT_S
    ) -> VehicleStays:
        """Stands of at least so many seconds, that of the last trip too if the next one is known.

        Raises NotFound, InvalidValue, RangeTooLong.
        """
        calendar = await self._shelf.calendar(organisation_id)
        days = asked.between(calendar.month_so_far, MOST_SHEET_DAYS)
        vehicle = await self._shelf.depot.vehicle(organisation_id, vehicle_id)
        began = days.instants(calendar.zone)
        journeys = self._shelf.records.journeys(organisation_id, with_ends(began), vehicles=[vehicle_id])
        found = stays([one async for one in journeys], least_s, began.end)
        return VehicleStays(vehicle, days, calendar.organisation.time_zone, tuple(found))

    async def _told(
        self, whose: Rated | Plated, days: DayRange, calendar: Calendar, journeys: AsyncIterator[Journey]
    ) -> WorkDays:
        sheets = day_sheets(in_order([one async for one in journeys]), calendar.zone)
        return WorkDays(whose, days, calendar.organisation.time_zone, tuple(sheets))
