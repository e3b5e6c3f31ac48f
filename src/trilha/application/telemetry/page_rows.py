"""What is written of a page, whether a stream or a backfill brought it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from trilha.application.ports import IdSource, TelemetryUnitOfWork
from trilha.domain.kernel import RejectedRecord
from trilha.domain.telemetry import (
    EventsIngested,
    MergeOutcome,
    QuarantineEntry,
    Record,
    SourcePage,
    Stream,
    count_late,
)


async def send_ahead(unit: TelemetryUnitOfWork, page_id: UUID, page: SourcePage) -> None:
    """Send what does not depend on anything else: the bytes, and the records to be merged."""
    await unit.raw_pages.add(page_id, page.raw)
    await unit.records(page.stream).stage(page.records)


async def merge_records(
    unit: TelemetryUnitOfWork, page_id: UUID, page: SourcePage, *, side_by_side: bool = False
) -> MergeOutcome:
    """Merge the records."""
    records = unit.records(page.stream)
    return await records.merge(page_id, page.received_at, page.records, side_by_side=side_by_side)


async def quarantine(
    unit: TelemetryUnitOfWork,
    stream: str,
    page_id: UUID | None,
    at: datetime,
    rejected: Sequence[RejectedRecord],
    ids: IdSource,
) -> None:
    """Keep what could not be understood."""
    if rejected:
        await unit.quarantine.add([QuarantineEntry(ids.new(), stream, page_id, at, record) for record in rejected])


def ingested(
    page_id: UUID,
    page: SourcePage,
    outcome: MergeOutcome,
    *,
    checkpoint: str = "",
    made_after: datetime | None = None,
    backfill_id: UUID | None = None,
) -> EventsIngested:
    """The event of a committed page; `made_after` is the time of the token that it was asked with."""
    times = [record.occurred_at for record in page.records]
    return EventsIngested(
        page_id=page_id,
        stream=page.stream,
        received=len(page.records) + len(page.rejected),
        inserted=outcome.inserted,
        replaced=outcome.replaced,
        quarantined=len(page.rejected),
        received_at=page.received_at,
        first_occurred_at=min(times, default=None),
        last_occurred_at=max(times, default=None),
        checkpoint=checkpoint,
        late=0 if made_after is None else count_late(page.records, made_after),
        backfill_id=backfill_id,
    )


async def merge_again(
    unit: TelemetryUnitOfWork, stream: Stream, page_id: UUID, received_at: datetime, records: Sequence[Record]
) -> MergeOutcome:
    """Merge what was read again of what came once, and tell so only where that changed something."""
    outcome = await unit.records(stream).merge(page_id, received_at, records)
    changed = outcome.inserted + outcome.replaced
    if changed:
        times = [record.occurred_at for record in records]
        unit.record(
            EventsIngested(
                page_id=page_id,
                stream=stream,
                received=changed,
                inserted=outcome.inserted,
                replaced=outcome.replaced,
                quarantined=0,
                received_at=received_at,
                first_occurred_at=min(times, default=None),
                last_occurred_at=max(times, default=None),
                checkpoint="",
            )
        )
    return outcome
