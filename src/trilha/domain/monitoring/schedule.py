"""When a rule is awake: windows of the week by the organisation's clocks."""

from datetime import datetime, time, timedelta, tzinfo
from enum import StrEnum

import msgspec

from trilha.domain.kernel import InvalidValue

MOST_WINDOWS = 50
_ONE_DAY = timedelta(days=1)


class Weekday(StrEnum):
    """A day of the week."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


_WEEK = tuple(Weekday)


class Window(msgspec.Struct, frozen=True):
    """From `start` to before `end` on those days, by local clocks; an end not after the start lies on the next day."""

    days: tuple[Weekday, ...]
    start: time = time(0, 0)
    end: time = time(0, 0)

    def __post_init__(self) -> None:
        if not self.days:
            raise InvalidValue("days", [], "at least one day of the week")
        for field, value in (("start", self.start), ("end", self.end)):
            if value.tzinfo is not None:
                raise InvalidValue(field, value.isoformat(), "a time without a zone: the organisation's clocks count")

    def holds(self, local: datetime) -> bool:
        """Whether a local time lies inside."""
        clock, today = local.time(), _WEEK[local.weekday()] in self.days
        if self.start < self.end:
            return today and self.start <= clock < self.end
        yesterday = _WEEK[(local - _ONE_DAY).weekday()] in self.days
        return (today and clock >= self.start) or (yesterday and clock < self.end)


class Schedule(msgspec.Struct, frozen=True):
    """The windows in which a rule is awake; without any it always is.

    A local hour that a change of clocks leaves out never comes, one that comes twice counts twice.
    """

    windows: tuple[Window, ...] = ()

    def __post_init__(self) -> None:
        if len(self.windows) > MOST_WINDOWS:
            raise InvalidValue("windows", len(self.windows), f"at most {MOST_WINDOWS}")

    def includes(self, moment: datetime, zone: tzinfo) -> bool:
        """Whether a rule is awake at `moment`."""
        if not self.windows:
            return True
        local = moment.astimezone(zone)
        return any(window.holds(local) for window in self.windows)


ALWAYS = Schedule()
