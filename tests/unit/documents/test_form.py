"""The guidance form as people read it: its text by language, one page, whatever the names are."""

from collections.abc import Iterator
from datetime import date, datetime
from io import BytesIO
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader
from pypdf.generic import DictionaryObject

from tests.golden import assert_golden
from tests.unit.documents.pictures import assert_looks_like, drawn
from tests.unit.documents.reading import pages
from trilha.adapters.documents import TypstFormPrinter
from trilha.adapters.documents.specimen import specimen_form
from trilha.domain.kernel import DayRange, InvalidValue
from trilha.domain.performance import GuidanceForm, GuidanceLine, Severity, periods_of
from trilha.testing.strategies import instants, time_zones

GOLDEN = "tests/unit/golden"


@pytest.mark.parametrize("language", ["pt-BR", "en"])
def test_the_text_of_the_form_is_known(language: str) -> None:
    (page,) = pages(TypstFormPrinter().print(specimen_form(language)))
    assert_golden(f"{GOLDEN}/guidance_form.{language}.txt", page + "\n")


def test_the_form_looks_as_it_was_drawn() -> None:
    page = drawn(TypstFormPrinter().print(specimen_form()), scale=0.75)
    assert_looks_like(f"{GOLDEN}/guidance_form.png", page, most_different=0.005)


def test_the_same_form_is_the_same_document() -> None:
    assert TypstFormPrinter().print(specimen_form()) == TypstFormPrinter().print(specimen_form())


def large_form(types: int, columns: int) -> GuidanceForm:
    analysed = DayRange(date(2025, 7, 1) if columns <= 8 else date(2024, 11, 1), date(2025, 11, 26))
    periods = tuple(period.days for period in periods_of(analysed))[:columns]
    lines = tuple(
        GuidanceLine(f"Excesso de velocidade {number}", (number,) * columns, number * columns, Severity.HIGH)
        for number in range(1, types + 1)
    )
    return msgspec.structs.replace(
        specimen_form(),
        analysed=analysed,
        columns=periods,
        lines=lines,
        column_totals=(9,) * columns,
        total=9 * columns,
        corrections=(),
    )


def test_twelve_types_in_eight_periods_fit_a_page() -> None:
    assert len(pages(TypstFormPrinter().print(large_form(12, 8)))) == 1


@pytest.mark.parametrize(("types", "words"), [(5, 9), (9, 11), (13, 6), (16, 3), (40, 2)])
def test_remarks_and_signatures_stay_together_and_pages_are_counted(types: int, words: int) -> None:
    form = large_form(types, 8)
    texts = pages(TypstFormPrinter().print(msgspec.structs.replace(form, guidance=form.guidance * words)))
    assert [f"Página {number} de {len(texts)}" in text for number, text in enumerate(texts, start=1)] == [True] * len(
        texts
    )
    assert "Observações adicionais" in texts[-1]
    assert "Responsável de Recursos Humanos" in texts[-1]


def test_a_year_of_periods_fits_too() -> None:
    (first, *_) = pages(TypstFormPrinter().print(large_form(5, 16)))
    assert "Semana 22.11 a 26.11" in first.replace("\n", "")


def test_a_screen_reader_gets_the_heads_of_the_table_and_the_chart_in_words() -> None:
    reader = PdfReader(BytesIO(TypstFormPrinter().print(specimen_form())))
    tags = list(tags_below(reader.root_object["/StructTreeRoot"]))
    kinds = [tag["/S"] for tag in tags]
    assert kinds.count("/TH") == 8
    assert kinds.count("/H1") == 1
    (chart,) = [tag for tag in tags if tag["/S"] == "/Figure"]
    assert "Frenagem brusca: Setembro/2025 6, Outubro/2025 5" in chart["/Alt"]


def tags_below(tag: DictionaryObject) -> Iterator[DictionaryObject]:
    below = tag.get("/K", ())
    for one in below if isinstance(below, list) else (below,):
        found = one.get_object()
        if isinstance(found, DictionaryObject) and "/S" in found:
            yield found
            yield from tags_below(found)


def test_more_flows_to_the_next_page_which_says_of_whom_it_is() -> None:
    first, second = pages(TypstFormPrinter().print(large_form(30, 8)))
    assert "Página 1 de 2" in first
    assert "Maria José da Conceição" in second
    assert "Responsável de Recursos Humanos" in second


@settings(max_examples=8)
@given(instants(), time_zones())
def test_it_is_printed_at_any_moment_and_in_any_zone(moment: datetime, zone: ZoneInfo) -> None:
    form = msgspec.structs.replace(specimen_form(), made_at=moment, time_zone=zone.key)
    (page,) = pages(TypstFormPrinter().print(form))
    assert f"{moment.astimezone(zone):%H:%M:%S} ({zone.key})" in page


def test_a_driver_without_infractions_gets_the_page_with_a_sentence() -> None:
    form = msgspec.structs.replace(specimen_form(), columns=(), lines=(), column_totals=(), total=0, corrections=())
    (page,) = pages(TypstFormPrinter().print(form))
    assert "Nenhuma ocorrência foi registrada no período analisado." in page
    assert "Ocorrências por tipo e período" not in page


def test_without_a_badge_there_is_a_dash() -> None:
    (page,) = pages(TypstFormPrinter().print(msgspec.structs.replace(specimen_form(), badge=None)))
    assert "10234" not in page
    assert "–" in page  # noqa: RUF001


def test_what_no_font_has_is_said_and_hebrew_is_shown() -> None:
    form = msgspec.structs.replace(specimen_form(), driver_name="דוד 🚌")
    (page,) = pages(TypstFormPrinter().print(form))
    assert "□ está no lugar de um caractere" in page
    assert "🚌" not in page
    assert "דוד" in page


def test_a_name_is_never_markup() -> None:
    name = '#panic("x") *b* $x$ @a <b> \\ // [c] ` "'
    (page,) = pages(TypstFormPrinter().print(msgspec.structs.replace(specimen_form(), driver_name=name)))
    assert name in page.replace("\n", "")


@settings(max_examples=25)
@given(st.text(), st.text(), st.text())
def test_any_text_is_printed(name: str, company: str, guidance: str) -> None:
    form = msgspec.structs.replace(specimen_form(), driver_name=name, company=company, guidance=guidance)
    assert TypstFormPrinter().print(form).startswith(b"%PDF")


def test_a_language_that_is_not_written_is_refused() -> None:
    with pytest.raises(InvalidValue, match="pt-BR or en"):
        TypstFormPrinter().print(msgspec.structs.replace(specimen_form(), language="de"))
