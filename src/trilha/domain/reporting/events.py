"""What happened to reports, for whoever delivers them."""

from datetime import datetime
from typing import ClassVar, Self
from uuid import UUID

from trilha.domain.kernel import DomainEvent
from trilha.domain.reporting.jobs import ReportJob, ReportStatus
from trilha.domain.reporting.model import ReportFormat


class ReportMade(DomainEvent, frozen=True, kw_only=True):
    """A report that was asked for, or due, has ended: `done` with a file to fetch, `failed`, or `cancelled`."""

    event_type: ClassVar[str] = "reporting.report_made"
    subject_field: ClassVar[str] = "job_id"

    job_id: UUID
    kind: str
    format: ReportFormat
    status: ReportStatus
    schedule_id: UUID | None = None
    due_at: datetime | None = None
    rows: int = 0
    size_bytes: int | None = None
    error_code: str | None = None

    @classmethod
    def of(cls, job: ReportJob) -> Self:
        """What is told of a job that has ended."""
        return cls(
            job_id=job.id,
            kind=job.request.kind,
            format=job.format,
            status=job.status,
            schedule_id=job.schedule_id,
            due_at=job.due_at,
            rows=job.rows_written,
            size_bytes=None if job.file is None else job.file.size_bytes,
            error_code=job.error_code,
        )
