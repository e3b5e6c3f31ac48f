"""The calendar days that counts are kept by, with the instants at which each begins and ends."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta, tzinfo

import msgspec

from trilha.domain.kernel import DayRange, start_of_day


class LocalDay(msgspec.Struct, frozen=True):
    """A day by the clocks of a zone: the instants from `start` up to but without `end`, in UTC."""

    day: date
    start: datetime
    end: datetime


def local_day(day: date, zone: tzinfo) -> LocalDay:
    """That day; one that a zone left out, as Samoa did one in 2011, has no length."""
    return LocalDay(day, start_of_day(day, zone), start_of_day(day + timedelta(days=1), zone))


def local_days(spans: Iterable[DayRange], zone: tzinfo) -> list[LocalDay]:
    """Each day that lies in any of the spans, once, in order."""
    days = {day for span in spans for day in span}
    return [local_day(day, zone) for day in sorted(days)]
