"""The simulator's time: an injected clock that the side door can shift or stop."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """The machine's time."""
    return datetime.now(UTC)


class VirtualClock:
    """Follows `base` at an offset, unless it is stopped."""

    def __init__(self, base: Clock = system_clock) -> None:
        self._base = base
        self._offset = timedelta()
        self._stopped_at: datetime | None = None

    def now(self) -> datetime:
        """The simulated time, aware, in UTC."""
        return self._stopped_at or self._base() + self._offset

    def advance(self, step: timedelta) -> None:
        """Shift by `step`; a stopped clock stays stopped."""
        if self._stopped_at is not None:
            self._stopped_at += step
        else:
            self._offset += step

    def set(self, moment: datetime, *, stop: bool = False) -> None:
        """Continue from `moment`, or stand still there."""
        self._offset = moment - self._base()
        self._stopped_at = moment if stop else None

    def reset(self) -> None:
        """Follow the base clock again."""
        self._offset = timedelta()
        self._stopped_at = None
