"""A spreadsheet (Office Open XML) in constant memory: rows go to a temporary file as they come, and then into the zip.

Every text is written as text, in cells that stay text when somebody edits them, so nothing calculates. Times are the
clock times of the report's zone, because spreadsheets know no zones; the second sheet says which.
"""

import tempfile
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

from trilha.application.threads import to_the_end
from trilha.domain.reporting import Report, ReportFormat, Row

MOST_ROWS = 1_048_575
"""What a sheet holds below its titles."""
ROWS_AT_ONCE = 500
PIECE_BYTES = 65_536


class XlsxWriter:
    """Titles that stay in sight, filters, widths, formats by kind; more rows than a sheet holds go on in the next."""

    format = ReportFormat.XLSX
    media_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

    def __init__(self, rows_a_sheet: int = MOST_ROWS) -> None:
        self._rows_a_sheet = rows_a_sheet

    async def write(self, report: Report) -> AsyncIterator[bytes]:
        """The document, once its last row has come; what it needed on disk is gone when this ends, however it ends."""
        from trilha.adapters.documents.workbook import Workbook  # brings XlsxWriter, for the processes that write

        with tempfile.TemporaryDirectory(prefix="trilha-xlsx-") as folder:
            file = Path(folder) / "document.xlsx"
            book = await to_the_end(partial(Workbook, file, report.head, self._rows_a_sheet))
            try:
                async for rows in _by_hundreds(report.rows):
                    await to_the_end(partial(book.add, rows))
                await to_the_end(book.finish)
            finally:
                book.abandon()
            with file.open("rb") as document:
                while piece := await to_the_end(partial(document.read, PIECE_BYTES)):
                    yield piece


async def _by_hundreds(rows: AsyncIterator[Row]) -> AsyncIterator[list[Row]]:
    some: list[Row] = []
    async for row in rows:
        some.append(row)
        if len(some) >= ROWS_AT_ONCE:
            yield some
            some = []
    if some:
        yield some
