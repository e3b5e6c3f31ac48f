"""Reports that come again and again: make a schedule, change it, see what it has made, delete it."""

from datetime import time
from http import HTTPStatus
from typing import Annotated, Literal

import msgspec

from trilha.application.reporting.command_schedules import DeleteScheduleCommand, PlanScheduleCommand, SchedulePlan
from trilha.application.reporting.queries import ReportFilter
from trilha.application.reporting.views import ReportScheduleView
from trilha.domain.kernel import DriverId, GroupId, VehicleId
from trilha.domain.reporting import Period, ReportFormat, Rhythm
from trilha.entrypoints.http.answers import Answer, json
from trilha.entrypoints.http.bodies import read_json
from trilha.entrypoints.http.call import Call
from trilha.entrypoints.http.documentation import creates, reads, removes, replaces, says_methods
from trilha.entrypoints.http.reading import PagedQuery, Query
from trilha.entrypoints.http.routes.report_jobs import (
    FormatName,
    LanguageName,
    ReportJobPage,
    SourceId,
    optional_id,
)

KindName = Literal[
    "infractions", "group_infractions", "ranking", "driver_days", "vehicle_days", "trips", "stops", "idling",
    "utilisation", "geofence_visits", "alerts", "maintenance",
]  # fmt: skip
"""The kinds in KINDS, spelt out for OpenAPI and the type checker."""
PATH = "/v1/report-schedules"
ONE = PATH + "/{schedule_id:str}"


class ReportScheduleList(msgspec.Struct, frozen=True):
    """Every schedule, oldest first."""

    items: tuple[ReportScheduleView, ...]


class ReportScheduleBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What comes when: the period before the day on which it is due, `at` a time by the organisation's clocks.

    A weekly rhythm needs `weekday` (1 is Monday), a monthly one `day` (1 to 28).
    """

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    kind: KindName
    period: Literal["yesterday", "last_full_week", "last_full_month"]
    rhythm: Literal["daily", "weekly", "monthly"]
    at: Annotated[str, msgspec.Meta(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$")]
    weekday: Annotated[int, msgspec.Meta(ge=1, le=7)] | None = None
    day: Annotated[int, msgspec.Meta(ge=1, le=28)] | None = None
    driver_id: SourceId | None = None
    vehicle_id: SourceId | None = None
    group_id: SourceId | None = None
    format: FormatName = "xlsx"
    language: LanguageName = "pt-BR"
    active: bool = True

    def plan(self) -> SchedulePlan:
        """The same, for the use case; raises InvalidValue."""
        driver_id, vehicle_id, group_id = (
            optional_id(self.driver_id, "driver_id"),
            optional_id(self.vehicle_id, "vehicle_id"),
            optional_id(self.group_id, "group_id"),
        )
        return SchedulePlan(
            name=self.name,
            kind=self.kind,
            period=Period(self.period),
            rhythm=Rhythm(self.rhythm),
            at=time.fromisoformat(self.at),
            weekday=self.weekday,
            day=self.day,
            format=ReportFormat(self.format),
            driver_id=None if driver_id is None else DriverId(driver_id),
            vehicle_id=None if vehicle_id is None else VehicleId(vehicle_id),
            group_id=None if group_id is None else GroupId(group_id),
            language=self.language,
            active=self.active,
        )


class WholeReportSchedule(ReportScheduleBody, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All of a schedule anew; `version` is the one that this was made from."""

    version: int


@creates(PATH, "createReportSchedule", ReportScheduleView, tag="reports", body=ReportScheduleBody)
async def create_report_schedule(request: Call) -> Answer:
    """Let a report come again and again. Each time is made once, also those that passed while nobody was at work."""
    request.asks(Query)
    raw, asked = await read_json(request, ReportScheduleBody)
    organisation_id = await request.organisation()
    command = PlanScheduleCommand(organisation_id, asked.plan(), scope=request.scope_of(organisation_id, raw))
    made = await request.parts.reports.plan_schedule(command)
    return json(made, status=HTTPStatus.CREATED, headers=((b"location", f"{PATH}/{made.id}".encode()),))


@reads(PATH, "listReportSchedules", ReportScheduleList, tag="reports")
async def list_report_schedules(request: Call) -> Answer:
    """All schedules, with the time for which each makes its next report."""
    request.asks(Query)
    found = await request.parts.reports.find_schedules(await request.organisation())
    return json(ReportScheduleList(tuple(found)))


@reads(ONE, "getReportSchedule", ReportScheduleView, tag="reports")
async def get_report_schedule(request: Call) -> Answer:
    """One schedule."""
    request.asks(Query)
    schedule_id = request.uuid("schedule_id")
    return json(await request.parts.reports.find_schedules.one(await request.organisation(), schedule_id))


@replaces(ONE, "replaceReportSchedule", ReportScheduleView, tag="reports", body=WholeReportSchedule)
async def replace_report_schedule(request: Call) -> Answer:
    """Change a schedule to what the body says; its next time is the first after now.

    Refused with `conflict` if it was changed, or made a report, after the `version` that is named.
    """
    request.asks(Query)
    schedule_id = request.uuid("schedule_id")
    raw, asked = await read_json(request, WholeReportSchedule)
    organisation_id = await request.organisation()
    scope = request.scope_of(organisation_id, raw)
    command = PlanScheduleCommand(
        organisation_id, asked.plan(), schedule_id=schedule_id, scope=scope, seen=asked.version
    )
    return json(await request.parts.reports.plan_schedule(command))


@removes(ONE, "deleteReportSchedule", tag="reports")
async def delete_report_schedule(request: Call) -> None:
    """Let it come no more; the reports that it made stay for their time."""
    request.asks(Query)
    schedule_id = request.uuid("schedule_id")
    await request.parts.reports.delete_schedule(DeleteScheduleCommand(await request.organisation(), schedule_id))


@reads(ONE + "/jobs", "listReportsOfSchedule", ReportJobPage, tag="reports", query=PagedQuery)
async def list_reports_of_schedule(request: Call) -> Answer:
    """What a schedule has made, newest first."""
    asked = request.asks(PagedQuery)
    schedule_id = request.uuid("schedule_id")
    organisation_id = await request.organisation()
    now = request.parts.clock.now()
    found = await request.parts.reports.queries.jobs(
        organisation_id, ReportFilter(schedule_id=schedule_id), now, asked.page
    )
    if not found.items:
        await request.parts.reports.find_schedules.one(organisation_id, schedule_id)
    return json(found)


ROUTES = (
    says_methods(PATH, "GET", "POST"),
    says_methods(ONE, "GET", "PUT", "DELETE"),
    create_report_schedule,
    list_report_schedules,
    get_report_schedule,
    replace_report_schedule,
    delete_report_schedule,
    list_reports_of_schedule,
)
