"""Commit one page: raw bytes, rows, quarantine, checkpoint, run and event, all or nothing."""

from uuid import UUID

import msgspec

from trilha.application.ports import Clock, IdSource, Lease, TelemetryUnitOfWork, UnitsOfWork
from trilha.domain.telemetry import (
    Checkpoint,
    EventsIngested,
    IngestionRun,
    MergeOutcome,
    SourcePage,
    TelemetrySource,
    add_page,
    advance,
)


class StorePageCommand(msgspec.Struct, frozen=True):
    """A page, and what held when it was asked for."""

    lease: Lease
    checkpoint: Checkpoint
    run: IngestionRun
    page: SourcePage


class StoredPage(msgspec.Struct, frozen=True):
    """What holds after the commit."""

    checkpoint: Checkpoint
    run: IngestionRun


class StorePage:
    """Raises LeaseLost or Conflict, and writes nothing, if another worker took over meanwhile."""

    def __init__(
        self, *, source: TelemetrySource, units: UnitsOfWork[TelemetryUnitOfWork], clock: Clock, ids: IdSource
    ) -> None:
        self._source = source
        self._units = units
        self._clock = clock
        self._ids = ids

    async def __call__(self, command: StorePageCommand) -> StoredPage:
        """Commit the page; an empty one only moves the checkpoint."""
        page, now = command.page, self._clock.now()
        token_time = None if page.next_token is None else self._source.time_of(page.next_token)
        checkpoint = advance(command.checkpoint, page.next_token, token_time, now)
        run = command.run
        async with self._units(command.lease.organisation_id) as unit:
            await unit.guard(command.lease)
            if not page.is_empty:
                run = await self._store(unit, run, page, checkpoint)
            await unit.checkpoints.save(checkpoint)
            await unit.runs.save(run)
            await unit.commit()
        return StoredPage(checkpoint=checkpoint, run=run)

    async def _store(
        self, unit: TelemetryUnitOfWork, run: IngestionRun, page: SourcePage, checkpoint: Checkpoint
    ) -> IngestionRun:
        page_id = self._ids.new()
        await unit.raw_pages.add(page_id, page)
        outcome = await unit.events.merge(page_id, page.received_at, page.events)
        if page.rejected:
            await unit.quarantine.add(page.stream, page_id, page.received_at, page.rejected)
        unit.record(_ingested(page_id, page, outcome, checkpoint))
        return add_page(run, outcome, len(page.rejected))


def _ingested(page_id: UUID, page: SourcePage, outcome: MergeOutcome, checkpoint: Checkpoint) -> EventsIngested:
    times = [event.occurred_at for event in page.events]
    return EventsIngested(
        page_id=page_id,
        stream=page.stream,
        received=len(page.events) + len(page.rejected),
        inserted=outcome.inserted,
        replaced=outcome.replaced,
        quarantined=len(page.rejected),
        received_at=page.received_at,
        first_occurred_at=min(times, default=None),
        last_occurred_at=max(times, default=None),
        checkpoint=checkpoint.token,
    )
