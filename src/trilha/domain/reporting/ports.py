"""What reporting needs from outside: who knows the rows, and who writes documents."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec

from trilha.domain.kernel import DomainError, OrganisationId
from trilha.domain.reporting.jobs import ReportJob
from trilha.domain.reporting.model import ReportFormat, ReportHead, ReportRequest, Row
from trilha.domain.reporting.schedules import ReportSchedule


class Report(msgspec.Struct, frozen=True):
    """A report being read: its head at once, its rows as they come, which may be read once."""

    head: ReportHead
    rows: AsyncIterator[Row]


class ReportSource(Protocol):
    """Knows one kind of report. Provided by the context that the figures belong to."""

    async def open(self, organisation_id: OrganisationId, request: ReportRequest) -> Report:
        """Begin to read; raises InvalidValue or NotFound for a request that cannot be answered."""
        ...


class DocumentTooLong(DomainError):
    """A report with more rows than a format can hold, also when it is made later."""

    code = "reporting.document_too_long"

    def __init__(self, report_format: ReportFormat, most: int) -> None:
        super().__init__(
            f"the report has more than the {most} rows that {report_format} can hold with its columns: "
            "ask for xlsx or csv, or for fewer days"
        )


class DocumentWriter(Protocol):
    """Writes a report as a document, in constant memory where the format allows it.

    Raises DocumentTooLong, before the first piece, for a report that the format cannot hold.
    """

    @property
    def format(self) -> ReportFormat: ...
    @property
    def media_type(self) -> str: ...

    def write(self, report: Report) -> AsyncIterator[bytes]:
        """The document, piece by piece."""
        ...


class ReportJobs(Protocol):
    """Reports to be made, being made, and made."""

    async def get(self, job_id: UUID) -> ReportJob | None:
        """One of them; whoever else would change it waits until the unit ends, or is refused."""
        ...

    async def unfinished(self) -> Sequence[ReportJob]:
        """Those queued and running, oldest first."""
        ...

    async def save(self, job: ReportJob) -> None:
        """Write version n + 1 over version n (or a first version 0); raises Conflict if another writer was faster.

        That is also so for a second job of the same time of a schedule.
        """
        ...


class ReportFiles(Protocol):
    """What jobs have made, in pieces, for as long as it is kept."""

    async def append(self, job_id: UUID, number: int, piece: bytes, at: datetime) -> None:
        """Keep a piece, numbered from 0 without gaps."""
        ...

    async def piece(self, job_id: UUID, number: int) -> bytes | None:
        """One of them, or None where it is not kept, or not any more."""
        ...

    async def delete(self, job_id: UUID) -> None:
        """Forget all pieces of a job."""
        ...


class ReportSchedules(Protocol):
    """Reports that come again and again."""

    async def get(self, schedule_id: UUID) -> ReportSchedule | None:
        """One of them."""
        ...

    async def all(self) -> Sequence[ReportSchedule]:
        """All of them, oldest first."""
        ...

    async def save(self, schedule: ReportSchedule) -> None:
        """Write version n + 1 over version n (or a first version 0); raises Conflict if another writer was faster."""
        ...

    async def delete(self, schedule_id: UUID) -> None:
        """Forget it; the jobs that it made stay."""
        ...
