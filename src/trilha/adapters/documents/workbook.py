"""A workbook being written row by row with XlsxWriter, which then keeps one row in memory."""

import math
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TextIO, cast
from zoneinfo import ZoneInfo

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from trilha.adapters.documents.language import duration
from trilha.adapters.documents.table_words import WORDS, facts_of
from trilha.domain.reporting import Cell, Column, ColumnKind, ReportHead, Row

LONGEST_TEXT = 32_767
"""UTF-16 units in a cell."""
LARGEST_EXACT = 10**15
"""Spreadsheets keep 15 digits; a longer whole number is written as text."""
SECONDS_A_DAY = 86_400
FIRST_DAY = date(1900, 3, 1)
"""The first one that all spreadsheets count alike."""
WIDEST = 60
_NOT_IN_XML = re.compile("[^\t\n\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_WIDTHS = {ColumnKind.DAY: 11, ColumnKind.TIME: 19, ColumnKind.SECONDS: 10, ColumnKind.INTEGER: 9}
_NUMBER_FORMATS = {
    ColumnKind.TEXT: "@",
    ColumnKind.INTEGER: "#,##0",
    ColumnKind.DAY: "dd/mm/yyyy",
    ColumnKind.TIME: "dd/mm/yyyy hh:mm:ss",
    ColumnKind.SECONDS: "[h]:mm:ss",
}


class Workbook:
    """Sheets of rows, then a sheet that says what they are. Blocks: every method belongs in a thread."""

    def __init__(self, file: Path, head: ReportHead, rows_a_sheet: int) -> None:
        self._head = head
        self._rows_a_sheet = rows_a_sheet
        self._book = xlsxwriter.Workbook(
            str(file),
            {
                "constant_memory": True,
                "tmpdir": str(file.parent),
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
                "nan_inf_to_errors": False,
            },
        )
        self._book.set_properties(
            {"title": plain(head.title), "author": plain(head.organisation), "created": head.made_at.astimezone(UTC)}
        )
        self._book.use_zip64()
        self._title = self._book.add_format({"bold": True, "bg_color": "#F1F3F5", "bottom": 1, "text_wrap": True})
        self._text = self._book.add_format({"num_format": "@"})
        self._label = self._book.add_format({"bold": True})
        self._cells = [_Cells(column, self._format(column), self._text, head.time_zone) for column in head.columns]
        self._sheets: list[Worksheet] = []
        self._row = 0
        self._begin_sheet()

    def add(self, rows: Sequence[Row]) -> None:
        """Write the next rows; raises ValueError for one that does not have a cell for each column."""
        for row in rows:
            if self._row >= self._rows_a_sheet:
                self._end_sheet()
                self._begin_sheet()
            self._row += 1
            for number, (cells, cell) in enumerate(zip(self._cells, row, strict=True)):
                cells.write(self._sheets[-1], self._row, number, cell)

    def finish(self) -> None:
        """Write the sheet of facts, and everything into the file."""
        self._end_sheet()
        about = self._book.add_worksheet(WORDS[self._head.language].about)
        self._sheets.append(about)
        about.set_column(0, 0, 28)
        about.set_column(1, 1, WIDEST)
        about.write_string(0, 0, plain(self._head.title), self._label)
        for number, (label, value) in enumerate(facts_of(self._head), start=2):
            about.write_string(number, 0, plain(label), self._label)
            about.write_string(number, 1, plain(value), self._text)
        self._book.close()

    def abandon(self) -> None:
        """Close what is open; nothing to do after `finish`."""
        for sheet in self._sheets:
            cast("TextIO", sheet.row_data_fh).close()

    def _begin_sheet(self) -> None:
        name = WORDS[self._head.language].rows
        sheet = self._book.add_worksheet(f"{name} {len(self._sheets) + 1}" if self._sheets else name)
        self._sheets.append(sheet)
        self._row = 0
        sheet.freeze_panes(1, 0)
        sheet.repeat_rows(0)
        sheet.set_landscape()
        sheet.set_paper(9)  # A4
        sheet.fit_to_pages(1, 0)
        for number, column in enumerate(self._head.columns):
            sheet.write_string(0, number, plain(column.title), self._title)

    def _end_sheet(self) -> None:
        sheet = self._sheets[-1]
        if self._head.columns:
            sheet.autofilter(0, 0, self._row, len(self._head.columns) - 1)
        for number, cells in enumerate(self._cells):
            sheet.set_column(number, number, cells.width)

    def _format(self, column: Column) -> Format:
        if column.kind is ColumnKind.DECIMAL:
            return self._book.add_format({"num_format": "#,##0" + "." * bool(column.decimals) + "0" * column.decimals})
        return self._book.add_format({"num_format": _NUMBER_FORMATS[column.kind]})


class _Cells:
    """The cells of a column: how they are written, and how wide the widest one was."""

    def __init__(self, column: Column, as_kind: Format, as_text: Format, time_zone: str) -> None:
        self._kind = column.kind
        self._as_kind = as_kind
        self._as_text = as_text
        self._zone = ZoneInfo(time_zone)
        self.width = min(WIDEST, max(_WIDTHS.get(column.kind, 0), len(column.title) + 3))

    def write(self, sheet: Worksheet, row: int, number: int, cell: Cell) -> None:
        value = self._held(cell)
        if isinstance(value, str):
            self.width = min(WIDEST, max(self.width, len(value) + 1))
            sheet.write_string(row, number, plain(value), self._as_text)
        elif isinstance(value, datetime):
            sheet.write_datetime(row, number, value, self._as_kind)
        elif value is not None:
            sheet.write_number(row, number, value, self._as_kind)

    def _held(self, cell: Cell) -> str | float | datetime | None:
        """What a spreadsheet can hold of a cell: itself, or its text."""
        match cell:
            case None | str():
                return cell
            case datetime():
                local = cell.astimezone(self._zone).replace(tzinfo=None)
                return local if local.date() >= FIRST_DAY else local.isoformat(" ", "seconds")
            case date():
                return datetime.combine(cell, time.min) if cell >= FIRST_DAY else cell.isoformat()
            case _:
                return self._held_number(cell)

    def _held_number(self, number: float) -> str | float | None:
        if not math.isfinite(number):
            return None
        if self._kind is ColumnKind.SECONDS:
            return duration(number) if number < 0 else number / SECONDS_A_DAY
        return str(number) if isinstance(number, int) and abs(number) >= LARGEST_EXACT else number


def plain(text: str) -> str:
    """The text as a cell can hold it: what XML has no word for becomes U+FFFD, what is too long is cut.

    A text like XlsxWriter's own marked-up text would be written as it stands; a space behind it prevents that.
    """
    clean = _NOT_IN_XML.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))
    if clean.startswith("<r>") and clean.endswith("</r>"):
        clean += " "
    units = clean.encode("utf-16-le")
    if len(units) <= 2 * LONGEST_TEXT:
        return clean
    return units[: 2 * (LONGEST_TEXT - 1)].decode("utf-16-le", "ignore") + "…"
