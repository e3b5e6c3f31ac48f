"""Days as people count them: local calendar days, cut in a zone."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo

import msgspec

from trilha.domain.kernel.errors import InvalidValue
from trilha.domain.kernel.time import TimeRange

ONE_DAY = timedelta(days=1)


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


def start_of_day(day: date, zone: tzinfo) -> datetime:
    """The first moment of a local day, in UTC. Where midnight is left out by a change of clocks, the day begins after.

    >>> from zoneinfo import ZoneInfo
    >>> start_of_day(date(2018, 11, 4), ZoneInfo("America/Sao_Paulo")).isoformat()  # 00:00 became 01:00
    '2018-11-04T03:00:00+00:00'
    """
    return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)
