"""The decision behind every RateLimiter: when may the next call go. Adapters keep the calls and the queue."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from trilha.application.ports.rate_limiter import RateLimit

MARGIN = timedelta(seconds=1)
"""The source counts arrivals in windows of its own; a window a second longer absorbs how long calls travel."""


def earliest_call(
    granted: Sequence[datetime], limits: Iterable[RateLimit], paused_until: datetime | None, now: datetime
) -> datetime:
    """The first moment, not before `now`, at which one more call keeps every limit. `granted` is sorted."""
    moments = [now] if paused_until is None else [now, paused_until]
    moments += [granted[-limit.calls] + limit.window + MARGIN for limit in limits if 0 < limit.calls <= len(granted)]
    return max(moments)
