"""Days, times and numbers as people write them, by language. The only place that knows; no locale is asked.

Columns of the guidance form are named as its readers know them: "Outubro/2025", "Semana 01.11 a 07.11".
"""

import math
from collections.abc import Mapping
from datetime import date, datetime, timedelta, tzinfo
from types import MappingProxyType

import msgspec

from trilha.domain.kernel import DayRange, InvalidValue

DAYS_A_WEEK = 7
_SECONDS_A_MINUTE = 60
_SECONDS_AN_HOUR = 3600


class Language(msgspec.Struct, frozen=True, kw_only=True):
    """How one language writes days and numbers. Patterns are filled with the parts of a date."""

    tag: str
    months: tuple[str, ...]
    short_months: tuple[str, ...]
    day_pattern: str
    long_day_pattern: str
    long_first_pattern: str
    """The first of a month, which Portuguese calls an ordinal."""
    month_pattern: str
    span_pattern: str
    week_pattern: str
    day_of_span_pattern: str
    decimal_mark: str
    group_mark: str

    def day(self, day: date) -> str:
        """A day for tables: 22/11/2025, 22 Nov 2025."""
        return self._filled(self.day_pattern, day)

    def long_day(self, day: date) -> str:
        """A day written out, as on letters."""
        return self._filled(self.long_first_pattern if day.day == 1 else self.long_day_pattern, day)

    def moment(self, moment: datetime, zone: tzinfo) -> str:
        """An instant by the clocks of a zone, to the second."""
        local = moment.astimezone(zone)
        return f"{self.day(local)} {local:%H:%M:%S}"

    def span(self, days: DayRange) -> str:
        """From one day to another, both with their year."""
        return self.span_pattern.format(first=self.day(days.first), last=self.day(days.last))

    def period(self, days: DayRange) -> str:
        """The name of a column: a whole month by its name, up to seven days as a week, others from and to."""
        if _is_month(days):
            return self._filled(self.month_pattern, days.first)
        pattern = self.week_pattern if len(days) <= DAYS_A_WEEK else self.span_pattern
        return pattern.format(
            first=self._filled(self.day_of_span_pattern, days.first),
            last=self._filled(self.day_of_span_pattern, days.last),
        )

    def number(self, value: float, decimals: int = 0) -> str:
        """A number with its thousands grouped; nothing for what is no number."""
        if not math.isfinite(value):
            return ""
        return f"{value:,.{decimals}f}".translate({ord(","): self.group_mark, ord("."): self.decimal_mark})

    def _filled(self, pattern: str, day: date) -> str:
        month = self.months[day.month - 1]
        return pattern.format(
            day=f"{day.day:02}",
            plain_day=day.day,
            month=f"{day.month:02}",
            month_name=month,
            month_title=month[0].upper() + month[1:],
            short_month=self.short_months[day.month - 1],
            year=f"{day.year:04}",
        )


def duration(seconds: float) -> str:
    """h:mm:ss, rounded to the second: the same in every language; nothing for what is no number."""
    if not math.isfinite(seconds):
        return ""
    whole = round(abs(seconds))
    minutes, rest = divmod(whole, _SECONDS_A_MINUTE)
    hours, minutes = divmod(minutes, _SECONDS_AN_HOUR // _SECONDS_A_MINUTE)
    return f"{'-' if seconds < 0 and whole else ''}{hours}:{minutes:02}:{rest:02}"


def language_of(tag: str) -> Language:
    """The language by its tag (BCP 47); raises InvalidValue for one that Trilha does not write."""
    if tag not in _LANGUAGES:
        raise InvalidValue("language", tag, " or ".join(_LANGUAGES))
    return _LANGUAGES[tag]


def _is_month(days: DayRange) -> bool:
    first, last = days.first, days.last
    return first.day == 1 and (last.year, last.month) == (first.year, first.month) and _ends_month(last)


def _ends_month(day: date) -> bool:
    return day == date.max or (day + timedelta(days=1)).day == 1


_PORTUGUESE = Language(
    tag="pt-BR",
    months=(
        *("janeiro", "fevereiro", "março", "abril", "maio", "junho"),
        *("julho", "agosto", "setembro", "outubro", "novembro", "dezembro"),
    ),
    short_months=("jan", "fev", "mar", "abr", "mai", "jun", "jul", "ago", "set", "out", "nov", "dez"),
    day_pattern="{day}/{month}/{year}",
    long_day_pattern="{plain_day} de {month_name} de {year}",
    long_first_pattern="1º de {month_name} de {year}",
    month_pattern="{month_title}/{year}",
    span_pattern="{first} a {last}",
    week_pattern="Semana {first} a {last}",
    day_of_span_pattern="{day}.{month}",
    decimal_mark=",",
    group_mark=".",
)
_ENGLISH = Language(
    tag="en",
    months=(
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
    short_months=("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    day_pattern="{plain_day} {short_month} {year}",
    long_day_pattern="{plain_day} {month_name} {year}",
    long_first_pattern="1 {month_name} {year}",
    month_pattern="{month_name} {year}",
    span_pattern="{first} to {last}",
    week_pattern="Week {first} to {last}",
    day_of_span_pattern="{day} {short_month}",
    decimal_mark=".",
    group_mark=",",
)
_LANGUAGES: Mapping[str, Language] = MappingProxyType({each.tag: each for each in (_PORTUGUESE, _ENGLISH)})
