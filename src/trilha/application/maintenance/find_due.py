"""What the vehicles of a fleet are due for."""

from collections.abc import AsyncIterator, Container, Sequence
from datetime import date, timedelta
from uuid import UUID

import msgspec

from trilha.application.maintenance.calendar import Calendar, LocalNow
from trilha.application.paging import cut_page
from trilha.application.ports import MaintenanceUnitOfWork, Page, PageRequest, UnitsOfWork
from trilha.domain.kernel import GroupId, NotFound, OrganisationId, VehicleId
from trilha.domain.maintenance import (
    LATELY_DAYS,
    Basis,
    Driven,
    Due,
    DueStatus,
    FleetUse,
    MaintenancePlan,
    ServiceRecord,
    Since,
    VehicleUsage,
    basis_of,
    due,
    measure,
    odometer_trouble,
)
from trilha.domain.performance import Depot, Plated

_NOTHING = Driven()
_LISTING = "maintenance"


class DueFilter(msgspec.Struct, frozen=True):
    """Which of them; a group is asked for with those below it."""

    status: DueStatus | None = None
    vehicle_id: VehicleId | None = None
    group_id: GroupId | None = None


ANY = DueFilter()


class Standing(msgspec.Struct, frozen=True):
    """How a vehicle stands with a plan."""

    plan: MaintenancePlan
    vehicle: Plated
    basis: Basis
    last: ServiceRecord | None
    usage: VehicleUsage
    due: Due

    @property
    def order(self) -> tuple[int, date, float, int, UUID]:
        """The most urgent first."""
        return (*self.due.binding.order, int(self.vehicle.vehicle_id), self.plan.id)


class _Asked(msgspec.Struct, frozen=True):
    plan: MaintenancePlan
    vehicle: Plated
    basis: Basis
    last: ServiceRecord | None


class FindDue:
    """Every active vehicle of every active plan, the most urgent first.

    The distance is told by the odometer; the trips since the last service are summed only where that cannot be
    believed, and for hours of the engine.
    """

    def __init__(
        self, *, units: UnitsOfWork[MaintenanceUnitOfWork], depot: Depot, use: FleetUse, calendar: Calendar
    ) -> None:
        self._units = units
        self._depot = depot
        self._use = use
        self._calendar = calendar

    async def __call__(self, organisation_id: OrganisationId, where: DueFilter = ANY) -> list[Standing]:
        """All that match; raises NotFound for an unknown group."""
        now = await self._calendar.now(organisation_id)
        asked = [one async for one in self._asked(organisation_id, where)]
        usages = await self._usages(organisation_id, asked, now)
        standings = [
            Standing(one.plan, one.vehicle, one.basis, one.last, usage, due(one.plan, one.basis, usage, now.today))
            for one, usage in zip(asked, usages, strict=True)
        ]
        found = (one for one in standings if where.status in (None, one.due.status))
        return sorted(found, key=lambda standing: standing.order)

    async def page(self, organisation_id: OrganisationId, where: DueFilter, page: PageRequest) -> Page[Standing]:
        """A page of them; raises InvalidValue for a cursor of another list."""
        keyed = ((one.order, one) for one in await self(organisation_id, where))
        return cut_page(_LISTING, tuple[int, date, float, int, UUID], keyed, page)

    async def _asked(self, organisation_id: OrganisationId, where: DueFilter) -> AsyncIterator[_Asked]:
        async with self._units(organisation_id) as unit:
            plans = [plan for plan in await unit.maintenance_plans.all() if plan.active]
            services = await unit.service_records.last()
        shown = await self._depot.vehicles(organisation_id, where.group_id)
        for plan in plans:
            inside = await vehicles_of_plan(self._depot, organisation_id, plan)
            for vehicle in shown:
                key = vehicle.vehicle_id
                if vehicle.active and key in inside and where.vehicle_id in (None, key):
                    last = services.get((plan.id, key))
                    yield _Asked(plan, vehicle, basis_of(plan, last), last)

    async def _usages(
        self, organisation_id: OrganisationId, asked: Sequence[_Asked], now: LocalNow
    ) -> list[VehicleUsage]:
        since = [Since(one.vehicle.vehicle_id, now.start_of(one.basis.since)) for one in asked]
        odometers = await self._use.odometers(organisation_id, since, now.moment)
        summed = [
            number
            for number, (one, odometer) in enumerate(zip(asked, odometers, strict=True))
            if one.plan.every_engine_h is not None
            or (one.plan.every_km is not None and odometer_trouble(one.basis, odometer, now.today))
        ]
        sums = await self._use.driven(organisation_id, [since[number] for number in summed], now.moment)
        driven = dict(zip(summed, sums, strict=True))
        lately = await self._lately(organisation_id, asked, now)
        return [
            measure(one.basis, odometer, driven.get(number, _NOTHING), lately[one.vehicle.vehicle_id], now.today)
            for number, (one, odometer) in enumerate(zip(asked, odometers, strict=True))
        ]

    async def _lately(
        self, organisation_id: OrganisationId, asked: Sequence[_Asked], now: LocalNow
    ) -> dict[VehicleId, Driven]:
        vehicles = list(dict.fromkeys(one.vehicle.vehicle_id for one in asked))
        begin = now.moment - timedelta(days=LATELY_DAYS)
        sums = await self._use.driven(organisation_id, [Since(one, begin) for one in vehicles], now.moment)
        return dict(zip(vehicles, sums, strict=True))


async def vehicles_of_plan(
    depot: Depot, organisation_id: OrganisationId, plan: MaintenancePlan
) -> Container[VehicleId]:
    """Whom a plan is for; nobody where its group has vanished."""
    if plan.vehicle_ids is not None:
        return frozenset(plan.vehicle_ids)
    try:
        return {one.vehicle_id for one in await depot.vehicles(organisation_id, plan.group_id)}
    except NotFound:
        return frozenset()
