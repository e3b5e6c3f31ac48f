"""Time and identity come in from outside, so that every rule can be tested at any moment."""

from datetime import datetime
from typing import Protocol
from uuid import UUID


class Clock(Protocol):
    """The current time."""

    def now(self) -> datetime:
        """An aware time in UTC."""
        ...

    async def sleep_until(self, moment: datetime) -> None:
        """Return when `moment` has come."""
        ...


class IdSource(Protocol):
    """New identifiers."""

    def new(self) -> UUID:
        """A UUID of version 7: later ones sort later."""
        ...
