"""CSV (RFC 4180) that opens by a double click where its readers are, and starts no formula there.

UTF-8 with a byte order mark, without which Excel takes the bytes for another code page. Excel splits lines and reads
numbers by the settings of the machine, so the separator follows the language: Brazilian machines expect semicolons and
decimal commas, English ones commas and points. Days and times are ISO 8601, which every setting understands.
"""

import csv
import io
import math
import re
from collections.abc import AsyncIterator
from datetime import date, datetime, tzinfo
from zoneinfo import ZoneInfo

from trilha.adapters.documents.language import Language, duration, language_of
from trilha.domain.reporting import Cell, Column, ColumnKind, Report, ReportFormat

PIECE_CHARACTERS = 32_768
_WHOLE_NUMBER = re.compile("-?[0-9]+")
STARTS_FORMULA = frozenset("=+-@\t\r\n＝＋－＠")  # noqa: RUF001 - spreadsheets take the full-width ones too
"""What makes a spreadsheet calculate (OWASP, CSV injection)."""


class CsvWriter:
    """One line of titles, then the rows as they come; nothing above the titles, so that programs read it too."""

    format = ReportFormat.CSV
    media_type = "text/csv; charset=utf-8; header=present"

    async def write(self, report: Report) -> AsyncIterator[bytes]:
        """The document, some dozens of kilobytes at a time."""
        language, zone = language_of(report.head.language), ZoneInfo(report.head.time_zone)
        columns = report.head.columns
        text = io.StringIO(newline="")
        lines = csv.writer(text, delimiter=";" if language.decimal_mark == "," else ",")
        lines.writerow([harmless(column.title) for column in columns])
        yield b"\xef\xbb\xbf"
        async for row in report.rows:
            lines.writerow(
                [shown(cell, column, language, zone) for cell, column in zip(row, columns, strict=True)],
            )
            if text.tell() > PIECE_CHARACTERS:
                yield _taken(text)
        yield _taken(text)


def shown(cell: Cell, column: Column, language: Language, zone: tzinfo) -> str:
    """A cell as text: numbers as they are, all their digits and no thousands; what is not finite as nothing."""
    match cell:
        case None:
            return ""
        case datetime():
            return cell.astimezone(zone).replace(tzinfo=None).isoformat(" ", "seconds")
        case date():
            return cell.isoformat()
        case str():
            return harmless(cell)
        case _ if column.kind is ColumnKind.SECONDS:
            return duration(cell)
        case _:
            return repr(cell).replace(".", language.decimal_mark) if math.isfinite(cell) else ""


def harmless(text: str) -> str:
    """The text with an apostrophe before it, if a spreadsheet could take it for a formula.

    A negative whole number is none, and half of the source's ids are that.
    """
    if _WHOLE_NUMBER.fullmatch(text):
        return text
    return f"'{text}" if text.lstrip(" ")[:1] in STARTS_FORMULA else text


def _taken(text: io.StringIO) -> bytes:
    taken = text.getvalue().encode("utf-8", "replace")
    text.seek(0)
    text.truncate()
    return taken
