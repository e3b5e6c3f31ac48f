"""Plans of maintenance, services that were done, what was told of them; and what vehicles have run."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from trilha.adapters.memory.database import Draft, MemoryDatabase, OrganisationTables
from trilha.adapters.memory.ingestion import another_was_faster
from trilha.adapters.memory.listing import Listing
from trilha.adapters.memory.views import shown_records
from trilha.application.maintenance.queries import PlanView, ServiceView, plan_view, service_view
from trilha.application.ports import Page, PageRequest
from trilha.domain.kernel import NotFound, OrganisationId, VehicleId, fold
from trilha.domain.maintenance import (
    LOOKED_FOR,
    Driven,
    MaintenancePlan,
    Odometer,
    PlanAndVehicle,
    PlanHasServices,
    ServiceRecord,
    Since,
)
from trilha.domain.telemetry import Stream, Trip

_PLANS = Listing("maintenance_plans", tuple[str, UUID])
_SERVICES = Listing("maintenance_services", tuple[datetime, UUID], descending=True)


class MemoryMaintenancePlans:
    """See MaintenancePlans."""

    def __init__(self, tables: OrganisationTables) -> None:
        self._plans = Draft(tables.maintenance_plans)
        self._services = tables.service_records
        self._removed: set[UUID] = set()

    async def all(self) -> Sequence[MaintenancePlan]:
        """Every plan by folded name."""
        return sorted(self._plans.all().values(), key=_by_name)

    async def get(self, plan_id: UUID) -> MaintenancePlan | None:
        """One of them; must still be the same at commit."""
        return self._plans.hold(plan_id)

    async def save(self, plan: MaintenancePlan) -> None:
        """Write the next version."""
        current = self._plans.get(plan.id)
        if plan.version != (0 if current is None else current.version + 1):
            raise another_was_faster(f"maintenance plan {plan.id}")
        self._plans.put(plan.id, plan)

    async def remove(self, plan_id: UUID) -> None:
        """Take it away."""
        if self._have_services({plan_id}):
            raise PlanHasServices(plan_id)
        self._plans.remove(plan_id)
        self._removed.add(plan_id)

    @property
    def is_stale(self) -> bool:
        """Whether another transaction changed one of these meanwhile, or recorded a service under a removed one."""
        return self._plans.is_stale or self._have_services(self._removed)

    def apply(self) -> None:
        """Commit."""
        self._plans.apply()

    def _have_services(self, plan_ids: set[UUID]) -> bool:
        return any(record.plan_id in plan_ids for record in self._services.values())


class MemoryServiceRecords:
    """See ServiceRecords."""

    def __init__(self, tables: OrganisationTables) -> None:
        self._records = Draft(tables.service_records)

    async def add(self, record: ServiceRecord) -> None:
        """Keep one."""
        self._records.put(record.id, record)

    async def last(self) -> Mapping[PlanAndVehicle, ServiceRecord]:
        """The last one of each vehicle under each plan."""
        ordered = sorted(self._records.all().values(), key=lambda record: record.order)
        return {(record.plan_id, record.vehicle_id): record for record in ordered}

    @property
    def is_stale(self) -> bool:
        """Never of a new record, whose id nobody else has."""
        return self._records.is_stale

    def apply(self) -> None:
        """Commit."""
        self._records.apply()


class MemoryDueNotices:
    """See DueNotices."""

    def __init__(self, tables: OrganisationTables) -> None:
        self._told = Draft(tables.due_notices)

    async def first_time(self, plan_id: UUID, vehicle_id: VehicleId, cycle_id: UUID) -> bool:
        """Note it."""
        key = (plan_id, int(vehicle_id), cycle_id)
        if self._told.get(key):
            return False
        self._told.put(key, True)
        return True

    @property
    def is_stale(self) -> bool:
        """Whether another transaction told one of these meanwhile."""
        return self._told.is_stale

    def apply(self) -> None:
        """Commit."""
        self._told.apply()


class MemoryMaintenanceQueries:
    """See MaintenanceQueries."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def plans(self, organisation_id: OrganisationId, page: PageRequest) -> Page[PlanView]:
        """Plans by folded name."""
        return _PLANS.page(self._database.of(organisation_id).maintenance_plans.values(), _by_name, plan_view, page)

    async def plan(self, organisation_id: OrganisationId, plan_id: UUID) -> PlanView:
        """One plan."""
        found = self._database.of(organisation_id).maintenance_plans.get(plan_id)
        if found is None:
            raise NotFound("maintenance plan", plan_id)
        return plan_view(found)

    async def services(
        self, organisation_id: OrganisationId, plan_id: UUID, vehicle_id: VehicleId | None, page: PageRequest
    ) -> Page[ServiceView]:
        """Services of a plan, recorded last first."""
        await self.plan(organisation_id, plan_id)
        rows = (
            record
            for record in self._database.of(organisation_id).service_records.values()
            if record.plan_id == plan_id and vehicle_id in (None, record.vehicle_id)
        )
        return _SERVICES.page(rows, lambda record: (record.recorded_at, record.id), service_view, page)


class MemoryFleetUse:
    """See FleetUse."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def odometers(
        self, organisation_id: OrganisationId, asked: Sequence[Since], until: datetime
    ) -> Sequence[Odometer]:
        """What odometers showed then and show now."""
        trips = self._trips(organisation_id)
        return [_odometer(list(trips(one.vehicle_id)), one.moment, until) for one in asked]

    async def driven(
        self, organisation_id: OrganisationId, asked: Sequence[Since], until: datetime
    ) -> Sequence[Driven]:
        """Sums of the trips."""
        trips = self._trips(organisation_id)
        return [
            _sum([trip for trip in trips(one.vehicle_id) if one.moment <= trip.occurred_at < until]) for one in asked
        ]

    def _trips(self, organisation_id: OrganisationId) -> Callable[[VehicleId], Iterator[Trip]]:
        shown = shown_records(self._database.of(organisation_id), Stream.TRIPS, Trip)
        kept = sorted(
            (one.record for one in shown if not one.is_withdrawn), key=lambda trip: (trip.occurred_at, trip.id)
        )
        return lambda vehicle_id: (trip for trip in kept if trip.vehicle_id == vehicle_id)


def _odometer(trips: Sequence[Trip], moment: datetime, until: datetime) -> Odometer:
    ends = [
        trip.odometer_end_km
        for trip in trips
        if until - LOOKED_FOR <= trip.occurred_at < until and trip.odometer_end_km is not None
    ]
    now_km = ends[-1] if ends else None
    last = min(moment + LOOKED_FOR, until)
    starts = [
        trip.odometer_start_km
        for trip in trips
        if moment <= trip.occurred_at < last and trip.odometer_start_km is not None
    ]
    if starts:
        return Odometer(starts[0], now_km)
    stood = not any(moment <= trip.occurred_at < until for trip in trips)
    return Odometer(now_km if stood else None, now_km)


def _sum(trips: Sequence[Trip]) -> Driven:
    km = sum(trip.distance_km or 0.0 for trip in trips)
    return Driven(km, sum(trip.engine_s or 0 for trip in trips) / 3600)


def _by_name(plan: MaintenancePlan) -> tuple[str, UUID]:
    return (fold(plan.name), plan.id)
