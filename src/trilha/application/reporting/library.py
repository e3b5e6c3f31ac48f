"""The kinds that are there, with their sources, and the formats, with their writers."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager

import msgspec

from trilha.domain.kernel import InvalidValue, OrganisationId
from trilha.domain.reporting import (
    KINDS,
    DocumentWriter,
    Report,
    ReportFormat,
    ReportKind,
    ReportRequest,
    ReportSource,
    Row,
)


class ReportLibrary(msgspec.Struct, frozen=True):
    """What can be asked for here."""

    sources: Mapping[str, ReportSource]
    writers: Mapping[ReportFormat, DocumentWriter]

    @property
    def kinds(self) -> tuple[ReportKind, ...]:
        """Those that somebody provides, in their order."""
        return tuple(kind for kind in KINDS if kind.kind in self.sources)

    @property
    def formats(self) -> tuple[ReportFormat, ...]:
        """Those that somebody writes, in their order."""
        return tuple(one for one in ReportFormat if one in self.writers)

    def check(self, kind: str, report_format: ReportFormat) -> None:
        """Raise InvalidValue for what is not here, with what is."""
        if kind not in self.sources:
            raise InvalidValue("kind", kind, "one of " + ", ".join(one.kind for one in self.kinds))
        self.writer(report_format)

    def writer(self, report_format: ReportFormat) -> DocumentWriter:
        """Who writes that format; raises InvalidValue."""
        try:
            return self.writers[report_format]
        except KeyError:
            raise InvalidValue("format", report_format.value, "one of " + ", ".join(self.formats)) from None

    @asynccontextmanager
    async def opened(self, organisation_id: OrganisationId, request: ReportRequest) -> AsyncGenerator[Report, None]:
        """A report being read; its source is let go at the end of the block, also where it was not read to the end."""
        report = await self.sources[request.kind].open(organisation_id, request)
        try:
            yield report
        finally:
            await _close(report.rows)

    @asynccontextmanager
    async def written(
        self, report: Report, report_format: ReportFormat, piece_bytes: int
    ) -> AsyncGenerator[AsyncIterator[bytes], None]:
        """The document in pieces of at least `piece_bytes`, all but the last."""
        document = self.writer(report_format).write(report)
        try:
            async with aclosing(_in_pieces(document, piece_bytes)) as pieces:
                yield pieces
        finally:
            await _close(document)


def file_name(request: ReportRequest, report_format: ReportFormat) -> str:
    """What a file is called: letters, digits, hyphens and underscores, whatever is in it."""
    return f"{request.kind}-{request.days.first.isoformat()}-{request.days.last.isoformat()}.{report_format.value}"


async def _in_pieces(document: AsyncIterator[bytes], least: int) -> AsyncGenerator[bytes, None]:
    waiting = bytearray()
    async for part in document:
        waiting += part
        if len(waiting) >= least:
            yield bytes(waiting)
            waiting.clear()
    if waiting:
        yield bytes(waiting)


async def _close(iterator: AsyncIterator[bytes] | AsyncIterator[Row]) -> None:
    if isinstance(iterator, AsyncGenerator):
        await iterator.aclose()
