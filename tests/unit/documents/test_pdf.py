"""Tables on paper: their text by language, titles on each page, any text, and a refusal of what is too long."""

import asyncio
import contextlib
from io import BytesIO

import msgspec
import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from tests.golden import assert_golden
from tests.unit.documents.reading import a_report, pages, written
from tests.unit.documents.test_csv import COLUMNS, ROW
from trilha.adapters.documents import PdfWriter
from trilha.adapters.documents.pdf_writer import most_rows
from trilha.adapters.documents.press import ALWAYS_SHOWN, press
from trilha.adapters.documents.press_job import PressJob
from trilha.adapters.documents.printed_table import printed_table
from trilha.domain.reporting import Column, DocumentTooLong, Report, Row

TEXT = Column("a", "A")


def pressed(columns: tuple[Column, ...], *rows: Row, title: str = "Viagens") -> bytes:
    """In this process, because starting another one for each example takes too long."""
    head = a_report(columns, (), title=title).head
    return press(PressJob("table", printed_table(head, rows), head.made_at))


@pytest.mark.parametrize("language", ["pt-BR", "en"])
async def test_the_text_of_a_table_is_known(language: str) -> None:
    document = await written(PdfWriter(), a_report(COLUMNS, [ROW, (None,) * 6], language=language))
    (page,) = pages(document)
    assert_golden(f"tests/unit/golden/table.{language}.txt", page + "\n")


def test_titles_and_numbers_are_on_every_page() -> None:
    texts = pages(pressed(COLUMNS, *[ROW] * 120))
    assert len(texts) > 1
    for number, text in enumerate(texts, start=1):
        assert "Motorista" in text
        assert f"{number} / {len(texts)}" in text


def test_it_says_its_title_and_language_to_screen_readers() -> None:
    reader = PdfReader(BytesIO(pressed(COLUMNS, ROW)))
    assert reader.metadata is not None
    assert reader.metadata.title == "Viagens"
    assert reader.root_object["/Lang"] == "pt-BR"
    assert reader.xmp_metadata is not None
    assert "pdfuaid" in reader.xmp_metadata.rdf_root.toxml()


def test_many_columns_lie_across() -> None:
    box = PdfReader(BytesIO(pressed(COLUMNS * 2, ROW * 2))).pages[0].mediabox
    assert box.width > box.height
    box = PdfReader(BytesIO(pressed(COLUMNS, ROW))).pages[0].mediabox
    assert box.width < box.height


def test_a_report_without_rows_says_so() -> None:
    (page,) = pages(pressed(COLUMNS))
    assert "Nenhum registro." in page


def test_what_the_main_font_is_said_to_have_it_has() -> None:
    (page,) = pages(pressed((TEXT,), (" ".join(sorted(ALWAYS_SHOWN)),)))
    assert "□ está no lugar" not in page


def test_a_mark_that_no_font_can_place_does_not_take_its_letter_along() -> None:
    text = " ".join(pages(pressed((TEXT,), ("José",), ("a\u0b3c b\U000e0100 漢 e\u1ab0",))))
    assert "José" in text
    assert "□ está no lugar" in text


@settings(max_examples=25)
@given(st.text(), st.text(), st.lists(st.text(), max_size=4))
def test_any_text_is_printed(title: str, column: str, cells: list[str]) -> None:
    assert pressed((Column("a", column),), *[(cell,) for cell in cells], title=title).startswith(b"%PDF")


async def test_the_same_report_is_the_same_document() -> None:
    assert pressed(COLUMNS, ROW) == pressed(COLUMNS, ROW) == await written(PdfWriter(), a_report(COLUMNS, [ROW]))


def test_more_columns_allow_fewer_rows() -> None:
    assert (most_rows(1), most_rows(4), most_rows(10)) == (5_000, 5_000, 2_000)


async def test_what_is_too_long_is_refused_and_told_where_to_go() -> None:
    with pytest.raises(DocumentTooLong, match=r"5000 rows that pdf .* ask for xlsx"):
        await written(PdfWriter(), a_report((TEXT,), [("x",)] * 5_001))


async def test_what_will_be_too_long_is_refused_before_its_rows_are_read() -> None:
    report = a_report((TEXT,), iter(()))
    head = msgspec.structs.replace(report.head, expected_rows=5_001)
    with pytest.raises(DocumentTooLong):
        await written(PdfWriter(), Report(head, report.rows))


async def test_the_press_ends_with_who_waited_for_it() -> None:
    waiting = asyncio.ensure_future(written(PdfWriter(), a_report(COLUMNS * 2, [ROW * 2] * 1_600)))
    async with asyncio.timeout(60):
        while not any(map(is_at_work, psutil.Process().children())):  # noqa: ASYNC110 - a process gives no event
            await asyncio.sleep(0.01)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert not any(map(is_at_work, psutil.Process().children()))


def is_at_work(press: psutil.Process) -> bool:
    """Whether it has begun to set something, in memory of its own."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return "trilha.adapters.documents.press" in press.cmdline() and press.memory_info().rss > 80 * 2**20
    return False
