"""Time: aware UTC instants and half-open ranges of them."""

from datetime import UTC, datetime, timedelta

import msgspec

from trilha.domain.kernel.errors import InvalidValue

ZERO = timedelta(0)


def utc(value: datetime, field: str = "time") -> datetime:
    """Return `value` in UTC; raises InvalidValue for a time without a zone, which means nothing, or without a UTC."""
    if value.tzinfo is None:
        raise InvalidValue(field, value.isoformat(), "a time with its zone, such as 2026-03-10T14:21:07Z")
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise InvalidValue(field, value.isoformat(), "a time in the years 1 to 9999 of UTC") from None


class TimeRange(msgspec.Struct, frozen=True):
    """The instants from `start` up to but without `end`; an open side is None."""

    start: datetime | None = None
    end: datetime | None = None

    def __post_init__(self) -> None:
        for field, value in (("start", self.start), ("end", self.end)):
            if value is not None:
                utc(value, field)
        if self.start is not None and self.end is not None and self.start > self.end:
            raise InvalidValue("end", self.end.isoformat(), f"a time not before start ({self.start.isoformat()})")

    def __contains__(self, moment: datetime) -> bool:
        """Whether `moment` lies inside; the end itself does not."""
        return (self.start is None or self.start <= moment) and (self.end is None or moment < self.end)
