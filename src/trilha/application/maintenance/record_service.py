"""A service was done."""

from datetime import date
from uuid import UUID

import msgspec

from trilha.application.answering_once import answered_before, keep_answer
from trilha.application.maintenance.calendar import Calendar, LocalNow
from trilha.application.maintenance.command_plans import plan_missing
from trilha.application.maintenance.find_due import vehicles_of_plan
from trilha.application.maintenance.queries import ServiceView, service_view
from trilha.application.ports import IdempotencyScope, IdSource, MaintenanceUnitOfWork, UnitsOfWork
from trilha.domain.kernel import InvalidValue, OrganisationId, VehicleId
from trilha.domain.maintenance import MaintenancePlan, ServiceRecord, ServiceRecorded
from trilha.domain.performance import Depot


class RecordServiceCommand(msgspec.Struct, frozen=True, kw_only=True):
    """`done_on` is today where it is not named."""

    organisation_id: OrganisationId
    plan_id: UUID
    vehicle_id: VehicleId
    recorded_by: str
    done_on: date | None = None
    odometer_km: float | None = None
    engine_h: float | None = None
    note: str | None = None
    scope: IdempotencyScope | None = None


class RecordService:
    """From then on the plan counts from this service for the vehicle, unless a later one was recorded before."""

    def __init__(
        self, *, units: UnitsOfWork[MaintenanceUnitOfWork], depot: Depot, calendar: Calendar, ids: IdSource
    ) -> None:
        self._units = units
        self._depot = depot
        self._calendar = calendar
        self._ids = ids

    async def __call__(self, command: RecordServiceCommand) -> ServiceView:
        """Raises NotFound for an unknown plan, InvalidValue for a vehicle that it is not for, or a day to come."""
        now = await self._calendar.now(command.organisation_id)
        async with self._units(command.organisation_id) as unit:
            answer = await answered_before(unit.idempotency, command.scope, ServiceView)
            if answer is not None:
                return answer
            plan = await unit.maintenance_plans.get(command.plan_id)
            if plan is None:
                raise plan_missing(command.plan_id)
            record = await self._record(command, plan, now)
            await unit.service_records.add(record)
            unit.record(_told(record))
            result = service_view(record)
            await keep_answer(unit.idempotency, command.scope, result, now.moment)
            await unit.commit()
        return result

    async def _record(self, command: RecordServiceCommand, plan: MaintenancePlan, now: LocalNow) -> ServiceRecord:
        if command.vehicle_id not in await vehicles_of_plan(self._depot, command.organisation_id, plan):
            raise InvalidValue("vehicle_id", str(command.vehicle_id), "a vehicle that the plan is for")
        done_on = command.done_on or now.today
        if done_on > now.today:
            raise InvalidValue("done_on", done_on.isoformat(), f"a day not after today ({now.today})")
        return ServiceRecord(
            id=self._ids.new(),
            plan_id=plan.id,
            vehicle_id=command.vehicle_id,
            done_on=done_on,
            recorded_at=now.moment,
            recorded_by=command.recorded_by,
            odometer_km=command.odometer_km,
            engine_h=command.engine_h,
            note=command.note,
        )


def _told(record: ServiceRecord) -> ServiceRecorded:
    return ServiceRecorded(
        vehicle_id=str(record.vehicle_id), plan_id=record.plan_id, service_id=record.id, done_on=record.done_on
    )
