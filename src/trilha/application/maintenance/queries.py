"""What screens show of maintenance, and the port that reads plans and services."""

from datetime import date, datetime
from typing import Protocol
from uuid import UUID

import msgspec

from trilha.application.ports import Page, PageRequest
from trilha.domain.kernel import OrganisationId, VehicleId
from trilha.domain.maintenance import MaintenancePlan, ServiceRecord


class PlanView(msgspec.Struct, frozen=True):
    """A plan; for the vehicles of a group and those below it, for those named, or else for the whole fleet."""

    id: UUID
    name: str
    starts_on: date
    every_km: float | None
    every_engine_h: float | None
    every_days: int | None
    warn_before_km: float | None
    warn_before_engine_h: float | None
    warn_before_days: int | None
    group_id: str | None
    vehicle_ids: tuple[str, ...] | None
    active: bool
    version: int


class ServiceView(msgspec.Struct, frozen=True):
    """A service that was done."""

    id: UUID
    plan_id: UUID
    vehicle_id: str
    done_on: date
    odometer_km: float | None
    engine_h: float | None
    note: str | None
    recorded_at: datetime
    recorded_by: str


class MaintenanceQueries(Protocol):
    """Reads plans and services of one organisation. Raises InvalidValue for a cursor of another list."""

    async def plans(self, organisation_id: OrganisationId, page: PageRequest) -> Page[PlanView]:
        """Plans by folded name, then id."""
        ...

    async def plan(self, organisation_id: OrganisationId, plan_id: UUID) -> PlanView:
        """One plan; raises NotFound."""
        ...

    async def services(
        self, organisation_id: OrganisationId, plan_id: UUID, vehicle_id: VehicleId | None, page: PageRequest
    ) -> Page[ServiceView]:
        """Services under a plan, of one vehicle or all, recorded last first; raises NotFound for an unknown plan."""
        ...


def plan_view(plan: MaintenancePlan) -> PlanView:
    """A plan as screens show it."""
    return PlanView(
        id=plan.id,
        name=plan.name,
        starts_on=plan.starts_on,
        every_km=plan.every_km,
        every_engine_h=plan.every_engine_h,
        every_days=plan.every_days,
        warn_before_km=plan.warn_before_km,
        warn_before_engine_h=plan.warn_before_engine_h,
        warn_before_days=plan.warn_before_days,
        group_id=None if plan.group_id is None else str(plan.group_id),
        vehicle_ids=None if plan.vehicle_ids is None else tuple(str(one) for one in plan.vehicle_ids),
        active=plan.active,
        version=plan.version,
    )


def service_view(record: ServiceRecord) -> ServiceView:
    """A service as screens show it."""
    return ServiceView(
        id=record.id,
        plan_id=record.plan_id,
        vehicle_id=str(record.vehicle_id),
        done_on=record.done_on,
        odometer_km=record.odometer_km,
        engine_h=record.engine_h,
        note=record.note,
        recorded_at=record.recorded_at,
        recorded_by=record.recorded_by,
    )
