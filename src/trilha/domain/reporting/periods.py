"""Which days a report is about, where nobody names them one by one."""

from datetime import date
from enum import StrEnum

from trilha.domain.kernel import DayRange
from trilha.domain.kernel.days import ONE_DAY

_DAYS_OF_A_WEEK = 7


class Period(StrEnum):
    """Days relative to a day, all of them over. A week goes from Monday to Sunday."""

    YESTERDAY = "yesterday"
    LAST_FULL_WEEK = "last_full_week"
    LAST_FULL_MONTH = "last_full_month"


def days_of(period: Period, today: date) -> DayRange:
    """The days of a period, seen from `today`."""
    match period:
        case Period.YESTERDAY:
            return DayRange(today - ONE_DAY, today - ONE_DAY)
        case Period.LAST_FULL_WEEK:
            monday = today - today.weekday() * ONE_DAY
            return DayRange(monday - _DAYS_OF_A_WEEK * ONE_DAY, monday - ONE_DAY)
        case Period.LAST_FULL_MONTH:
            last = today.replace(day=1) - ONE_DAY
            return DayRange(last.replace(day=1), last)
