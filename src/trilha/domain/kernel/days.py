"""Days as people count them: local calendar days, cut in a zone."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo

import msgspec

from trilha.domain.kernel.errors import InvalidValue
from trilha.domain.kernel.time import TimeRange

ONE_DAY = timedelta(days=1)
FIRST_YEAR, LAST_YEAR = 1970, 2999
"""Of days that somebody may ask about: far enough from the ends of the calendar to have clocks, and a next day."""
_FURTHEST_DAYS = 64


class DayRange(msgspec.Struct, frozen=True):
    """The calendar days from `first` to `last`, both included."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise InvalidValue("last", self.last.isoformat(), f"a day not before the first ({self.first.isoformat()})")

    def __contains__(self, day: date) -> bool:
        """Whether a day is one of them."""
        return self.first <= day <= self.last

    def __len__(self) -> int:
        """How many days."""
        return (self.last - self.first).days + 1

    def __iter__(self) -> Iterator[date]:
        """Each of them, in order."""
        return (self.first + timedelta(days=number) for number in range(len(self)))

    def instants(self, zone: tzinfo) -> TimeRange:
        """From the first moment of the first day to the last of the last, by the clocks of `zone`, in UTC.

        A day on which clocks change is 23 or 25 hours long.
        """
        return TimeRange(start_of_day(self.first, zone), start_of_day(self.last + ONE_DAY, zone))


def require_years(days: DayRange) -> None:
    """Raises InvalidValue naming `from` or `to` for days that nobody can mean, and no zone has clocks for."""
    for field, day in (("from", days.first), ("to", days.last)):
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise InvalidValue(field, day.isoformat(), f"a day of the years {FIRST_YEAR} to {LAST_YEAR}")


def start_of_day(day: date, zone: tzinfo) -> datetime:
    """The first moment of a local day, in UTC. Where midnight is left out by a change of clocks, the day begins after.

    >>> from zoneinfo import ZoneInfo
    >>> start_of_day(date(2018, 11, 4), ZoneInfo("America/Sao_Paulo")).isoformat()  # 00:00 became 01:00
    '2018-11-04T03:00:00+00:00'
    """
    return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)


def next_local(local_time: time, now: datetime, zone: tzinfo, on: Callable[[date], bool] = lambda _: True) -> datetime:
    """The next moment strictly after `now` that the clocks of `zone` show `local_time`, on the days that `on` takes.

    In the zone of `now`. A local time that a change of clocks leaves out is made up for right after the jump; one that
    comes twice counts the first time only. `on` has to take one day in any two months.
    """
    day = now.astimezone(zone).date()
    for number in range(_FURTHEST_DAYS):
        moment = datetime.combine(day + number * ONE_DAY, local_time, tzinfo=zone).astimezone(now.tzinfo)
        if moment > now and on(day + number * ONE_DAY):
            return moment
    raise AssertionError("a rhythm without a day in two months")
