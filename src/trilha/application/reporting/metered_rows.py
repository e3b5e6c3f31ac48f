"""The rows of a report on their way to a document: counted, and no more than are allowed."""

from collections import deque
from collections.abc import AsyncIterator

import msgspec

from trilha.domain.reporting import ReportFormat, ReportTooLong, Row


class RowLimit(msgspec.Struct, frozen=True):
    """So many rows of a kind and no more."""

    kind: str
    format: ReportFormat
    most: int

    def check(self, rows: int | None) -> None:
        """Raise ReportTooLong where there are more, or more are expected."""
        if rows is not None and rows > self.most:
            raise ReportTooLong(self.kind, self.format, self.most, rows)


class MeteredRows:
    """An iterator of rows, to be read once. `handed_on` is how many were."""

    def __init__(self, rows: AsyncIterator[Row], limit: RowLimit | None = None) -> None:
        self._rows = rows
        self._limit = limit
        self._ahead: deque[Row] = deque()
        self._read = 0
        self.handed_on = 0

    async def read_ahead(self, rows: int) -> None:
        """Have so many rows at hand, and make sure there are no more than allowed; raises ReportTooLong."""
        while len(self._ahead) <= rows:
            try:
                self._ahead.append(await self._next())
            except StopAsyncIteration:
                return

    def __aiter__(self) -> "MeteredRows":
        """Itself."""
        return self

    async def __anext__(self) -> Row:
        """The next row; raises ReportTooLong at the first one too many."""
        row = self._ahead.popleft() if self._ahead else await self._next()
        self.handed_on += 1
        return row

    async def _next(self) -> Row:
        row = await anext(self._rows)
        self._read += 1
        if self._limit is not None and self._read > self._limit.most:
            raise ReportTooLong(self._limit.kind, self._limit.format, self._limit.most)
        return row
