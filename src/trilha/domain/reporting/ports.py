"""What reporting needs from outside: who knows the rows, and who writes documents."""

from collections.abc import AsyncIterator
from typing import Protocol

import msgspec

from trilha.domain.kernel import OrganisationId
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


class DocumentWriter(Protocol):
    """Writes a report as a document, in constant memory where the format allows it."""

    @property
    def format(self) -> ReportFormat: ...
    @property
    def media_type(self) -> str: ...

    def write(self, report: Report) -> AsyncIterator[bytes]:
        """The document, piece by piece."""
        ...
