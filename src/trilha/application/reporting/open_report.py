"""A report at once, as a stream of bytes."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

from trilha.application.reporting.asking import AskForReport, ReportQuestion
from trilha.application.reporting.library import ReportLibrary, file_name
from trilha.application.reporting.limits import ReportLimits
from trilha.application.reporting.metered_rows import MeteredRows, RowLimit
from trilha.domain.kernel import OrganisationId
from trilha.domain.reporting import Report, ReportFormat, ReportHead

PIECE_BYTES = 64 * 1024


class OpenedReport:
    """A report on its way out. Close it also where it was not read to the end."""

    def __init__(
        self,
        *,
        name: str,
        media_type: str,
        head: ReportHead,
        rows: MeteredRows,
        pieces: AsyncIterator[bytes],
        resources: AsyncExitStack,
    ) -> None:
        self.name = name
        self.media_type = media_type
        self.head = head
        self.pieces = pieces
        self._rows = rows
        self._resources = resources

    @property
    def rows_written(self) -> int:
        """How many rows went into the document so far."""
        return self._rows.handed_on

    async def aclose(self) -> None:
        """Let go of writer and source."""
        await self._resources.aclose()


class OpenReport:
    """Begins a report; few of its rows are in memory at a time."""

    def __init__(self, *, library: ReportLibrary, ask: AskForReport, limits: ReportLimits) -> None:
        self._library = library
        self._ask = ask
        self._limits = limits

    async def __call__(
        self,
        organisation_id: OrganisationId,
        question: ReportQuestion,
        report_format: ReportFormat,
        *,
        of_any_length: bool = False,
    ) -> OpenedReport:
        """Raises InvalidValue, ReportTooLong, DocumentTooLong, and what the source refuses.

        The first piece is made before this returns, so what is wrong from the start is told in words. One that turns
        out too long on the way raises ReportTooLong from its pieces, which must not look like an end. `of_any_length`
        is for who writes it into a file of their own.
        """
        self._library.check(question.kind, report_format)
        request = await self._ask(organisation_id, question)
        limit = None if of_any_length else RowLimit(request.kind, report_format, self._most(report_format))
        async with AsyncExitStack() as stack:
            report = await stack.enter_async_context(self._library.opened(organisation_id, request))
            rows = MeteredRows(report.rows, limit)
            if limit is not None:
                limit.check(report.head.expected_rows)
                if report_format is ReportFormat.JSON:
                    await rows.read_ahead(limit.most)
            written = self._library.written(Report(report.head, rows), report_format, PIECE_BYTES)
            pieces = await stack.enter_async_context(written)
            first = await anext(pieces, b"")
            return OpenedReport(
                name=file_name(request, report_format),
                media_type=self._library.writer(report_format).media_type,
                head=report.head,
                rows=rows,
                pieces=_from(first, pieces),
                resources=stack.pop_all(),
            )

    def _most(self, report_format: ReportFormat) -> int:
        return self._limits.json_rows if report_format is ReportFormat.JSON else self._limits.direct_rows


async def _from(first: bytes, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in pieces:
        yield piece
