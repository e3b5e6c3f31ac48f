"""What reporting needs from outside: who knows the rows, and who writes documents."""

from collections.abc import AsyncIterator
from typing import Protocol

import msgspec

from trilha.domain.kernel import DomainError, OrganisationId
from trilha.domain.reporting.model import ReportFormat, ReportHead, ReportRequest, Row


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
