"""Commit one page: raw bytes, rows, quarantine, checkpoint, run and event, all or nothing.

In steps, so that pages can overlap: a page is *begun*, which sends its rows and raw bytes, and *merged* while the one
before it is still on its way, if they share no record; it is *committed* when that one has been, in order.
"""

from types import TracebackType
from typing import Self
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
    """A page, and what holds before it is committed."""

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
        """Begin and commit at once; an empty page only moves the checkpoint."""
        async with self.begin(command.lease, command.page) as begun:
            return await begun.commit(command.checkpoint, command.run)

    def begin(self, lease: Lease, page: SourcePage) -> "BegunPage":
        """A page to be sent ahead on entering the block; leaving it without `commit` drops it."""
        unit = self._units(lease.organisation_id)
        return BegunPage(unit, lease, page, page_id=self._ids.new(), source=self._source, clock=self._clock)


class BegunPage:
    """A page on its way into the store; nothing of it is true before `commit`."""

    def __init__(
        self,
        unit: TelemetryUnitOfWork,
        lease: Lease,
        page: SourcePage,
        *,
        page_id: UUID,
        source: TelemetrySource,
        clock: Clock,
    ) -> None:
        self._unit = unit
        self._lease = lease
        self._page = page
        self._page_id = page_id
        self._source = source
        self._clock = clock
        self._outcome: MergeOutcome | None = None

    async def __aenter__(self) -> Self:
        """Send ahead what does not depend on the page before."""
        await self._unit.__aenter__()
        try:
            if not self._page.is_empty:
                await self._unit.raw_pages.add(self._page_id, self._page)
                await self._unit.events.stage(self._page.events)
        except BaseException as error:
            await self._unit.__aexit__(type(error), error, error.__traceback__)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Drop what was not committed."""
        await self._unit.__aexit__(kind, error, traceback)

    async def merge(self) -> MergeOutcome:
        """Merge the rows, unseen by others. The caller sees to it that no other merge under way shares a record."""
        page = self._page
        self._outcome = await self._unit.events.merge(self._page_id, page.received_at, page.events, side_by_side=True)
        return self._outcome

    async def commit(self, checkpoint: Checkpoint, run: IngestionRun) -> StoredPage:
        """Merge, if that was not done before, and commit, given what the page before left."""
        page, unit = self._page, self._unit
        token_time = None if page.next_token is None else self._source.time_of(page.next_token)
        checkpoint = advance(checkpoint, page.next_token, token_time, self._clock.now())
        await unit.guard(self._lease)
        if not page.is_empty:
            run = await self._record(run, checkpoint)
        await unit.checkpoints.save(checkpoint)
        await unit.runs.save(run)
        await unit.commit()
        return StoredPage(checkpoint=checkpoint, run=run)

    async def _record(self, run: IngestionRun, checkpoint: Checkpoint) -> IngestionRun:
        page, unit = self._page, self._unit
        outcome = await self.merge() if self._outcome is None else self._outcome
        if page.rejected:
            await unit.quarantine.add(page.stream, self._page_id, page.received_at, page.rejected)
        unit.record(_ingested(self._page_id, page, outcome, checkpoint))
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
