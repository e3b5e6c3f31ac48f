"""Counting the infractions of one driver, up to a reference date or over free days."""

from datetime import date

import msgspec

from trilha.application.performance.asked_days import MOST_DAYS, AskedDays, Calendar, require_answerable
from trilha.application.performance.choices import settings_in_force
from trilha.application.performance.shelf import Shelf
from trilha.domain.kernel import DayRange, DriverId, InvalidValue, OrganisationId
from trilha.domain.performance import (
    InfractionsReport,
    Letterhead,
    PerformanceSettings,
    Rated,
    build_report,
    periods_of,
    reference_window,
)


class InfractionsQuestion(msgspec.Struct, frozen=True):
    """Whose, and when: up to a reference date (today unless told otherwise), or free days."""

    organisation_id: OrganisationId
    driver_id: DriverId
    reference: date | None = None
    asked: AskedDays = AskedDays()


class Infractions(msgspec.Struct, frozen=True):
    """The report of a driver, with what a form needs besides."""

    calendar: Calendar
    driver: Rated
    report: InfractionsReport
    settings: PerformanceSettings

    def letterhead(self, language: str) -> Letterhead:
        """Who guides the driver."""
        organisation = self.calendar.organisation
        return Letterhead(organisation.name, organisation.time_zone, language, self.settings)


class CountInfractions:
    """Asked anew each time: amendments and classifications made a moment ago are in the answer."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    async def __call__(self, question: InfractionsQuestion) -> Infractions:
        """Raises NotFound for a driver that nobody knows, InvalidValue, RangeTooLong."""
        organisation_id, driver_id = question.organisation_id, question.driver_id
        calendar = await self._shelf.calendar(organisation_id)
        periods = periods_of(_days(question, calendar))
        driver = await self._shelf.roster.driver(organisation_id, driver_id)
        kinds = await self._shelf.roster.event_kinds(organisation_id)
        spans = [period.days for period in periods]
        tallies = await self._shelf.records.tallies(organisation_id, spans, calendar.zone, drivers=[driver_id])
        async with self._shelf.units(organisation_id) as unit:
            settings = await settings_in_force(unit)
        report = build_report(tallies, periods, kinds, settings.severity)
        return Infractions(calendar, driver, report, settings)

    async def days(self, question: InfractionsQuestion) -> DayRange:
        """Which days that are; raises InvalidValue, RangeTooLong."""
        return _days(question, await self._shelf.calendar(question.organisation_id))


def _days(question: InfractionsQuestion, calendar: Calendar) -> DayRange:
    if question.asked == AskedDays():
        days = reference_window(question.reference or calendar.today)
        require_answerable(days, MOST_DAYS)
        return days
    if question.reference is not None:
        raise InvalidValue("reference", question.reference.isoformat(), "none where from or to is given")
    return question.asked.between(calendar.month_so_far, MOST_DAYS)
