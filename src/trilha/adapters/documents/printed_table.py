"""A table in the words, figures and widths that `layouts/table.typ` lays out."""

from collections.abc import Sequence
from datetime import date, datetime, tzinfo
from zoneinfo import ZoneInfo

from trilha.adapters.documents.breaking import LONGEST_UNBROKEN, breakable
from trilha.adapters.documents.language import Language, duration, language_of
from trilha.adapters.documents.press_job import UNSHOWN, Data
from trilha.adapters.documents.table_words import WORDS
from trilha.domain.reporting import Cell, Column, ColumnKind, ReportHead, Row

PORTRAIT_MM, LANDSCAPE_MM = 182.0, 269.0
"""Between the margins of A4."""
SIZES_PT = (8.5, 7.5, 6.5)
MM_A_POINT = 0.3528
_LETTER_EM = 0.5
"""How wide a letter is, about."""
_PADDING_MM = 3.2
_LONGEST_TEXT = 34
"""Letters of a text that get a line of their own; longer ones are wrapped."""
_STRETCHED = 1.35


def printed_table(head: ReportHead, rows: Sequence[Row]) -> Data:
    """All that the layout knows."""
    words, language, zone = WORDS[head.language], language_of(head.language), ZoneInfo(head.time_zone)
    cells = [
        [breakable(shown(cell, column, language, zone)) for cell, column in zip(row, head.columns, strict=True)]
        for row in rows
    ]
    letters = [_letters(column, [row[number] for row in cells]) for number, column in enumerate(head.columns)]
    landscape, size_pt, widths_mm = _laid_out(letters)
    version = [] if head.data_version is None else [f"{words.version} {head.data_version}"]
    made_at = f"{words.made_at} {language.moment(head.made_at, zone)} ({head.time_zone})"
    return {
        "language": head.language,
        "title": head.title,
        "kind": head.kind,
        "organisation": head.organisation,
        "facts": [{"label": label, "value": value} for label, value in head.facts],
        "columns": [
            {"title": breakable(column.title), "right": is_right(column), "width": width}
            for column, width in zip(head.columns, widths_mm, strict=True)
        ],
        "rows": cells,
        "landscape": landscape,
        "size": size_pt,
        "none": words.none,
        "page": words.page,
        "foot": [*version, made_at],
        "unshown": words.unshown.format(mark=UNSHOWN),
    }


def shown(cell: Cell, column: Column, language: Language, zone: tzinfo) -> str:
    """A cell as people read it; nothing for what is no number."""
    match cell:
        case None:
            return ""
        case str():
            return cell
        case datetime():
            return language.moment(cell, zone)
        case date():
            return language.day(cell)
        case _ if column.kind is ColumnKind.SECONDS:
            return duration(cell)
        case _:
            return language.number(cell, column.decimals if column.kind is ColumnKind.DECIMAL else 0)


def is_right(column: Column) -> bool:
    """Whether the cells of a column stand to the right, as numbers do."""
    return column.kind in (ColumnKind.INTEGER, ColumnKind.DECIMAL, ColumnKind.SECONDS)


def _letters(column: Column, cells: Sequence[str]) -> int:
    """How many letters wide a column would like to be."""
    longest = max((len(cell) for cell in cells), default=0)
    if column.kind is ColumnKind.TEXT:
        longest = min(longest, _LONGEST_TEXT)
    longest_word = max(map(len, column.title.split()), default=0)
    return max(longest, min(longest_word, LONGEST_UNBROKEN) + 1, 3)


def _laid_out(letters: Sequence[int]) -> tuple[bool, float, list[float]]:
    """Upright if it fits, across if not, smaller if need be: whether across, the size, the widths of the columns."""
    widths: list[float] = []
    for size_pt in SIZES_PT:
        widths = [count * _LETTER_EM * size_pt * MM_A_POINT + _PADDING_MM for count in letters]
        if sum(widths) <= PORTRAIT_MM:
            return False, size_pt, _scaled(widths, PORTRAIT_MM)
        if sum(widths) <= LANDSCAPE_MM:
            return True, size_pt, _scaled(widths, LANDSCAPE_MM)
    return True, SIZES_PT[-1], _scaled(widths, LANDSCAPE_MM)


def _scaled(widths: Sequence[float], most: float) -> list[float]:
    """Stretched to the page, within reason, or pressed into it."""
    factor = min(_STRETCHED, most / max(sum(widths), 1.0))
    return [round(width * factor, 2) for width in widths]
