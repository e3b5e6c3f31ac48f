"""The clock on the wall."""

import asyncio
from datetime import UTC, datetime

LONGEST_NAP_S = 30.0
"""A sleeper looks at the clock at least this often, because a machine that was suspended or set right has moved it."""


class SystemClock:
    """The machine's time, in UTC."""

    def now(self) -> datetime:
        """The current time."""
        return datetime.now(UTC)

    async def sleep_until(self, moment: datetime) -> None:
        """Return when `moment` has come by this clock."""
        while (left_s := (moment - self.now()).total_seconds()) > 0:  # noqa: ASYNC110 - time is no event
            await asyncio.sleep(min(left_s, LONGEST_NAP_S))
