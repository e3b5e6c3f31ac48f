"""Weeks start on the 1st; the columns of a report cover its days, all of them, once."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.made import days
from trilha.domain.kernel import DayRange, InvalidValue
from trilha.domain.performance import Period, PeriodKind, periods_of, reference_periods, reference_window, weeks_up_to

MONTH, WEEK = PeriodKind.MONTH, PeriodKind.WEEK


def spans(periods: tuple[Period, ...]) -> list[str]:
    return [f"{one.kind} {one.days.first:%d.%m.%y}-{one.days.last:%d.%m.%y}" for one in periods]


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        (date(2025, 11, 3), ["month 01.09.25-30.09.25", "month 01.10.25-31.10.25", "week 01.11.25-03.11.25"]),
        (
            date(2026, 1, 31),
            [
                "month 01.11.25-30.11.25",
                "month 01.12.25-31.12.25",
                "week 01.01.26-07.01.26",
                "week 08.01.26-14.01.26",
                "week 15.01.26-21.01.26",
                "week 22.01.26-28.01.26",
                "week 29.01.26-31.01.26",
            ],
        ),
        (
            date(2026, 2, 28),
            [
                "month 01.12.25-31.12.25",
                "month 01.01.26-31.01.26",
                "week 01.02.26-07.02.26",
                "week 08.02.26-14.02.26",
                "week 15.02.26-21.02.26",
                "week 22.02.26-28.02.26",
            ],
        ),
        (date(2024, 4, 1), ["month 01.02.24-29.02.24", "month 01.03.24-31.03.24", "week 01.04.24-01.04.24"]),
    ],
    ids=["first week", "year change", "february", "leap year"],
)
def test_two_months_then_the_weeks_of_the_reference(reference: date, expected: list[str]) -> None:
    assert spans(reference_periods(reference)) == expected


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (date(2026, 3, 10), date(2026, 3, 16), ["week 10.03.26-14.03.26", "week 15.03.26-16.03.26"]),
        (date(2026, 3, 10), date(2026, 4, 2), ["month 10.03.26-31.03.26", "week 01.04.26-02.04.26"]),
    ],
    ids=["within a month", "the first month is cut"],
)
def test_a_free_range_is_honoured_on_both_sides(first: date, last: date, expected: list[str]) -> None:
    assert spans(periods_of(DayRange(first, last))) == expected


@given(first=days, length=st.integers(min_value=0, max_value=400))
def test_periods_lie_side_by_side_and_cover_the_window(first: date, length: int) -> None:
    window = DayRange(first, first + timedelta(days=length))
    periods = periods_of(window)
    assert [day for period in periods for day in period.days] == list(window)
    for period in periods:
        assert period.days.first.month == period.days.last.month
        assert (period.kind is WEEK) == (period.days.first.replace(day=1) == window.last.replace(day=1))
        if period.kind is WEEK:
            assert (period.days.first.day - 1) // 7 == (period.days.last.day - 1) // 7
        elif period.days.first != window.first:
            assert period.days.first.day == 1


@given(reference=days)
def test_a_reference_is_looked_at_from_two_months_before(reference: date) -> None:
    window = reference_window(reference)
    months = (reference.year - window.first.year) * 12 + reference.month - window.first.month
    assert (window.first.day, window.last, months) == (1, reference, 2)
    assert [period.kind for period in reference_periods(reference)].count(MONTH) == 2


@pytest.mark.parametrize("reference", [date.min, date.max])
def test_a_reference_at_the_end_of_the_calendar_is_refused(reference: date) -> None:
    with pytest.raises(InvalidValue, match="reference"):
        reference_window(reference)


@given(last=days, number=st.integers(min_value=0, max_value=30))
def test_weeks_of_a_trend_end_with_the_last_day(last: date, number: int) -> None:
    weeks = weeks_up_to(last, number)
    covered = [day for week in weeks for day in week]
    assert covered == [last - timedelta(days=back) for back in range(7 * number - 1, -1, -1)]
    assert all(len(week) == 7 for week in weeks)
