"""JSON for programs: the head, then one object a row by the columns' keys."""

import math
from collections.abc import AsyncIterator, Sequence

import msgspec

from trilha.domain.reporting import Cell, Report, ReportFormat, ReportHead, Row

PIECE_ROWS = 200


class _Rows:
    """Encodes rows by the keys of the columns. Numbers that JSON cannot hold become null."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = keys
        self._encoder = msgspec.json.Encoder()

    def encode(self, row: Row) -> bytes:
        return self._encoder.encode(dict(zip(self._keys, map(_plain, row), strict=True)))


class JsonWriter:
    """Times are UTC, days ISO 8601, durations seconds, numbers have all their digits."""

    format = ReportFormat.JSON
    media_type = "application/json"

    async def write(self, report: Report) -> AsyncIterator[bytes]:
        """The document, some hundred rows at a time."""
        rows = _Rows([column.key for column in report.head.columns])
        yield msgspec.json.encode(_head(report.head))[:-1] + b',"rows":['
        pieces: list[bytes] = []
        separator = b""
        async for row in report.rows:
            pieces.append(separator + rows.encode(row))
            separator = b","
            if len(pieces) >= PIECE_ROWS:
                yield b"".join(pieces)
                pieces.clear()
        yield b"".join(pieces) + b"]}\n"


def _head(head: ReportHead) -> dict[str, object]:
    fields = ("kind", "title", "organisation", "language", "time_zone", "made_at", "data_version", "columns")
    facts = [{"label": label, "value": value} for label, value in head.facts]
    return {name: getattr(head, name) for name in fields} | {"facts": facts}


def _plain(cell: Cell) -> Cell:
    return None if isinstance(cell, float) and not math.isfinite(cell) else cell
