"""The decision behind every RateLimiter: when may the next call go. Adapters keep the calls and the queue.

A turn in the queue is not enough where a budget is counted by the hour: whoever catches up or fills a gap could use it
all in minutes, and a stream that is due a minute later would wait for the rest of the hour. So only streams that are
due may use all of a long budget; the others leave a part of it, and a backfill leaves more.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import msgspec

from trilha.application.ports.rate_limiter import Priority, RateLimit

MARGIN = timedelta(seconds=1)
"""The source counts arrivals in windows of its own; a window a second longer absorbs how long calls travel."""

LONG = timedelta(minutes=5)
"""In a shorter window nobody waits long enough for a share to matter; a turn in the queue is enough there."""

SHARES = ((Priority.DUE_STREAM, 1.0), (Priority.MORE_PAGES, 0.6), (Priority.BACKFILL, 0.4))
"""How much of a long budget the calls of a priority and of all less important ones may use together.

Three streams that are due every minute need 180 calls an hour; MiX gives 500, of which 200 stay for them.
"""


class Granted(msgspec.Struct, frozen=True):
    """A call that was granted, and to whom."""

    at: datetime
    priority: Priority


def earliest_call(
    granted: Sequence[Granted],
    limits: Iterable[RateLimit],
    paused_until: datetime | None,
    now: datetime,
    priority: Priority,
) -> datetime:
    """The first moment, not before `now`, at which a call of `priority` keeps every limit. `granted` is sorted."""
    moments = [now] if paused_until is None else [now, paused_until]
    for limit in limits:
        for least, share in SHARES:
            if least <= priority and (share == 1.0 or limit.window > LONG):
                moments += _freed([one.at for one in granted if one.priority >= least], limit, share)
    return max(moments)


def _freed(granted: Sequence[datetime], limit: RateLimit, share: float) -> list[datetime]:
    """When the oldest of as many calls as the share allows leaves the window; nothing where there is room."""
    calls = max(int(limit.calls * share), 1) if limit.calls > 0 else 0
    return [granted[-calls] + limit.window + MARGIN] if 0 < calls <= len(granted) else []
