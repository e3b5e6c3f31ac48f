"""The columns of an infractions report: whole months, then the weeks of the last one.

A week starts on the 1st and runs seven days (1-7, 8-14, 15-21, 22-28, 29-31); these are not ISO weeks. A week is cut
at the reference date, and a month at the start of a free range.
"""

from datetime import MAXYEAR, MINYEAR, date, timedelta
from enum import StrEnum

import msgspec

from trilha.domain.kernel import DayRange, InvalidValue

WEEK = timedelta(days=7)
ONE_DAY = timedelta(days=1)
MONTHS_BEFORE = 2


class PeriodKind(StrEnum):
    """How a period is spoken of."""

    MONTH = "month"
    WEEK = "week"


class Period(msgspec.Struct, frozen=True):
    """Days that are counted together; only the days at the ends of a window may make one shorter than its name."""

    kind: PeriodKind
    days: DayRange


def reference_window(reference: date) -> DayRange:
    """From the first day of the month two months before up to the reference date.

    Raises InvalidValue for a date at either end of the calendar, where there are no such days.
    """
    if not MINYEAR < reference.year < MAXYEAR:
        raise InvalidValue("reference", reference.isoformat(), f"a day of the years {MINYEAR + 1} to {MAXYEAR - 1}")
    first = reference.replace(day=1)
    for _ in range(MONTHS_BEFORE):
        first = (first - ONE_DAY).replace(day=1)
    return DayRange(first, reference)


def reference_periods(reference: date) -> tuple[Period, ...]:
    """The two whole months before the reference date's, then the weeks of its month up to it; oldest first.

    >>> [str(period.days.first) for period in reference_periods(date(2025, 11, 9))]
    ['2025-09-01', '2025-10-01', '2025-11-01', '2025-11-08']
    """
    return periods_of(reference_window(reference))


def periods_of(window: DayRange) -> tuple[Period, ...]:
    """The months of a window, the first one cut at its start, but the last month by its weeks; oldest first.

    They lie side by side, without overlap, and cover the window exactly.
    """
    periods: list[Period] = []
    first = window.first
    while (first.year, first.month) != (window.last.year, window.last.month):
        following = (first.replace(day=28) + WEEK).replace(day=1)
        periods.append(Period(PeriodKind.MONTH, DayRange(first, following - ONE_DAY)))
        first = following
    while first <= window.last:
        ends = min(_end_of_week(first), window.last)
        periods.append(Period(PeriodKind.WEEK, DayRange(first, ends)))
        if ends == window.last:
            break
        first = ends + ONE_DAY
    return tuple(periods)


def weeks_up_to(last: date, number: int) -> tuple[DayRange, ...]:
    """So many times seven days that end with `last`, oldest first: what a trend is drawn over."""
    ends = [last - back * WEEK for back in range(number - 1, -1, -1)]
    return tuple(DayRange(end - WEEK + ONE_DAY, end) for end in ends)


def _end_of_week(day: date) -> date:
    """The 7th, 14th, 21st, 28th, or the end of the month."""
    if day.day > 4 * WEEK.days:
        return (day.replace(day=28) + WEEK).replace(day=1) - ONE_DAY
    return day.replace(day=-(-day.day // WEEK.days) * WEEK.days)
