"""The form says what the report says, and what was said otherwise before."""

from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given

from tests.made import NOON, kind, kinds, rated, tallies, tally
from trilha.domain.kernel import DayRange, InvalidValue
from trilha.domain.performance import (
    EventKind,
    GuidanceTexts,
    InfractionsReport,
    Letterhead,
    PerformanceSettings,
    PrintedForm,
    SeverityThresholds,
    Tally,
    build_report,
    make_form,
    printed_form,
    reference_periods,
)

PERIODS = reference_periods(date(2025, 11, 30))
LATER = NOON + timedelta(days=1)
HEAD = Letterhead("Viação Aurora", "America/Sao_Paulo", "pt-BR", PerformanceSettings(city="Brasília"))


def report_of(*counted: Tally, known: list[EventKind] | None = None) -> InfractionsReport:
    return build_report(counted, PERIODS, known or [kind(1, "Freada"), kind(2, "Ócio")], SeverityThresholds())


def given_out(report: InfractionsReport) -> PrintedForm:
    return printed_form(UUID(int=1), rated(), make_form(report, rated(), HEAD, NOON), report)


@given(counted=tallies, known=kinds)
def test_a_form_shows_the_report(counted: list[Tally], known: list[EventKind]) -> None:
    report = build_report(counted, PERIODS, known, SeverityThresholds())
    form = make_form(report, rated(), HEAD, NOON)
    assert form.columns == tuple(column.days for column in report.columns)
    assert [(line.description, line.counts, line.total, line.severity) for line in form.lines] == [
        (row.description, row.counts, row.total, row.severity) for row in report.rows
    ]
    assert (form.total, form.column_totals, form.data_version) == (
        report.total,
        report.column_totals,
        report.data_version,
    )


def test_a_form_names_who_where_and_when() -> None:
    form = make_form(report_of(tally(1, 0, 4)), rated(), HEAD, NOON)
    assert (form.driver_name, form.badge, form.city, form.company) == (
        "Ana Conceição",
        "B-11",
        "Brasília",
        HEAD.company,
    )
    assert (form.guided_on, form.analysed) == (date(2025, 11, 30), DayRange(date(2025, 9, 1), date(2025, 11, 30)))
    for told in ("Viação Aurora", "Ana Conceição", "01/09/2025", "30/11/2025", ": 4)"):
        assert told in form.guidance


def test_the_text_is_the_organisations_own() -> None:
    texts = GuidanceTexts(pt_br="{driver} ({badge}), {total}", en="{{braces}} {first_day}")
    own = PerformanceSettings(guidance=texts)
    portuguese = make_form(report_of(), rated(), Letterhead("X", "UTC", "pt-BR", own), NOON)
    english = make_form(report_of(), rated(), Letterhead("X", "UTC", "en", own), NOON)
    assert portuguese.guidance == "Ana Conceição (B-11), 0"
    assert english.guidance == "{braces} 1 September 2025"


@pytest.mark.parametrize("text", ["{name}", "{total.__class__}", "{total!r}", "{total:>9}", "{", "{0}", "{}", "", "\0"])
def test_a_text_with_other_braces_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue, match="pt-BR"):
        GuidanceTexts(pt_br=text)


def test_a_city_that_cannot_be_printed_is_refused() -> None:
    with pytest.raises(InvalidValue, match="city"):
        PerformanceSettings(city="Bra\nsília")


def test_an_amendment_after_printing_is_noted_with_what_was_said_before() -> None:
    """One count fell, one type vanished with its column, one came new."""
    before = report_of(tally(1, 0, 4), tally(2, 1, 2))
    after = report_of(tally(1, 0, 3), tally(1, 2, 5))
    form = make_form(after, rated(), HEAD, LATER, given_out(before))
    noted = [(one.description, one.days.first, one.before, one.after) for one in form.corrections]
    assert noted == [
        ("Freada", date(2025, 9, 1), 4, 3),
        ("Freada", date(2025, 11, 1), 0, 5),
        ("Ócio", date(2025, 10, 1), 2, 0),
    ]
    assert (form.corrects_version, form.corrects_printed_at) == (before.data_version, NOON)


@given(counted=tallies, changed=tallies, known=kinds)
def test_corrections_lead_from_the_old_counts_to_the_new(
    counted: list[Tally], changed: list[Tally], known: list[EventKind]
) -> None:
    before, after = (build_report(one, PERIODS, known, SeverityThresholds()) for one in (counted, changed))
    form = make_form(after, rated(), HEAD, LATER, given_out(before))
    assert before.total + sum(one.after - one.before for one in form.corrections) == after.total
    assert bool(form.corrections) == (before.counts != after.counts) == (form.corrects_version is not None)
    assert bool(form.corrections) == (before.data_version != after.data_version)


def test_a_renamed_type_is_no_correction() -> None:
    before = report_of(tally(1, 0, 4))
    after = report_of(tally(1, 0, 4), known=[kind(1, "Frenagem")])
    form = make_form(after, rated(name="Ana C. Souza"), HEAD, LATER, given_out(before))
    assert (form.corrections, form.corrects_version) == ((), None)
    assert (form.driver_name, form.lines[0].description) == ("Ana C. Souza", "Frenagem")
