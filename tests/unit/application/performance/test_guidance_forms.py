"""Infractions of a driver, and the form that is made of them, whatever changes before and after."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import msgspec
import pytest

from tests.driving import ANA, BIA, BRAKING, LINE, LOOSE, NOW, SPEEDING, STRANGER, Company, at
from trilha.application.performance.asked_days import AskedDays, RangeTooLong
from trilha.application.performance.guidance_forms import PrintGuidanceFormCommand
from trilha.application.performance.infractions import InfractionsQuestion
from trilha.application.performance.use_cases import PerformanceUseCases
from trilha.application.performance.views import PrintedFormView, infractions_view
from trilha.application.ports import IdempotencyScope, KeyReused, PageRequest
from trilha.domain.fleet import Classification, Driver, EventType
from trilha.domain.kernel import InvalidValue, NotFound, OrganisationId
from trilha.domain.performance import FormPrinted, InfractionsReport, PerformanceSettings, Severity, SeverityThresholds

TODAY = NOW.date()


def question(company: Company, driver: int = ANA, **asked: object) -> InfractionsQuestion:
    return InfractionsQuestion(company.id, driver, **asked)


async def counted(company: Company, ask: PerformanceUseCases, **asked: object) -> InfractionsReport:
    return (await ask.count_infractions(question(company, **asked))).report


async def printed(company: Company, ask: PerformanceUseCases, **asked: object) -> PrintedFormView:
    return await ask.print_form(PrintGuidanceFormCommand(question(company, **asked), "pt-BR"))


async def test_an_evening_counts_on_its_own_day(company: Company, ask: PerformanceUseCases) -> None:
    """22:30 in Brasilia is the next day in UTC; the 31st belongs to October, the 7th to the first week."""
    company.event(SPEEDING, at(date(2025, 10, 31), 22.5))
    company.event(SPEEDING, at(date(2025, 11, 7), 23.5), count=2)
    report = await counted(company, ask)
    assert [(column.days.first, total) for column, total in zip(report.columns, report.column_totals, strict=True)] == [
        (date(2025, 10, 1), 1),
        (date(2025, 11, 1), 2),
    ]


async def test_a_month_in_which_clocks_change_is_cut_by_its_clocks(company: Company, ask: PerformanceUseCases) -> None:
    """In 2018 Brasilia left out the first hour of 4 November: October ended at 03:00 UTC, the 3rd of November too."""
    company.event(SPEEDING, datetime(2018, 11, 1, 2, 59, tzinfo=UTC))
    company.event(SPEEDING, datetime(2018, 11, 1, 3, tzinfo=UTC), count=2)
    company.event(SPEEDING, datetime(2018, 12, 1, 1, 59, tzinfo=UTC), count=4)
    company.event(SPEEDING, datetime(2018, 12, 1, 2, tzinfo=UTC), count=8)
    report = await counted(company, ask, reference=date(2018, 12, 5))
    assert report.column_totals == (1, 6, 8)


async def test_today_is_the_organisations_and_the_future_is_not_counted(
    company: Company, ask: PerformanceUseCases
) -> None:
    company.clock.advance(timedelta(hours=11))  # 02:00 of the 10th in UTC
    company.event(SPEEDING, at(date(2025, 11, 10), 1))
    report = await counted(company, ask)
    assert (report.window.last, report.total) == (TODAY, 0)


async def test_a_driver_without_events_has_a_page_that_says_so(company: Company, ask: PerformanceUseCases) -> None:
    view = infractions_view(await ask.count_infractions(question(company, BIA)), "pt-BR")
    assert (view.total, view.rows, view.columns) == (0, (), ())
    assert view.message == "Nenhuma infração registrada no período analisado."
    assert [period.label for period in view.periods] == [
        "Setembro/2025",
        "Outubro/2025",
        "Semana 01.11 a 07.11",
        "Semana 08.11 a 09.11",
    ]


async def test_a_driver_nobody_knows_is_not_found(company: Company, ask: PerformanceUseCases) -> None:
    company.event(SPEEDING, at(TODAY), STRANGER)
    with pytest.raises(NotFound, match="driver with id 99"):
        await counted(company, ask, driver=STRANGER)


async def test_a_renamed_driver_keeps_its_counts(company: Company, ask: PerformanceUseCases) -> None:
    company.event(SPEEDING, at(TODAY))
    first = await printed(company, ask)
    company.add(Driver(ANA, "Ana Conceição Souza", "B-99", LINE))
    again = await printed(company, ask)
    assert (again.driver_name, again.total, again.data_version) == ("Ana Conceição Souza", 1, first.data_version)
    assert again.corrections == ()
    kept = await ask.find_form(company.id, ANA, UUID(first.id))
    assert (kept.form.driver_name, kept.form.badge) == ("Ana Conceição", "B-11")


async def test_what_a_driver_did_who_was_merged_counts_for_the_one_that_stays(
    company: Company, ask: PerformanceUseCases
) -> None:
    """The source tells a merge by an amendment of each record; the counts follow at once, and none is lost."""
    doubled = [company.event(SPEEDING, at(TODAY, hour)) for hour in (7, 8, 9)]
    company.event(SPEEDING, at(TODAY, 10), driver=BIA)
    assert [(await counted(company, ask, driver=one)).total for one in (ANA, BIA)] == [3, 1]
    for event_id in doubled:
        company.reassign(event_id, BIA)
    assert [(await counted(company, ask, driver=one)).total for one in (ANA, BIA)] == [0, 4]


async def test_what_is_classified_counts_from_then_on_also_in_the_past(
    company: Company, ask: PerformanceUseCases
) -> None:
    company.event(LOOSE, at(date(2025, 9, 1)), count=5)
    before = await counted(company, ask)
    company.add(EventType(LOOSE, "Evento novo", classification=Classification.DRIVING_INFRACTION))
    after = await counted(company, ask)
    assert (before.total, before.unclassified) == (0, 5)
    assert (after.total, after.unclassified) == (5, 0)


async def test_free_days_are_honoured_and_go_with_no_reference(company: Company, ask: PerformanceUseCases) -> None:
    company.event(SPEEDING, at(date(2025, 9, 9)))
    company.event(SPEEDING, at(date(2025, 9, 10)), count=2)
    asked = AskedDays(date(2025, 9, 10), date(2025, 10, 2))
    report = await counted(company, ask, asked=asked)
    assert (report.total, report.window.first) == (2, date(2025, 9, 10))
    with pytest.raises(InvalidValue, match="reference"):
        await counted(company, ask, asked=asked, reference=TODAY)
    with pytest.raises(RangeTooLong):
        await counted(company, ask, asked=AskedDays(date(2024, 1, 1), TODAY))
    with pytest.raises(InvalidValue, match="to is"):
        await counted(company, ask, asked=AskedDays(TODAY, date(2025, 1, 1)))


@pytest.mark.parametrize(
    "asked",
    [
        {"asked": AskedDays(last=date.max)},
        {"asked": AskedDays(date.min, date.min)},
        {"reference": date.max},
        {"reference": date(1970, 1, 1)},
    ],
)
async def test_days_that_no_clock_shows_are_refused(
    company: Company, ask: PerformanceUseCases, asked: dict[str, object]
) -> None:
    with pytest.raises((InvalidValue, RangeTooLong)):
        await counted(company, ask, **asked)


async def test_an_amendment_after_printing_is_noted_on_the_next_form(
    company: Company, ask: PerformanceUseCases
) -> None:
    """One event was taken back, one given to another driver; both forms stay as they were signed."""
    taken_back = company.event(SPEEDING, at(TODAY), count=3)
    given_away = company.event(BRAKING, at(date(2025, 10, 3)))
    first = await printed(company, ask)
    company.withdraw(taken_back)
    company.reassign(given_away, BIA)
    second = await printed(company, ask)
    assert (first.total, second.total) == (4, 0)
    assert [(one.description, one.before, one.after) for one in second.corrections] == [
        ("Excesso de velocidade", 3, 0),
        ("Freada brusca", 1, 0),
    ]
    assert second.corrects_version == first.data_version != second.data_version
    kept = await ask.find_form(company.id, ANA, UUID(first.id))
    assert (kept.form.total, kept.form.corrections) == (4, ())
    assert (await counted(company, ask, driver=BIA)).total == 1


async def test_a_form_is_told_of_once_it_is_printed_and_a_look_is_not(
    company: Company, ask: PerformanceUseCases
) -> None:
    company.event(SPEEDING, at(TODAY))
    shown = await ask.preview_form(question(company), "en")
    assert (shown.language, shown.total, shown.company) == ("en", 1, "Viação Aurora")
    assert company.database.outbox == {}
    made = await printed(company, ask)
    (envelope,) = company.database.outbox.values()
    told = msgspec.json.decode(envelope.data, type=FormPrinted)
    assert (str(told.form_id), told.driver_id, told.data_version) == (made.id, "11", made.data_version)
    assert (told.first_day, told.last_day) == (date(2025, 9, 1), TODAY)


async def test_settings_decide_what_the_form_says(company: Company, ask: PerformanceUseCases) -> None:
    company.event(SPEEDING, at(TODAY))
    settings = PerformanceSettings(city="Brasília", severity=SeverityThresholds(0, 0))
    await ask.decide_settings(company.id, settings)
    form = await ask.preview_form(question(company), "pt-BR")
    assert (form.city, form.lines[0].severity, form.time_zone) == ("Brasília", Severity.HIGH, "America/Sao_Paulo")


async def test_a_repeated_request_prints_once(company: Company, ask: PerformanceUseCases) -> None:
    scope = IdempotencyScope(company.id, "token", "POST /v1/x", "key", "digest")
    command = PrintGuidanceFormCommand(question(company), "pt-BR", scope)
    first = await ask.print_form(command)
    assert await ask.print_form(command) == first
    assert len(company.database.of(company.id).guidance_forms) == 1
    with pytest.raises(KeyReused):
        await ask.print_form(
            msgspec.structs.replace(command, scope=msgspec.structs.replace(scope, body_digest="other"))
        )


async def test_forms_are_listed_newest_first_page_by_page(company: Company, ask: PerformanceUseCases) -> None:
    made = []
    for _ in range(3):
        made.append((await printed(company, ask)).id)
        company.clock.advance(timedelta(minutes=1))
    first = await ask.list_forms(company.id, ANA, PageRequest(limit=2))
    rest = await ask.list_forms(company.id, ANA, PageRequest(limit=2, cursor=first.next_cursor))
    assert [one.id for one in (*first.items, *rest.items)] == made[::-1]
    assert rest.next_cursor is None
    assert list((await ask.list_forms(company.id, BIA, PageRequest())).items) == []
    with pytest.raises(NotFound):
        await ask.list_forms(company.id, STRANGER, PageRequest())


async def test_a_form_of_another_driver_or_organisation_is_not_found(
    company: Company, ask: PerformanceUseCases
) -> None:
    made = UUID((await printed(company, ask)).id)
    with pytest.raises(NotFound):
        await ask.find_form(company.id, BIA, made)
    with pytest.raises(NotFound):
        await ask.find_form(OrganisationId(made), ANA, made)
