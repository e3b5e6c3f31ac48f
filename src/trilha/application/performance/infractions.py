"""Counting the infractions of one driver, up to a reference date or over free days."""

from datetime import date

import msgspec

from trilha.application.performance.asked_days import MOST_DAYS, AskedDays, Calendar, calendar_of, require_answerable
from trilha.application.performance.choices import Units, settings_in_force
from trilha.application.ports import Clock
from trilha.domain.identity import Organisations
from trilha.domain.kernel import DayRange, DriverId, InvalidValue, OrganisationId
from trilha.domain.performance import (
    DrivingRecords,
    InfractionsReport,
    Letterhead,
    PerformanceSettings,
    Rated,
    Roster,
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

    def __init__(
        self, *, records: DrivingRecords, roster: Roster, organisations: Organisations, units: Units, clock: Clock
    ) -> None:
        self._records = records
        self._roster = roster
        self._organisations = organisations
        self._units = units
        self._clock = clock

    async def __call__(self, question: InfractionsQuestion) -> Infractions:
        """Raises NotFound for a driver that nobody knows, InvalidValue, RangeTooLong."""
        organisation_id, driver_id = question.organisation_id, question.driver_id
        calendar = await calendar_of(self._organisations, organisation_id, self._clock)
        periods = periods_of(_days(question, calendar))
        driver = await self._roster.driver(organisation_id, driver_id)
        kinds = await self._roster.event_kinds(organisation_id)
        spans = [period.days for period in periods]
        tallies = await self._records.tallies(organisation_id, spans, calendar.zone, drivers=[driver_id])
        async with self._units(organisation_id) as unit:
            settings = await settings_in_force(unit)
        report = build_report(tallies, periods, kinds, settings.severity)
        return Infractions(calendar, driver, report, settings)


def _days(question: InfractionsQuestion, calendar: Calendar) -> DayRange:
    if question.asked == AskedDays():
        days = reference_window(question.reference or calendar.today)
        require_answerable(days, MOST_DAYS)
        return days
    if question.reference is not None:
        raise InvalidValue("reference", question.reference.isoformat(), "none where from or to is given")
    return question.asked.between(calendar.month_so_far, MOST_DAYS)
