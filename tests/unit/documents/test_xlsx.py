"""Spreadsheets, read back by another library: values by kind, nothing that calculates, no leftovers."""

import tempfile
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from tests.unit.documents.reading import a_report, written
from tests.unit.documents.test_csv import COLUMNS, ROW
from trilha.adapters.documents import XlsxWriter
from trilha.domain.reporting import Column, ColumnKind, Row

TEXT = Column("a", "A")


def local(*parts: int) -> datetime:
    """What a spreadsheet knows of a time: no zone."""
    return datetime(*parts, tzinfo=UTC).replace(tzinfo=None)


def left_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def read(columns: tuple[Column, ...], *rows: Row, rows_a_sheet: int = 1_000) -> Workbook:
    return load_workbook(BytesIO(await written(XlsxWriter(rows_a_sheet), a_report(columns, rows))))


async def cells(columns: tuple[Column, ...], *rows: Row) -> list[tuple[object, ...]]:
    return list((await read(columns, *rows))["Dados"].values)[1:]


async def test_values_keep_their_kind_and_times_go_by_the_clocks_of_the_zone() -> None:
    sheet = (await read(COLUMNS, ROW, (None,) * 6))["Dados"]
    assert [cell.value for cell in sheet[1]] == [column.title for column in COLUMNS]
    assert [cell.value for cell in sheet[2]] == [
        *("José", local(2025, 11, 1), local(2025, 11, 1, 22, 30), -3, 1234.5),
        timedelta(hours=1, minutes=6, seconds=40, milliseconds=400),
    ]
    assert [cell.number_format for cell in sheet[2]] == [
        *("@", "dd/mm/yyyy", "dd/mm/yyyy hh:mm:ss", "#,##0", "#,##0.00", "[h]:mm:ss"),
    ]
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:F3"
    assert sheet.max_row in (2, 3)


async def test_the_second_sheet_says_what_the_rows_are() -> None:
    about = dict(list((await read((TEXT,)))["Sobre"].values)[2:])
    assert about == {
        "Organização": "Viação Exemplo Ltda.",
        "Período": "01/11/2025 a 26/11/2025",
        "Emitido em": "26/11/2025 14:42:05",
        "Fuso horário": "America/Sao_Paulo",
        "Versão dos dados": "7c1e90ab",
    }


async def test_rows_beyond_a_sheet_go_on_in_the_next() -> None:
    book = await read((TEXT,), ("1",), ("2",), ("3",), rows_a_sheet=2)
    assert book.sheetnames == ["Dados", "Dados 2", "Sobre"]
    assert [list(book[name].values) for name in book.sheetnames[:2]] == [[("A",), ("1",), ("2",)], [("A",), ("3",)]]


async def test_what_a_spreadsheet_would_round_or_cannot_hold_is_text() -> None:
    kinds = (ColumnKind.INTEGER, ColumnKind.DAY, ColumnKind.SECONDS, ColumnKind.DECIMAL)
    row = (2**63 - 1, date(1899, 12, 31), -61.0, float("nan"))
    assert await cells(tuple(Column(kind, kind, kind) for kind in kinds), row) == [
        ("9223372036854775807", "1899-12-31", "-0:01:01", None)
    ]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "{=1+1}", "http://x.example", "007", "_x0041_"])
async def test_text_stays_text(text: str) -> None:
    sheet = (await read((TEXT,), (text,)))["Dados"]
    assert (sheet["A2"].data_type, sheet["A2"].hyperlink) == ("s", None)
    assert sheet["A2"].value in (text, text.replace("_x", "_x005F_x"))


async def test_text_that_looks_like_markup_of_the_library_is_no_way_in() -> None:
    attack = '<r><t>x</t></r></is></c><c r="B2"><f>1+1</f></c><c r="C2" t="inlineStr"><is><r><t>y</t></r>'
    sheet = (await read((TEXT, Column("b", "B")), (attack, "b")))["Dados"]
    assert (sheet["A2"].value, sheet["B2"].value) == (attack + " ", "b")


async def test_text_that_is_too_long_is_cut_and_shows_it() -> None:
    ((text,),) = await cells((TEXT,), ("🚌" * 20_000,))
    assert isinstance(text, str)
    assert len(text.encode("utf-16-le")) // 2 <= 32_767
    assert text.endswith("…")


@settings(max_examples=40)
@given(st.lists(st.tuples(st.text(), st.text()), max_size=4))
async def test_any_text_comes_back_and_never_as_a_formula(rows: list[tuple[str, str]]) -> None:
    document = await written(XlsxWriter(), a_report((TEXT, Column("b", "B")), rows))
    with ZipFile(BytesIO(document)) as zipped:
        assert b"<f>" not in zipped.read("xl/worksheets/sheet1.xml")
    sheet = load_workbook(BytesIO(document))["Dados"]
    for number, row in enumerate(rows, start=2):
        for cell, text in zip(sheet[number], row, strict=False):
            assert cell.data_type in ("s", "n")
            assert readable(cell.value or "") == readable(text)


def readable(text: object) -> str:
    kept = str(text).replace("\r\n", "\n").replace("\r", "\n").replace("_x005F_", "_")
    return "".join(character if character.isprintable() or character in "\t\n" else "\ufffd" for character in kept)


async def test_the_same_report_is_the_same_document() -> None:
    first, second = [await written(XlsxWriter(), a_report(COLUMNS, [ROW] * 9)) for _ in range(2)]
    assert first == second


async def test_nothing_is_left_when_somebody_stops_listening(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    pieces = XlsxWriter().write(a_report((TEXT,), [("x",)] * 3_000))
    await anext(pieces)
    assert left_in(tmp_path)
    await pieces.aclose()
    assert not left_in(tmp_path)


async def test_nothing_is_left_when_the_rows_break(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def breaking() -> Iterator[Row]:
        yield from [("x",)] * 1_200
        raise LookupError("the rows broke")

    with pytest.raises(LookupError, match="the rows broke"):
        await written(XlsxWriter(), a_report((TEXT,), breaking()))
    assert not left_in(tmp_path)


async def peak_of(rows: int) -> int:
    report = a_report(COLUMNS, ((f"José {number}", *ROW[1:]) for number in range(rows)))
    tracemalloc.start()
    async for _ in XlsxWriter().write(report):
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


async def test_five_times_the_rows_need_no_more_memory() -> None:
    await peak_of(10)
    few, many = await peak_of(600), await peak_of(3_000)
    assert many < few + 300_000


async def test_times_are_those_of_utc_seen_elsewhere() -> None:
    column = (Column("t", "t", ColumnKind.TIME),)
    assert await cells(column, (datetime(2018, 2, 18, 2, tzinfo=UTC),)) == [(local(2018, 2, 17, 23),)]
