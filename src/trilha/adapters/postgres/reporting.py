"""Reports made later: jobs, their files, schedules; and how they are listed."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import msgspec

from trilha.adapters.postgres.logs import Log, in_utc, read_log
from trilha.adapters.postgres.pools import Pool
from trilha.adapters.postgres.reading import Where
from trilha.adapters.postgres.session import Row, Session
from trilha.adapters.postgres.versioned import save_version, versioned
from trilha.application.ports import Page, PageRequest
from trilha.application.reporting.queries import ReportFilter
from trilha.application.reporting.views import ReportJobView, report_job_view
from trilha.domain.kernel import Conflict, OrganisationId
from trilha.domain.reporting import (
    Period,
    ReportFile,
    ReportFormat,
    ReportJob,
    ReportRequest,
    ReportSchedule,
    ReportStatus,
    Timetable,
)

_JOB: Final = (
    "id", "request", "format", "requested_at", "schedule_id", "due_at", "status", "attempts", "started_at",
    "finished_at", "rows_written", "expected_rows", "file", "error_code", "error_message", "version",
)  # fmt: skip
_SCHEDULE: Final = (
    "id", "name", "kind", "format", "period", "timetable", "driver_id", "vehicle_id", "group_id", "language",
    "created_at", "next_due_at", "version",
)  # fmt: skip
_JSON: Final = ("request", "file", "timetable")
_JOB_COLUMNS: Final = ", ".join([f"{name}::text" if name in _JSON else name for name in _JOB])
_SCHEDULE_COLUMNS: Final = ", ".join([f"{name}::text" if name in _JSON else name for name in _SCHEDULE])
_SAVE_JOB: Final = versioned("report_jobs", "id", _JOB, as_json=_JSON)
_SAVE_SCHEDULE: Final = versioned("report_schedules", "id", _SCHEDULE, as_json=_JSON)
_request = msgspec.json.Decoder(ReportRequest)
_file = msgspec.json.Decoder(ReportFile)
_timetable = msgspec.json.Decoder(Timetable)
_encoder = msgspec.json.Encoder()
_LIST: Final = Log[ReportJobView](
    "report-jobs",
    f"select {_JOB_COLUMNS} from report_jobs r",
    ("r.requested_at", "r.id"),
    tuple[datetime, UUID],
    lambda view: (view.requested_at, view.id),
)


class PostgresReportJobs:
    """See ReportJobs."""

    def __init__(self, session: Session, organisation_id: OrganisationId) -> None:
        self._session = session
        self._organisation_id = organisation_id

    async def get(self, job_id: UUID) -> ReportJob | None:
        """One of them, locked until the unit ends: who cancels it and who makes it take turns."""
        rows = await self._session.rows(f"select {_JOB_COLUMNS} from report_jobs where id = %s for update", (job_id,))
        return _job_of(rows[0]) if rows else None

    async def unfinished(self) -> Sequence[ReportJob]:
        """Those queued and running, oldest first."""
        rows = await self._session.rows(
            f"select {_JOB_COLUMNS} from report_jobs where status in ('queued', 'running') order by requested_at, id"
        )
        return [_job_of(row) for row in rows]

    async def save(self, job: ReportJob) -> None:
        """Write version n + 1 over version n, or a first version 0."""
        row = msgspec.structs.asdict(job) | {
            "organisation": self._organisation_id,
            "request": _encoder.encode(job.request).decode(),
            "format": job.format.value,
            "status": job.status.value,
            "file": None if job.file is None else _encoder.encode(job.file).decode(),
        }
        if not await save_version(self._session, _SAVE_JOB, row, job.version):
            raise Conflict(f"report {job.id} was changed, or made, by another writer: read it again")


class PostgresReportFiles:
    """See ReportFiles."""

    def __init__(self, session: Session, organisation_id: OrganisationId) -> None:
        self._session = session
        self._organisation_id = organisation_id

    async def append(self, job_id: UUID, number: int, piece: bytes, at: datetime) -> None:
        """Keep a piece; it is sent with the commit."""
        self._session.later(
            "insert into report_files (organisation_id, job_id, number, piece, written_at) values (%s, %s, %s, %b, %s)",
            (self._organisation_id, job_id, number, piece, at),
        )

    async def piece(self, job_id: UUID, number: int) -> bytes | None:
        """One of them."""
        rows = await self._session.rows(
            "select piece from report_files where job_id = %s and number = %s", (job_id, number)
        )
        return bytes(rows[0][0]) if rows else None

    async def delete(self, job_id: UUID) -> None:
        """Forget them."""
        self._session.later("delete from report_files where job_id = %s", (job_id,))


class PostgresReportSchedules:
    """See ReportSchedules."""

    def __init__(self, session: Session, organisation_id: OrganisationId) -> None:
        self._session = session
        self._organisation_id = organisation_id

    async def get(self, schedule_id: UUID) -> ReportSchedule | None:
        """One of them, locked until the unit ends."""
        rows = await self._session.rows(
            f"select {_SCHEDULE_COLUMNS} from report_schedules where id = %s for update", (schedule_id,)
        )
        return _schedule_of(rows[0]) if rows else None

    async def all(self) -> Sequence[ReportSchedule]:
        """All of them, oldest first."""
        rows = await self._session.rows(f"select {_SCHEDULE_COLUMNS} from report_schedules order by created_at, id")
        return [_schedule_of(row) for row in rows]

    async def save(self, schedule: ReportSchedule) -> None:
        """Write version n + 1 over version n, or a first version 0."""
        row = msgspec.structs.asdict(schedule) | {
            "organisation": self._organisation_id,
            "format": schedule.format.value,
            "period": schedule.period.value,
            "timetable": _encoder.encode(schedule.timetable).decode(),
        }
        if not await save_version(self._session, _SAVE_SCHEDULE, row, schedule.version):
            raise Conflict(f"report schedule {schedule.id} was changed by another writer: read it again")

    async def delete(self, schedule_id: UUID) -> None:
        """Forget it."""
        self._session.later("delete from report_schedules where id = %s", (schedule_id,))


class PostgresReportQueries:
    """See ReportQueries."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def jobs(
        self, organisation_id: OrganisationId, where: ReportFilter, now: datetime, page: PageRequest
    ) -> Page[ReportJobView]:
        """Jobs, newest first."""
        conditions = Where()
        conditions.equals("r.request->>'kind' = %s", where.kind)
        conditions.equals("r.status = %s", where.status)
        conditions.equals("r.schedule_id = %s", where.schedule_id)
        return await read_log(
            self._pool, organisation_id, _LIST, conditions, lambda row: report_job_view(_job_of(row), now), page
        )


def _job_of(row: Row) -> ReportJob:
    given = dict(zip(_JOB, in_utc(row), strict=True))
    return ReportJob(
        **given
        | {
            "request": _request.decode(given["request"]),
            "format": ReportFormat(given["format"]),
            "status": ReportStatus(given["status"]),
            "file": None if given["file"] is None else _in_utc(_file.decode(given["file"])),
        }
    )


def _in_utc(file: ReportFile) -> ReportFile:
    return msgspec.structs.replace(file, expires_at=file.expires_at.astimezone(UTC))


def _schedule_of(row: Row) -> ReportSchedule:
    given = dict(zip(_SCHEDULE, in_utc(row), strict=True))
    return ReportSchedule(
        **given
        | {
            "format": ReportFormat(given["format"]),
            "period": Period(given["period"]),
            "timetable": _timetable.decode(given["timetable"]),
        }
    )
