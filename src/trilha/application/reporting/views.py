"""Reports as screens show them: what can be asked for, and what is made later."""

from datetime import date, datetime
from uuid import UUID

import msgspec

from trilha.application.reporting.library import ReportLibrary, file_name
from trilha.domain.reporting import (
    Period,
    ReportFormat,
    ReportJob,
    ReportKind,
    ReportSchedule,
    Rhythm,
    Words,
    estimate_report,
)


class ReportKindView(msgspec.Struct, frozen=True):
    """A kind of report: what it is about, and by what it can be narrowed. It cannot do without what is in `needs`."""

    kind: str
    title: Words
    about: Words
    takes: tuple[str, ...]
    needs: tuple[str, ...]
    formats: tuple[ReportFormat, ...]


class ReportFileView(msgspec.Struct, frozen=True):
    """What a job has made. `digest` is its SHA-256; `expired` once it is not kept any more."""

    name: str
    size_bytes: int
    digest: str
    expires_at: datetime
    expired: bool


class ReportJobView(msgspec.Struct, frozen=True, kw_only=True):
    """A report made later. `done_share` and `expected_end_at` are null where nobody knows how many rows come."""

    id: UUID
    kind: str
    format: ReportFormat
    status: str
    first: date = msgspec.field(name="from")
    last: date = msgspec.field(name="to")
    driver_id: str | None
    vehicle_id: str | None
    group_id: str | None
    language: str
    requested_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    attempts: int
    rows_written: int
    expected_rows: int | None
    done_share: float | None
    expected_end_at: datetime | None
    file: ReportFileView | None
    error_code: str | None
    error_message: str | None
    schedule_id: UUID | None
    due_at: datetime | None


class ReportScheduleView(msgspec.Struct, frozen=True, kw_only=True):
    """A report that comes again and again. `at` is by the organisation's clocks, `next_due_at` null while inactive."""

    id: UUID
    name: str
    kind: str
    format: ReportFormat
    period: Period
    rhythm: Rhythm
    at: str
    weekday: int | None
    day: int | None
    driver_id: str | None
    vehicle_id: str | None
    group_id: str | None
    language: str
    active: bool
    created_at: datetime
    next_due_at: datetime | None
    version: int


def kind_views(library: ReportLibrary) -> tuple[ReportKindView, ...]:
    """All kinds that can be asked for here."""
    return tuple(_kind_view(kind, library) for kind in library.kinds)


def _kind_view(kind: ReportKind, library: ReportLibrary) -> ReportKindView:
    takes = ("from", "to", *(("reference",) if kind.takes_reference else ()), *kind.takes, "language")
    return ReportKindView(kind.kind, kind.title, kind.about, takes, kind.needs, library.formats)


def report_job_view(job: ReportJob, now: datetime) -> ReportJobView:
    """A job as screens show it."""
    request, left = job.request, estimate_report(job, now)
    return ReportJobView(
        id=job.id,
        kind=request.kind,
        format=job.format,
        status=job.status.value,
        first=request.days.first,
        last=request.days.last,
        driver_id=_text(request.driver_id),
        vehicle_id=_text(request.vehicle_id),
        group_id=_text(request.group_id),
        language=request.language,
        requested_at=job.requested_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
        attempts=job.attempts,
        rows_written=job.rows_written,
        expected_rows=job.expected_rows,
        done_share=left.done_share,
        expected_end_at=left.ends_at,
        file=_file_view(job, now),
        error_code=job.error_code,
        error_message=job.error_message,
        schedule_id=job.schedule_id,
        due_at=job.due_at,
    )


def report_schedule_view(schedule: ReportSchedule) -> ReportScheduleView:
    """A schedule as screens show it."""
    timetable = schedule.timetable
    return ReportScheduleView(
        id=schedule.id,
        name=schedule.name,
        kind=schedule.kind,
        format=schedule.format,
        period=schedule.period,
        rhythm=timetable.rhythm,
        at=f"{timetable.at:%H:%M}",
        weekday=timetable.weekday,
        day=timetable.day,
        driver_id=_text(schedule.driver_id),
        vehicle_id=_text(schedule.vehicle_id),
        group_id=_text(schedule.group_id),
        language=schedule.language,
        active=schedule.active,
        created_at=schedule.created_at,
        next_due_at=schedule.next_due_at,
        version=schedule.version,
    )


def _file_view(job: ReportJob, now: datetime) -> ReportFileView | None:
    if job.file is None:
        return None
    return ReportFileView(
        name=file_name(job.request, job.format),
        size_bytes=job.file.size_bytes,
        digest=job.file.digest,
        expires_at=job.file.expires_at,
        expired=job.file.expires_at <= now,
    )


def _text(source_id: int | None) -> str | None:
    return None if source_id is None else str(source_id)
