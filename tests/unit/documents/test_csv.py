"""CSV for Excel in Brazil and elsewhere: separators, times, and nothing that calculates."""

import csv
import io
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.documents.reading import a_report, written
from trilha.adapters.documents import CsvWriter
from trilha.domain.reporting import Column, ColumnKind

COLUMNS = (
    Column("driver", "Motorista"),
    Column("day", "Dia", ColumnKind.DAY),
    Column("began", "Início", ColumnKind.TIME),
    Column("count", "Ocorrências", ColumnKind.INTEGER),
    Column("km", "Distância (km)", ColumnKind.DECIMAL),
    Column("time", "Duração", ColumnKind.SECONDS),
)
ROW = ("José", date(2025, 11, 1), datetime(2025, 11, 2, 1, 30, tzinfo=UTC), -3, 1234.5, 4000.4)


async def lines_of(columns: tuple[Column, ...], *rows: tuple[object, ...], language: str = "pt-BR") -> list[list[str]]:
    document = await written(CsvWriter(), a_report(columns, rows, language=language))
    separator = ";" if language == "pt-BR" else ","
    return list(csv.reader(io.StringIO(document.decode("utf-8-sig"), newline=""), delimiter=separator))


async def test_brazilian_excel_finds_its_separators_and_local_times() -> None:
    document = await written(CsvWriter(), a_report(COLUMNS, [ROW, (None,) * 6]))
    assert document.decode("utf-8").split("\r\n") == [
        "\ufeffMotorista;Dia;Início;Ocorrências;Distância (km);Duração",
        "José;2025-11-01;2025-11-01 22:30:00;-3;1234,5;1:06:40",
        ";;;;;",
        "",
    ]


async def test_english_has_commas_and_points() -> None:
    assert (await lines_of(COLUMNS, ROW, language="en"))[1] == [
        *("José", "2025-11-01", "2025-11-01 22:30:00", "-3", "1234.5", "1:06:40"),
    ]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1+1", "-1;2", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "＝1"])  # noqa: RUF001
async def test_text_that_would_calculate_is_text(text: str) -> None:
    assert (await lines_of((Column("a", text),), (text,))) == [["'" + text], ["'" + text]]


async def test_an_id_stays_an_id() -> None:
    assert (await lines_of((Column("a", "a"),), ("-7372181092478897411",)))[1] == ["-7372181092478897411"]


async def test_numbers_that_are_none_are_left_empty() -> None:
    columns = (Column("a", "a", ColumnKind.DECIMAL), Column("b", "b", ColumnKind.SECONDS))
    assert (await lines_of(columns, (float("nan"), float("inf"))))[1] == ["", ""]


@given(st.lists(st.tuples(st.text(), st.text()), max_size=5))
async def test_any_text_comes_back_and_never_as_a_formula(rows: list[tuple[str, str]]) -> None:
    lines = await lines_of((Column("a", "a"), Column("b", "b")), *rows)
    assert len(lines) == len(rows) + 1
    for line, row in zip(lines[1:], rows, strict=True):
        for cell, text in zip(line, row, strict=True):
            assert cell in (text, "'" + text)
            is_whole_number = cell.removeprefix("-").isascii() and cell.removeprefix("-").isdigit()
            assert is_whole_number or cell.lstrip(" ")[:1] not in set("=+-@\t\r\n")


async def test_a_row_that_does_not_fit_its_columns_is_a_fault() -> None:
    with pytest.raises(ValueError, match="longer"):
        await written(CsvWriter(), a_report(COLUMNS, [("José",)]))
