"""What happened in ingestion. One event a committed page, never one a row."""

from datetime import datetime
from typing import ClassVar, Self
from uuid import UUID

from trilha.domain.kernel import DomainEvent
from trilha.domain.telemetry.backfill import Backfill
from trilha.domain.telemetry.model import Stream


class EventsIngested(DomainEvent, frozen=True, kw_only=True):
    """A page of a stream was committed: `received` records in it, of which `inserted` are new.

    Times are those of occurrence. `late` counts records that had happened more than an hour before the time that the
    page covers; those of a backfill (`backfill_id`) are never late. `checkpoint` is the token that follows the page,
    empty for a backfill, and where what had been kept was read again: then `received` counts only what that changed.
    """

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
    late: int = 0
    backfill_id: UUID | None = None


class GapOpened(DomainEvent, frozen=True, kw_only=True):
    """The stream could not give the time from `start` to `end`."""

    event_type: ClassVar[str] = "telemetry.gap_opened"
    subject_field: ClassVar[str] = "stream"

    stream: Stream
    start: datetime
    end: datetime


class GapClosed(DomainEvent, frozen=True, kw_only=True):
    """A backfill has filled the time from `start` to `end`."""

    event_type: ClassVar[str] = "telemetry.gap_closed"
    subject_field: ClassVar[str] = "stream"

    stream: Stream
    start: datetime
    end: datetime
    backfill_id: UUID


class RecordsAmended(DomainEvent, frozen=True, kw_only=True):
    """The source changed records afterwards: reports over the time in which they happened are to be made anew."""

    event_type: ClassVar[str] = "telemetry.records_amended"
    subject_field: ClassVar[str] = "page_id"

    page_id: UUID
    stream: Stream
    reassigned: int
    withdrawn: int


class BackfillFinished(DomainEvent, frozen=True, kw_only=True):
    """A backfill came to its end: completed, cancelled or failed."""

    event_type: ClassVar[str] = "telemetry.backfill_finished"
    subject_field: ClassVar[str] = "backfill_id"

    backfill_id: UUID
    status: str
    start: datetime
    end: datetime
    received: int
    inserted: int

    @classmethod
    def of(cls, backfill: Backfill) -> Self:
        """What is told of a backfill that has just ended."""
        return cls(
            backfill_id=backfill.id,
            status=backfill.status,
            start=backfill.start,
            end=backfill.end,
            received=backfill.received,
            inserted=backfill.inserted,
        )
