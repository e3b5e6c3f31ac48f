"""What happened in ingestion. One event a committed page, never one a row."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from trilha.domain.kernel import DomainEvent
from trilha.domain.telemetry.model import Stream


class EventsIngested(DomainEvent, frozen=True, kw_only=True):
    """A page was committed: `received` records in it, of which `inserted` are new; times are those of occurrence."""

    event_type: ClassVar[str] = "telemetry.events_ingested"
    subject_field: ClassVar[str] = "page_id"

    page_id: UUID
    stream: Stream
    received: int
    inserted: int
    replaced: int
    quarantined: int
    received_at: datetime
    first_occurred_at: datetime | None
    last_occurred_at: datetime | None
    checkpoint: str


class GapOpened(DomainEvent, frozen=True, kw_only=True):
    """The stream could not give the time from `start` to `end`."""

    event_type: ClassVar[str] = "telemetry.gap_opened"
    subject_field: ClassVar[str] = "stream"

    stream: Stream
    start: datetime
    end: datetime
