"""Making reports, and reading documents back with other people's libraries."""

from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime
from io import BytesIO

from pypdf import PdfReader

from trilha.domain.reporting import Column, DocumentWriter, Report, ReportHead, Row

MADE_AT = datetime(2025, 11, 26, 17, 42, 5, tzinfo=UTC)


def a_report(
    columns: Iterable[Column], rows: Iterable[Row], *, language: str = "pt-BR", title: str = "Viagens"
) -> Report:
    async def each() -> AsyncIterator[Row]:
        for row in rows:
            yield row

    head = ReportHead(
        kind="trips",
        title=title,
        organisation="Viação Exemplo Ltda.",
        language=language,
        time_zone="America/Sao_Paulo",
        made_at=MADE_AT,
        columns=tuple(columns),
        facts=(("Período", "01/11/2025 a 26/11/2025"),),
        data_version="7c1e90ab",
    )
    return Report(head, each())


async def written(writer: DocumentWriter, report: Report) -> bytes:
    return b"".join([piece async for piece in writer.write(report)])


def pages(document: bytes) -> list[str]:
    """The text of each page, as a reader for the blind would get it."""
    return [page.extract_text() for page in PdfReader(BytesIO(document)).pages]
