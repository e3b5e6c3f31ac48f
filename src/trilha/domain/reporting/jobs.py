"""A report that is made later, by whichever worker comes to it, and kept for a while.

One of an organisation's is made at a time, the oldest first. A worker that dies leaves it `running`; the next one
begins it anew from the start, so nobody ever gets two halves.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import msgspec

from trilha.domain.kernel import Conflict, DomainError, NotFound
from trilha.domain.reporting.model import ReportFormat, ReportRequest

MOST_ATTEMPTS = 5
"""One that has ended so many workers would end the next one too."""


class ReportStatus(StrEnum):
    """How a job stands. `queued` turns `running` when a worker begins it; the other three are ends."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


UNFINISHED = (ReportStatus.QUEUED, ReportStatus.RUNNING)


class ReportFile(msgspec.Struct, frozen=True):
    """What a job has made: kept in `pieces` until it expires. `digest` is the SHA-256 of the whole, in hexadecimal."""

    size_bytes: int
    pieces: int
    digest: str
    expires_at: datetime


class ReportJob(msgspec.Struct, frozen=True, kw_only=True):
    """A report somebody asked for, or that was due. `version` guards against two writers."""

    id: UUID
    request: ReportRequest
    format: ReportFormat
    requested_at: datetime
    schedule_id: UUID | None = None
    due_at: datetime | None = None
    """With a schedule: for which of its times it was made."""
    status: ReportStatus = ReportStatus.QUEUED
    attempts: int = 0
    started_at: datetime | None = None
    finished_at: datetime | None = None
    rows_written: int = 0
    expected_rows: int | None = None
    file: ReportFile | None = None
    error_code: str | None = None
    error_message: str | None = None
    version: int = 0

    @property
    def is_unfinished(self) -> bool:
        """Whether there is something left to do."""
        return self.status in UNFINISHED


class ReportEstimate(msgspec.Struct, frozen=True):
    """How far a job is, by its rows. Both are None where nobody knows how many there will be, or before it began."""

    done_share: float | None
    ends_at: datetime | None


class ReportEnded(Conflict):
    """It has an end already, so it cannot be cancelled."""

    code = "reporting.job_ended"

    def __init__(self, job: ReportJob) -> None:
        super().__init__(f"report {job.id} is {job.status} already")


class ReportNotDone(Conflict):
    """There is no file, or not yet."""

    code = "reporting.not_done"

    def __init__(self, job: ReportJob) -> None:
        told = "ask again when it is done" if job.is_unfinished else "ask for the report anew"
        super().__init__(f"report {job.id} is {job.status} and has no file: {told}")


class ReportExpired(DomainError):
    """The file was kept for its time and is gone."""

    code = "reporting.file_expired"

    def __init__(self, job: ReportJob) -> None:
        super().__init__(f"the file of report {job.id} has expired: ask for the report anew")


class TooManyReports(Conflict):
    """So many wait already that another one would wait too long."""

    code = "reporting.too_many_waiting"

    def __init__(self, waiting: int) -> None:
        super().__init__(f"{waiting} reports are waiting to be made already: wait for some of them, or cancel some")


class ReportTooLong(DomainError):
    """It has more rows than are answered at once."""

    code = "reporting.too_long_use_a_job"

    def __init__(self, kind: str, report_format: ReportFormat, most: int, expected: int | None = None) -> None:
        rows = "more rows" if expected is None else f"about {expected} rows, more"
        super().__init__(
            f"{kind} has {rows} than the {most} that are answered at once as {report_format}: let it be made as a job, "
            f"POST /v1/reports/{kind}/jobs, or narrow it down"
        )


def begin_report(job: ReportJob, now: datetime) -> ReportJob:
    """A worker begins, from the first row; what an earlier one had made counts no more."""
    return _next(
        job, status=ReportStatus.RUNNING, attempts=job.attempts + 1, started_at=now, rows_written=0, expected_rows=None
    )


def has_tried_enough(job: ReportJob) -> bool:
    """Whether no worker should begin it any more."""
    return job.attempts >= MOST_ATTEMPTS


def move_report(job: ReportJob, rows_written: int, expected_rows: int | None) -> ReportJob:
    """So many rows are written."""
    return _next(job, rows_written=rows_written, expected_rows=expected_rows)


def finish_report(job: ReportJob, rows_written: int, file: ReportFile, now: datetime) -> ReportJob:
    """All of it is written and kept."""
    return _next(job, status=ReportStatus.DONE, finished_at=now, rows_written=rows_written, file=file)


def fail_report(job: ReportJob, code: str, message: str, now: datetime) -> ReportJob:
    """It cannot be made."""
    return _next(job, status=ReportStatus.FAILED, finished_at=now, error_code=code, error_message=message)


def cancel_report(job: ReportJob, now: datetime) -> ReportJob:
    """Nobody wants it any more. Cancelling twice is once. Raises ReportEnded for one with another end."""
    if job.status is ReportStatus.CANCELLED:
        return job
    if not job.is_unfinished:
        raise ReportEnded(job)
    return _next(job, status=ReportStatus.CANCELLED, finished_at=now)


def is_being_made(job: ReportJob | None, attempt: int) -> bool:
    """Whether the worker that began this attempt is still the one to go on."""
    return job is not None and job.status is ReportStatus.RUNNING and job.attempts == attempt


def file_of(job: ReportJob, now: datetime) -> ReportFile:
    """Its file; raises ReportNotDone and ReportExpired."""
    if job.file is None:
        raise ReportNotDone(job)
    if job.file.expires_at <= now:
        raise ReportExpired(job)
    return job.file


def estimate_report(job: ReportJob, now: datetime) -> ReportEstimate:
    """How far it is, and when it should end at its pace so far."""
    if job.status is ReportStatus.DONE:
        return ReportEstimate(1.0, None)
    if job.status is not ReportStatus.RUNNING or job.expected_rows is None:
        return ReportEstimate(None, None)
    share = min(job.rows_written / job.expected_rows, 1.0) if job.expected_rows else 1.0
    if not share or job.started_at is None:
        return ReportEstimate(share, None)
    pace: timedelta = (now - job.started_at) / share
    return ReportEstimate(share, now + pace * (1 - share))


def job_missing(key: UUID) -> NotFound:
    """The refusal where no job has that id."""
    return NotFound("report job", key)


def _next(job: ReportJob, **changes: object) -> ReportJob:
    return msgspec.structs.replace(job, version=job.version + 1, **changes)
