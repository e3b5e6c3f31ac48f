"""What is old: how long each kind of data is kept, and from when on it may go.

Records go by when they happened, a whole month at a time, so they stay up to a month longer; those that came later than
that, as history does, by when they came. All else goes by when it came, or was done with. What is still to be done (an
event that was not sent, a record that nobody has settled) never is old.
"""

from datetime import UTC, datetime, timedelta

import msgspec

from trilha.domain.kernel import InvalidValue
from trilha.domain.telemetry import Stream
from trilha.domain.telemetry.backfill import LONGEST

LEAST_RECORDS_DAYS = LONGEST.days
"""What a backfill may bring in must not be old when it comes."""
LEAST_SENT_DAYS = 30
"""The bus keeps events for so long, and may hand each over again: the inbox has to know it."""
ANSWERS_KEPT = timedelta(hours=24)
"""How long the answers of commands are remembered; each command forgets older ones, this forgets the last."""


class Retention(msgspec.Struct, frozen=True, kw_only=True):
    """Days for which data are kept."""

    events_days: int = 1827
    trips_days: int = 1827
    positions_days: int = 396
    forms_days: int = 1827
    alerts_days: int = 1827
    raw_pages_days: int = 90
    sent_days: int = 30
    settled_days: int = 90
    runs_days: int = 365
    report_files_days: int = 7

    def __post_init__(self) -> None:
        for name, least in _LEAST.items():
            if getattr(self, name) < least:
                raise InvalidValue(name, getattr(self, name), f"{least} days or more")


_LEAST = {
    "events_days": LEAST_RECORDS_DAYS,
    "trips_days": LEAST_RECORDS_DAYS,
    "positions_days": LEAST_RECORDS_DAYS,
    "forms_days": 1,
    "alerts_days": 1,
    "raw_pages_days": 1,
    "sent_days": LEAST_SENT_DAYS,
    "settled_days": 1,
    "runs_days": 1,
    "report_files_days": 1,
}


class CutOffs(msgspec.Struct, frozen=True, kw_only=True):
    """What lies before these moments may go. `records` are by feed, always the first moment of a month in UTC."""

    records: dict[Stream, datetime]
    forms: datetime
    alerts: datetime
    raw_pages: datetime
    sent: datetime
    settled: datetime
    runs: datetime
    report_files: datetime
    answers: datetime


def cut_offs(retention: Retention, now: datetime) -> CutOffs:
    """From when on what is kept, at `now`."""
    days = {
        Stream.EVENTS: retention.events_days,
        Stream.POSITIONS: retention.positions_days,
        Stream.TRIPS: retention.trips_days,
    }
    return CutOffs(
        records={stream: _first_of_month(now - timedelta(days=kept)) for stream, kept in days.items()},
        forms=now - timedelta(days=retention.forms_days),
        alerts=now - timedelta(days=retention.alerts_days),
        raw_pages=now - timedelta(days=retention.raw_pages_days),
        sent=now - timedelta(days=retention.sent_days),
        settled=now - timedelta(days=retention.settled_days),
        runs=now - timedelta(days=retention.runs_days),
        # by when its pieces were written, which is before it was done; it can be fetched for days after that
        report_files=now - timedelta(days=retention.report_files_days + 1),
        answers=now - ANSWERS_KEPT,
    )


def _first_of_month(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
