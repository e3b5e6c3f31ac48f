"""How days, times and numbers are written, by language."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from trilha.adapters.documents.language import duration, language_of
from trilha.domain.kernel import DayRange, InvalidValue

BRASILIA = ZoneInfo("America/Sao_Paulo")


@pytest.mark.parametrize(
    ("tag", "day", "long", "first", "span", "number"),
    [
        (
            "pt-BR",
            "07/03/2025",
            "7 de março de 2025",
            "1º de março de 2025",
            "01/03/2025 a 07/03/2025",
            "-1.234.567,50",
        ),
        ("en", "7 Mar 2025", "7 March 2025", "1 March 2025", "1 Mar 2025 to 7 Mar 2025", "-1,234,567.50"),
    ],
)
def test_each_language_writes_its_own_way(tag: str, day: str, long: str, first: str, span: str, number: str) -> None:
    language = language_of(tag)
    days = DayRange(date(2025, 3, 1), date(2025, 3, 7))
    assert (language.day(days.last), language.long_day(days.last), language.long_day(days.first)) == (day, long, first)
    assert language.span(days) == span
    assert language.number(-1234567.5, 2) == number
    assert language.number(float("nan")) == ""


def test_a_moment_is_shown_by_the_clocks_of_the_zone() -> None:
    moment = datetime(2018, 2, 18, 1, 30, tzinfo=UTC)
    assert language_of("pt-BR").moment(moment, BRASILIA) == "17/02/2018 23:30:00"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0:00:00"),
        (59.5, "0:01:00"),
        (3_661, "1:01:01"),
        (360_000, "100:00:00"),
        (-61, "-0:01:01"),
        (-0.2, "0:00:00"),
    ],
)
def test_durations_have_hours_minutes_and_seconds(seconds: float, text: str) -> None:
    assert duration(seconds) == text
    assert duration(float("inf")) == ""


def test_other_languages_are_refused() -> None:
    with pytest.raises(InvalidValue, match="pt-BR or en"):
        language_of("pt")
