"""Reports made later: jobs, their files, schedules; and how they are listed."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from trilha.adapters.memory.database import Draft, MemoryDatabase, OrganisationTables
from trilha.adapters.memory.ingestion import another_was_faster
from trilha.adapters.memory.listing import Listing
from trilha.application.ports import Page, PageRequest
from trilha.application.reporting.queries import ReportFilter
from trilha.application.reporting.views import ReportJobView, report_job_view
from trilha.domain.kernel import OrganisationId
from trilha.domain.reporting import ReportJob, ReportSchedule

_JOBS = Listing("report-jobs", tuple[datetime, UUID], descending=True)


class MemoryReportJobs:
    """Jobs under optimistic locking, one for each time of a schedule."""

    def __init__(self, tables: OrganisationTables) -> None:
        self._jobs = Draft(tables.report_jobs)

    async def get(self, job_id: UUID) -> ReportJob | None:
        """One of them."""
        return self._jobs.hold(job_id)

    async def unfinished(self) -> Sequence[ReportJob]:
        """Those queued and running, oldest first."""
        jobs = [job for job in self._jobs.all().values() if job.is_unfinished]
        return sorted(jobs, key=lambda job: (job.requested_at, job.id))

    async def save(self, job: ReportJob) -> None:
        """Write the next version."""
        _check_version(job, self._jobs.get(job.id), f"report {job.id}")
        if job.version == 0 and job.schedule_id is not None and self._has_made(job):
            raise another_was_faster(f"the report of {job.due_at} of schedule {job.schedule_id}")
        self._jobs.put(job.id, job)

    def _has_made(self, job: ReportJob) -> bool:
        time = (job.schedule_id, job.due_at)
        return any((one.schedule_id, one.due_at) == time for one in self._jobs.hold_all().values())

    @property
    def is_stale(self) -> bool:
        """Whether another transaction moved one of these meanwhile."""
        return self._jobs.is_stale

    def apply(self) -> None:
        """Commit."""
        self._jobs.apply()


class MemoryReportFiles:
    """Pieces by job and number."""

    def __init__(self, tables: OrganisationTables) -> None:
        self._pieces = Draft(tables.report_pieces)

    async def append(self, job_id: UUID, number: int, piece: bytes, at: datetime) -> None:
        """Keep a piece."""
        del at  # nothing here grows old
        if self._pieces.hold((job_id, number)) is not None:
            raise another_was_faster(f"the file of report {job_id}")
        self._pieces.put((job_id, number), piece)

    async def piece(self, job_id: UUID, number: int) -> bytes | None:
        """One of them."""
        return self._pieces.get((job_id, number))

    async def delete(self, job_id: UUID) -> None:
        """Forget them."""
        for key in [key for key in self._pieces.all() if key[0] == job_id]:
            self._pieces.remove(key)

    @property
    def is_stale(self) -> bool:
        """Whether another transaction wrote the same piece meanwhile."""
        return self._pieces.is_stale

    def apply(self) -> None:
        """Commit."""
        self._pieces.apply()


class MemoryReportSchedules:
    """Schedules under optimistic locking."""

    def __init__(self, tables: OrganisationTables) -> None:
        self._schedules = Draft(tables.report_schedules)

    async def get(self, schedule_id: UUID) -> ReportSchedule | None:
        """One of them."""
        return self._schedules.hold(schedule_id)

    async def all(self) -> Sequence[ReportSchedule]:
        """All of them, oldest first."""
        return sorted(self._schedules.all().values(), key=lambda one: (one.created_at, one.id))

    async def save(self, schedule: ReportSchedule) -> None:
        """Write the next version."""
        _check_version(schedule, self._schedules.get(schedule.id), f"report schedule {schedule.id}")
        self._schedules.put(schedule.id, schedule)

    async def delete(self, schedule_id: UUID) -> None:
        """Forget it."""
        self._schedules.remove(schedule_id)

    @property
    def is_stale(self) -> bool:
        """Whether another transaction changed one of these meanwhile."""
        return self._schedules.is_stale

    def apply(self) -> None:
        """Commit."""
        self._schedules.apply()


class MemoryReportQueries:
    """Jobs as screens show them."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def jobs(
        self, organisation_id: OrganisationId, where: ReportFilter, now: datetime, page: PageRequest
    ) -> Page[ReportJobView]:
        """Jobs, newest first."""
        rows = (
            job
            for job in self._database.of(organisation_id).report_jobs.values()
            if where.kind in (None, job.request.kind)
            and where.status in (None, job.status.value)
            and where.schedule_id in (None, job.schedule_id)
        )
        return _JOBS.page(rows, lambda job: (job.requested_at, job.id), lambda job: report_job_view(job, now), page)


def _check_version(given: ReportJob | ReportSchedule, current: ReportJob | ReportSchedule | None, what: str) -> None:
    if given.version != (0 if current is None else current.version + 1):
        raise another_was_faster(what)
