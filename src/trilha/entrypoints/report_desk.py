"""What the command line does with reports: the use cases behind the routes, in here."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

from trilha.application.ports import PageRequest
from trilha.application.reporting.asking import ReportQuestion
from trilha.application.reporting.command_jobs import CancelReportCommand, RequestReportCommand, StoredReport
from trilha.application.reporting.command_schedules import DeleteScheduleCommand, PlanScheduleCommand, SchedulePlan
from trilha.application.reporting.open_report import OpenedReport
from trilha.application.reporting.queries import ReportFilter
from trilha.application.reporting.views import ReportJobView, ReportKindView, ReportScheduleView, kind_views
from trilha.domain.kernel import OrganisationId
from trilha.domain.reporting import ReportFormat
from trilha.entrypoints.container.table import Container

POLL_S = 0.5


class ReportDesk:
    """One organisation's reports, over opened pools."""

    def __init__(self, container: Container, organisation_id: OrganisationId) -> None:
        self._container = container
        self._id = organisation_id

    async def kinds(self) -> tuple[ReportKindView, ...]:
        """Those that can be asked for."""
        return kind_views(self._container.report_library())

    async def open(self, question: ReportQuestion, report_format: ReportFormat) -> OpenedReport:
        """A report here and now, however long; raises what OpenReport raises."""
        return await self._container.open_report()(self._id, question, report_format, of_any_length=True)

    async def start(self, question: ReportQuestion, report_format: ReportFormat) -> ReportJobView:
        """Let the workers make it; raises what RequestReport raises."""
        return await self._container.request_report()(RequestReportCommand(self._id, question, report_format))

    async def jobs(self, limit: int, status: str | None) -> list[ReportJobView]:
        """The newest ones."""
        now = self._container.clock().now()
        page = PageRequest(limit=limit)
        found = await self._container.report_queries().jobs(self._id, ReportFilter(status=status), now, page)
        return list(found.items)

    async def follow(self, job_id: UUID) -> AsyncIterator[ReportJobView]:
        """How a job stands, again and again until it ends. Raises NotFound."""
        find = self._container.find_report()
        while True:
            view = await find(self._id, job_id)
            yield view
            if view.finished_at is not None:
                return
            await asyncio.sleep(POLL_S)

    async def cancel(self, job_id: UUID) -> ReportJobView:
        """Stop it; raises what CancelReport raises."""
        return await self._container.cancel_report()(CancelReportCommand(self._id, job_id))

    async def fetch(self, job_id: UUID) -> StoredReport:
        """What it has made; raises what FetchReport raises."""
        return await self._container.fetch_report()(self._id, job_id)

    async def schedules(self) -> list[ReportScheduleView]:
        """All of them, oldest first."""
        return list(await self._container.find_schedules()(self._id))

    async def schedule(self, plan: SchedulePlan) -> ReportScheduleView:
        """Make a schedule; raises what PlanSchedule raises."""
        return await self._container.plan_schedule()(PlanScheduleCommand(self._id, plan))

    async def unschedule(self, schedule_id: UUID) -> None:
        """Let it come no more; raises NotFound."""
        await self._container.delete_schedule()(DeleteScheduleCommand(self._id, schedule_id))
