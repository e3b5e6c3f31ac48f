"""A printed table (A4, PDF/UA-1): titles on every page, page numbers, and what the table is.

It is set in a process of its own: a table of the most cells takes some seconds and several hundred megabytes, which a
process that answers requests or ingests should neither wait for nor keep.
"""

import asyncio
import sys
from collections.abc import AsyncIterator

import msgspec

from trilha.adapters.documents.press_job import PressJob
from trilha.adapters.documents.printed_table import printed_table
from trilha.domain.reporting import DocumentTooLong, Report, ReportFormat, Row

MOST_ROWS = 5_000
MOST_CELLS = 20_000
"""About 20 KB of memory each while the table is set."""
PRESSED_WITHIN_S = 120.0
PIECE_BYTES = 65_536


class PressFailedError(RuntimeError):
    """The press ended without a document. What it said is not repeated: it may hold names."""


class PdfWriter:
    """Up to 5,000 rows, or fewer in many columns; one table at a time in a process."""

    format = ReportFormat.PDF
    media_type = "application/pdf"

    def __init__(self) -> None:
        self._one_at_a_time = asyncio.Semaphore()

    async def write(self, report: Report) -> AsyncIterator[bytes]:
        """The document, once it is set; raises DocumentTooLong, PressFailedError, TimeoutError before that."""
        rows = await _all_rows(report)
        job = PressJob("table", printed_table(report.head, rows), report.head.made_at)
        async with self._one_at_a_time, asyncio.timeout(PRESSED_WITHIN_S):
            document = await _pressed(job)
        for begins in range(0, len(document), PIECE_BYTES):
            yield document[begins : begins + PIECE_BYTES]


def most_rows(columns: int) -> int:
    """How many rows of so many columns a printed table may have."""
    return min(MOST_ROWS, MOST_CELLS // max(columns, 1))


async def _all_rows(report: Report) -> list[Row]:
    most = most_rows(len(report.head.columns))
    if (report.head.expected_rows or 0) > most:
        raise DocumentTooLong(ReportFormat.PDF, most)
    rows: list[Row] = []
    async for row in report.rows:
        if len(rows) >= most:
            raise DocumentTooLong(ReportFormat.PDF, most)
        rows.append(row)
    return rows


async def _pressed(job: PressJob) -> bytes:
    press = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "trilha.adapters.documents.press"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        document, _ = await press.communicate(msgspec.json.encode(job))
    finally:
        if press.returncode is None:
            press.kill()
            await press.wait()
    if press.returncode != 0:
        raise PressFailedError(f"the press of a table ended with {press.returncode} and made no document")
    return document
