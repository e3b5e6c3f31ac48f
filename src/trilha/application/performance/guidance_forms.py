"""Guidance forms: looked at, given out, found again as they were given out."""

from datetime import datetime
from uuid import UUID

import msgspec

from trilha.application.answering_once import answered_before, keep_answer
from trilha.application.paging import decode_cursor, encode_cursor
from trilha.application.performance.choices import Units
from trilha.application.performance.infractions import CountInfractions, Infractions, InfractionsQuestion
from trilha.application.performance.views import PrintedFormView, printed_form_view
from trilha.application.ports import IdempotencyScope, IdSource, Page, PageRequest, PerformanceUnitOfWork
from trilha.domain.kernel import DriverId, NotFound, OrganisationId
from trilha.domain.performance import (
    FormPrinted,
    GuidanceForm,
    PrintedForm,
    Roster,
    make_form,
    printed_form,
)

LISTING = "guidance-forms"


class PrintGuidanceFormCommand(msgspec.Struct, frozen=True):
    """Whose form, of when, in which language; `scope` makes a repeated request harmless."""

    question: InfractionsQuestion
    language: str
    scope: IdempotencyScope | None = None


class PreviewGuidanceForm:
    """The form as it would be printed now. Nothing is kept."""

    def __init__(self, *, count: CountInfractions, units: Units) -> None:
        self._count = count
        self._units = units

    async def __call__(self, question: InfractionsQuestion, language: str) -> GuidanceForm:
        """Raises NotFound, InvalidValue, RangeTooLong."""
        found = await self._count(question)
        async with self._units(question.organisation_id) as unit:
            return await _form_of(unit, found, language)


class PrintGuidanceForm:
    """Gives a form out: it is kept with its counts, and the next one for the same days notes what differs."""

    def __init__(self, *, count: CountInfractions, units: Units, ids: IdSource) -> None:
        self._count = count
        self._units = units
        self._ids = ids

    async def __call__(self, command: PrintGuidanceFormCommand) -> PrintedFormView:
        """Raises NotFound, InvalidValue, RangeTooLong."""
        question = command.question
        found = await self._count(question)
        async with self._units(question.organisation_id) as unit:
            answer = await answered_before(unit.idempotency, command.scope, PrintedFormView)
            if answer is not None:
                return answer
            form = await _form_of(unit, found, command.language)
            printed = printed_form(self._ids.new(), found.driver, form, found.report)
            await unit.printed_forms.add(printed)
            unit.record(_told(printed))
            view = printed_form_view(printed)
            await keep_answer(unit.idempotency, command.scope, view, printed.printed_at)
            await unit.commit()
        return view


class FindGuidanceForm:
    """A form as it was given out."""

    def __init__(self, *, units: Units) -> None:
        self._units = units

    async def __call__(self, organisation_id: OrganisationId, driver_id: DriverId, form_id: UUID) -> PrintedForm:
        """Raises NotFound, also for a form of another driver."""
        async with self._units(organisation_id) as unit:
            found = await unit.printed_forms.get(form_id)
        if found is None or found.driver_id != driver_id:
            raise NotFound("guidance form", form_id)
        return found


class ListGuidanceForms:
    """The forms of a driver, newest first."""

    def __init__(self, *, units: Units, roster: Roster) -> None:
        self._units = units
        self._roster = roster

    async def __call__(
        self, organisation_id: OrganisationId, driver_id: DriverId, page: PageRequest
    ) -> Page[PrintedFormView]:
        """Raises NotFound for a driver without forms that nobody knows, InvalidValue for a cursor of another list."""
        before = None if page.cursor is None else decode_cursor(LISTING, page.cursor, tuple[datetime, UUID])
        async with self._units(organisation_id) as unit:
            found = await unit.printed_forms.of_driver(driver_id, page.limit + 1, before)
        if not found:
            await self._roster.driver(organisation_id, driver_id)
        shown = found[: page.limit]
        more = len(found) > page.limit
        return Page(
            items=[printed_form_view(one) for one in shown],
            next_cursor=encode_cursor(LISTING, (shown[-1].printed_at, shown[-1].id)) if more else None,
        )


async def _form_of(unit: PerformanceUnitOfWork, found: Infractions, language: str) -> GuidanceForm:
    last = await unit.printed_forms.last(found.driver.driver_id, found.report.window)
    return make_form(found.report, found.driver, found.letterhead(language), found.calendar.now, last)


def _told(printed: PrintedForm) -> FormPrinted:
    return FormPrinted(
        form_id=printed.id,
        driver_id=str(printed.driver_id),
        first_day=printed.form.analysed.first,
        last_day=printed.form.analysed.last,
        data_version=printed.form.data_version,
        printed_at=printed.printed_at,
        corrects_version=printed.form.corrects_version,
    )
