"""Somebody wants a report to come again and again, otherwise, or no longer."""

from collections.abc import Sequence
from datetime import time
from uuid import UUID

import msgspec

from trilha.application.answering_once import answered_before, keep_answer
from trilha.application.ports import Clock, IdempotencyScope, IdSource, ReportingUnitOfWork, UnitsOfWork
from trilha.application.reporting.asking import AskForReport
from trilha.application.reporting.library import ReportLibrary
from trilha.application.reporting.views import ReportScheduleView, report_schedule_view
from trilha.domain.kernel import DriverId, GroupId, OrganisationId, VehicleId, require_unchanged
from trilha.domain.reporting import (
    MOST_SCHEDULES,
    Period,
    ReportFormat,
    ReportSchedule,
    Rhythm,
    Timetable,
    TooManySchedules,
    plan_reports,
    schedule_missing,
)


class SchedulePlan(msgspec.Struct, frozen=True, kw_only=True):
    """What a schedule is to be: all of it, whether it is new or changed."""

    name: str
    kind: str
    period: Period
    rhythm: Rhythm
    at: time
    weekday: int | None = None
    day: int | None = None
    format: ReportFormat = ReportFormat.XLSX
    driver_id: DriverId | None = None
    vehicle_id: VehicleId | None = None
    group_id: GroupId | None = None
    language: str = "pt-BR"
    active: bool = True


class PlanScheduleCommand(msgspec.Struct, frozen=True):
    """`schedule_id` is None for a new one, `seen` the version that was looked at.

    `scope` makes a repeated request harmless.
    """

    organisation_id: OrganisationId
    plan: SchedulePlan
    schedule_id: UUID | None = None
    scope: IdempotencyScope | None = None
    seen: int | None = None


class PlanSchedule:
    """Makes a schedule, or changes one; its next time is the first after now."""

    def __init__(
        self,
        *,
        library: ReportLibrary,
        ask: AskForReport,
        units: UnitsOfWork[ReportingUnitOfWork],
        clock: Clock,
        ids: IdSource,
    ) -> None:
        self._library = library
        self._ask = ask
        self._units = units
        self._clock = clock
        self._ids = ids

    async def __call__(self, command: PlanScheduleCommand) -> ReportScheduleView:
        """Raises InvalidValue, NotFound, TooManySchedules, and Conflict if it was changed since it was read."""
        self._library.check(command.plan.kind, command.plan.format)
        zone = await self._ask.zone(command.organisation_id)
        now = self._clock.now()
        async with self._units(command.organisation_id) as unit:
            answer = await answered_before(unit.idempotency, command.scope, ReportScheduleView)
            if answer is not None:
                return answer
            begun = await self._begun(unit, command)
            planned = plan_reports(begun, now, zone, active=command.plan.active)
            await self._ask.require_known(
                command.organisation_id, planned.driver_id, planned.vehicle_id, planned.group_id
            )
            await unit.report_schedules.save(planned)
            result = report_schedule_view(planned)
            await keep_answer(unit.idempotency, command.scope, result, now)
            await unit.commit()
        return result

    async def _begun(self, unit: ReportingUnitOfWork, command: PlanScheduleCommand) -> ReportSchedule:
        plan = command.plan
        if command.schedule_id is None:
            if len(await unit.report_schedules.all()) >= MOST_SCHEDULES:
                raise TooManySchedules
            return _schedule(plan, self._ids.new(), self._clock, 0)
        known = await unit.report_schedules.get(command.schedule_id)
        if known is None:
            raise schedule_missing(command.schedule_id)
        require_unchanged(command.seen, known.version)
        fresh = _schedule(plan, known.id, self._clock, known.version + 1)
        return msgspec.structs.replace(fresh, created_at=known.created_at)


class FindSchedules:
    """Schedules, one or all."""

    def __init__(self, *, units: UnitsOfWork[ReportingUnitOfWork]) -> None:
        self._units = units

    async def __call__(self, organisation_id: OrganisationId) -> Sequence[ReportScheduleView]:
        """All of them, oldest first."""
        async with self._units(organisation_id) as unit:
            return [report_schedule_view(one) for one in await unit.report_schedules.all()]

    async def one(self, organisation_id: OrganisationId, schedule_id: UUID) -> ReportScheduleView:
        """One of them; raises NotFound."""
        async with self._units(organisation_id) as unit:
            schedule = await unit.report_schedules.get(schedule_id)
        if schedule is None:
            raise schedule_missing(schedule_id)
        return report_schedule_view(schedule)


class DeleteScheduleCommand(msgspec.Struct, frozen=True):
    """Which one."""

    organisation_id: OrganisationId
    schedule_id: UUID


class DeleteSchedule:
    """The reports that it made stay for their time."""

    def __init__(self, *, units: UnitsOfWork[ReportingUnitOfWork]) -> None:
        self._units = units

    async def __call__(self, command: DeleteScheduleCommand) -> None:
        """Raises NotFound."""
        async with self._units(command.organisation_id) as unit:
            if await unit.report_schedules.get(command.schedule_id) is None:
                raise schedule_missing(command.schedule_id)
            await unit.report_schedules.delete(command.schedule_id)
            await unit.commit()


def _schedule(plan: SchedulePlan, key: UUID, clock: Clock, version: int) -> ReportSchedule:
    return ReportSchedule(
        id=key,
        name=plan.name,
        kind=plan.kind,
        format=plan.format,
        period=plan.period,
        timetable=Timetable(rhythm=plan.rhythm, at=plan.at, weekday=plan.weekday, day=plan.day),
        driver_id=plan.driver_id,
        vehicle_id=plan.vehicle_id,
        group_id=plan.group_id,
        language=plan.language,
        created_at=clock.now(),
        version=version,
    )
