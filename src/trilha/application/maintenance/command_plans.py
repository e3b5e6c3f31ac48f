"""Somebody says what vehicles need again and again, changes that, or takes it away."""

from datetime import date
from uuid import UUID

import msgspec

from trilha.application.answering_once import answered_before, keep_answer
from trilha.application.maintenance.calendar import Calendar
from trilha.application.maintenance.queries import PlanView, plan_view
from trilha.application.ports import IdempotencyScope, IdSource, MaintenanceUnitOfWork, UnitsOfWork
from trilha.domain.kernel import GroupId, InvalidValue, NotFound, OrganisationId, VehicleId, require_unchanged
from trilha.domain.maintenance import MaintenancePlan
from trilha.domain.performance import Depot


class PlanTerms(msgspec.Struct, frozen=True, kw_only=True):
    """All that a person says of a plan; see MaintenancePlan. It starts today where no day is named."""

    name: str
    starts_on: date | None = None
    every_km: float | None = None
    every_engine_h: float | None = None
    every_days: int | None = None
    warn_before_km: float | None = None
    warn_before_engine_h: float | None = None
    warn_before_days: int | None = None
    group_id: GroupId | None = None
    vehicle_ids: tuple[VehicleId, ...] | None = None
    active: bool = True


class SavePlanCommand(msgspec.Struct, frozen=True, kw_only=True):
    """A new plan where no id is named; `seen` is the version of the known one that was looked at."""

    organisation_id: OrganisationId
    terms: PlanTerms
    plan_id: UUID | None = None
    seen: int | None = None
    scope: IdempotencyScope | None = None


class SavePlan:
    """Makes a plan, or says anew all of what one is; what is counted for its vehicles goes on."""

    def __init__(
        self, *, units: UnitsOfWork[MaintenanceUnitOfWork], depot: Depot, calendar: Calendar, ids: IdSource
    ) -> None:
        self._units = units
        self._depot = depot
        self._calendar = calendar
        self._ids = ids

    async def __call__(self, command: SavePlanCommand) -> PlanView:
        """Raises InvalidValue, NotFound for an unknown plan, group or vehicle, Conflict if it changed meanwhile."""
        now = await self._calendar.now(command.organisation_id)
        async with self._units(command.organisation_id) as unit:
            answer = await answered_before(unit.idempotency, command.scope, PlanView)
            if answer is not None:
                return answer
            await self._require_vehicles(command)
            plan = await self._plan(unit, command, now.today)
            await unit.maintenance_plans.save(plan)
            result = plan_view(plan)
            await keep_answer(unit.idempotency, command.scope, result, now.moment)
            await unit.commit()
        return result

    async def _plan(self, unit: MaintenanceUnitOfWork, command: SavePlanCommand, today: date) -> MaintenancePlan:
        said = msgspec.structs.asdict(command.terms)
        if command.plan_id is None:
            said["starts_on"] = command.terms.starts_on or today
            return MaintenancePlan(id=self._ids.new(), **said)
        known = await unit.maintenance_plans.get(command.plan_id)
        if known is None:
            raise plan_missing(command.plan_id)
        require_unchanged(command.seen, known.version)
        said["starts_on"] = command.terms.starts_on or known.starts_on
        return MaintenancePlan(id=known.id, version=known.version + 1, **said)

    async def _require_vehicles(self, command: SavePlanCommand) -> None:
        terms, organisation_id = command.terms, command.organisation_id
        if terms.group_id is None and terms.vehicle_ids is None:
            return
        known = {one.vehicle_id for one in await self._depot.vehicles(organisation_id, terms.group_id)}
        for vehicle_id in terms.vehicle_ids or ():
            if terms.group_id is None and vehicle_id not in known:
                raise InvalidValue("vehicle_ids", str(vehicle_id), "vehicles of this organisation")


class RemovePlan:
    """Takes a plan away that nothing was done under yet. Taking away what is not there is harmless."""

    def __init__(self, *, units: UnitsOfWork[MaintenanceUnitOfWork]) -> None:
        self._units = units

    async def __call__(self, organisation_id: OrganisationId, plan_id: UUID) -> None:
        """Raises PlanHasServices, Conflict."""
        async with self._units(organisation_id) as unit:
            await unit.maintenance_plans.remove(plan_id)
            await unit.commit()


def plan_missing(plan_id: UUID) -> NotFound:
    """The refusal of an id that no plan has."""
    return NotFound("maintenance plan", plan_id)
