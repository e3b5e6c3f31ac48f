"""A report of any length out of nothing, for trying what carries reports."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

from trilha.domain.kernel import OrganisationId
from trilha.domain.reporting import Column, ColumnKind, Report, ReportHead, ReportRequest, Row

COLUMNS = (
    Column("number", "Número", ColumnKind.INTEGER),
    Column("name", "Nome"),
    Column("distance_km", "Distância (km)", ColumnKind.DECIMAL),
)
Failure = Callable[[int], None]


class GeneratedReports:
    """Says of itself how often it was opened and how often let go. `fail` is asked before each row, and may raise."""

    def __init__(self, rows: int, *, tells: bool = True, fail: Failure = lambda _: None) -> None:
        self.rows = rows
        self.tells = tells
        self.fail = fail
        self.opened = 0
        self.closed = 0
        self.handed_out = 0

    async def open(self, organisation_id: OrganisationId, request: ReportRequest) -> Report:
        """Begin; see ReportSource."""
        del organisation_id
        self.opened += 1
        head = ReportHead(
            kind=request.kind,
            title="Relatório",
            organisation="Viação Exemplo",
            language=request.language,
            time_zone="America/Sao_Paulo",
            made_at=datetime(2026, 3, 10, 12, tzinfo=UTC),
            columns=COLUMNS,
            expected_rows=self.rows if self.tells else None,
        )
        return Report(head, self._rows())

    async def _rows(self) -> AsyncIterator[Row]:
        try:
            for number in range(self.rows):
                self.fail(number)
                if number % 100 == 0:
                    await asyncio.sleep(0)
                self.handed_out += 1
                yield (number, "=1+1 José", number / 8)
        finally:
            self.closed += 1
