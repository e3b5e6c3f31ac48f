"""Which days a question is about, by the organisation's clocks."""

from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from trilha.application.ports import Clock
from trilha.domain.identity import Organisation, Organisations
from trilha.domain.kernel import DayRange, DomainError, InvalidValue, OrganisationId, require_years

MOST_DAYS: Final = 366
MOST_SHEET_DAYS: Final = 93
"""For questions that answer with every day or every stop."""
SCORED_DAYS: Final = 28
ONE_DAY: Final = timedelta(days=1)


class RangeTooLong(DomainError):
    """More days were asked for than one answer holds."""

    code = "performance.range_too_long"

    def __init__(self, asked: int, most: int) -> None:
        super().__init__(f"{asked} days are asked for, and one answer holds at most {most}: ask for them in parts")


class AskedDays(msgspec.Struct, frozen=True):
    """The first and the last day, as far as they were given."""

    first: date | None = None
    last: date | None = None

    def between(self, usual: DayRange, most: int) -> DayRange:
        """The days meant; a side that was not given is the usual one, or as near to it as the other side allows.

        Raises InvalidValue naming `to`, and RangeTooLong.
        """
        first = self.first or min(usual.first, self.last or usual.first)
        last = self.last or max(usual.last, first)
        if last < first:
            raise InvalidValue("to", last.isoformat(), f"a day not before from ({first.isoformat()})")
        days = DayRange(first, last)
        require_answerable(days, most)
        return days


def require_answerable(days: DayRange, most: int) -> None:
    """Raises InvalidValue for days that no zone has clocks for, and RangeTooLong."""
    require_years(days)
    if len(days) > most:
        raise RangeTooLong(len(days), most)


class Calendar(msgspec.Struct, frozen=True):
    """An organisation at a moment, on its own clocks."""

    organisation: Organisation
    zone: ZoneInfo
    now: datetime

    @property
    def today(self) -> date:
        """The local day."""
        return self.now.astimezone(self.zone).date()

    @property
    def month_so_far(self) -> DayRange:
        """From the first of the month up to today."""
        return DayRange(self.today.replace(day=1), self.today)

    @property
    def last_weeks(self) -> DayRange:
        """The four times seven days that are over."""
        return DayRange(self.today - SCORED_DAYS * ONE_DAY, self.today - ONE_DAY)


async def calendar_of(organisations: Organisations, organisation_id: OrganisationId, clock: Clock) -> Calendar:
    """Whose days, cut where, and which is today."""
    organisation = await organisations.get(organisation_id)
    return Calendar(organisation, ZoneInfo(organisation.time_zone), clock.now())
