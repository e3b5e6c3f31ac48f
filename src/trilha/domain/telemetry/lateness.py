"""How late records come."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from trilha.domain.telemetry.model import Record

LATE_AFTER = timedelta(hours=1)


def count_late(records: Iterable[Record], made_after: datetime) -> int:
    """How many happened more than LATE_AFTER before `made_after`, the time from which a page's records were made.

    Against the source's own time, not ours: a feed that catches up after an outage is behind, but its records are not
    late.
    """
    not_late_from = made_after - LATE_AFTER
    return sum(record.occurred_at < not_late_from for record in records)
