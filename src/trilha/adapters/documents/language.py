"""Days, times and numbers as people write them, by language: the one place that knows. No locale is asked."""

import math
from collections.abc import Mapping
from datetime import date, datetime, tzinfo
from types import MappingProxyType

import msgspec

from trilha.domain.kernel import MONTHS, DayRange, InvalidValue

_MINUTES_AN_HOUR = 60
_SECONDS_A_MINUTE = 60


class Language(msgspec.Struct, frozen=True, kw_only=True):
    """How one language writes days and numbers. Patterns are filled with the parts of a date."""

    tag: str
    day_pattern: str
    long_day_pattern: str
    long_first_pattern: str
    """The first of a month, which Portuguese calls an ordinal."""
    span_pattern: str
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

    def number(self, value: float, decimals: int = 0) -> str:
        """A number with its thousands grouped; nothing for what is no number."""
        if not math.isfinite(value):
            return ""
        return f"{value:,.{decimals}f}".translate({ord(","): self.group_mark, ord("."): self.decimal_mark})

    def _filled(self, pattern: str, day: date) -> str:
        month = MONTHS[self.tag][day.month - 1]
        return pattern.format(
            day=day.day,
            month=day.month,
            month_name=month,
            small_month=month.lower(),
            short_month=month[:3],
            year=day.year,
        )


def duration(seconds: float) -> str:
    """h:mm:ss, rounded to the second: the same in every language; nothing for what is no number."""
    if not math.isfinite(seconds):
        return ""
    whole = round(abs(seconds))
    minutes, rest = divmod(whole, _SECONDS_A_MINUTE)
    hours, minutes = divmod(minutes, _MINUTES_AN_HOUR)
    return f"{'-' if seconds < 0 and whole else ''}{hours}:{minutes:02}:{rest:02}"


def language_of(tag: str) -> Language:
    """The language by its tag (BCP 47); raises InvalidValue for one that Trilha does not write."""
    if tag not in _LANGUAGES:
        raise InvalidValue("language", tag, " or ".join(_LANGUAGES))
    return _LANGUAGES[tag]


_PORTUGUESE = Language(
    tag="pt-BR",
    day_pattern="{day:02}/{month:02}/{year:04}",
    long_day_pattern="{day} de {small_month} de {year}",
    long_first_pattern="1º de {small_month} de {year}",
    span_pattern="{first} a {last}",
    decimal_mark=",",
    group_mark=".",
)
_ENGLISH = Language(
    tag="en",
    day_pattern="{day} {short_month} {year}",
    long_day_pattern="{day} {month_name} {year}",
    long_first_pattern="{day} {month_name} {year}",
    span_pattern="{first} to {last}",
    decimal_mark=".",
    group_mark=",",
)
_LANGUAGES: Mapping[str, Language] = MappingProxyType({each.tag: each for each in (_PORTUGUESE, _ENGLISH)})
