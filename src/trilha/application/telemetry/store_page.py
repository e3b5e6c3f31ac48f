"""Commit one page: raw bytes, rows, quarantine, checkpoint, run and event, all or nothing.

In steps, so that pages can overlap: a page is *begun*, which sends its rows and raw bytes, and *merged* while the one
before it is still on its way, if they share no record; it is *committed* when that one has been, in order.
"""

from types import TracebackType
from typing import Self

import msgspec

from trilha.application.ports import Clock, IdSource, Lease, LiveFeed, TelemetryUnitOfWork, UnitsOfWork
from trilha.application.telemetry.live_positions import publish_positions
from trilha.application.telemetry.page_rows import ingested, merge_records, quarantine, send_ahead
from trilha.domain.telemetry import (
    Checkpoint,
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
    """Raises LeaseLost or Conflict, and writes nothing, if another worker took over meanwhile.

    Positions go to the live feed when they are committed.
    """

    def __init__(
        self,
        *,
        source: TelemetrySource,
        units: UnitsOfWork[TelemetryUnitOfWork],
        live: LiveFeed,
        clock: Clock,
        ids: IdSource,
    ) -> None:
        self.source = source
        self.units = units
        self.live = live
        self.clock = clock
        self.ids = ids

    async def __call__(self, command: StorePageCommand) -> StoredPage:
        """Begin and commit at once; an empty page only moves the checkpoint."""
        async with self.begin(command.lease, command.page) as begun:
            return await begun.commit(command.checkpoint, command.run)

    def begin(self, lease: Lease, page: SourcePage) -> "BegunPage":
        """A page to be sent ahead on entering the block; leaving it without `commit` drops it."""
        return BegunPage(self, lease, page)


class BegunPage:
    """A page on its way into the store; nothing of it is true before `commit`."""

    def __init__(self, parts: StorePage, lease: Lease, page: SourcePage) -> None:
        self._parts = parts
        self._unit = parts.units(lease.organisation_id)
        self._lease = lease
        self._page = page
        self._page_id = parts.ids.new()
        self._outcome: MergeOutcome | None = None

    async def __aenter__(self) -> Self:
        """Send ahead what does not depend on the page before."""
        await self._unit.__aenter__()
        try:
            if not self._page.is_empty:
                await send_ahead(self._unit, self._page_id, self._page)
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
        self._outcome = await merge_records(self._unit, self._page_id, self._page, side_by_side=True)
        return self._outcome

    async def commit(self, checkpoint: Checkpoint, run: IngestionRun) -> StoredPage:
        """Merge, if that was not done before, and commit, given what the page before left."""
        page, unit = self._page, self._unit
        token_time = None if page.next_token is None else self._parts.source.time_of(page.next_token)
        moved = advance(checkpoint, page.next_token, token_time, self._parts.clock.now())
        await unit.guard(self._lease)
        if not page.is_empty:
            run = await self._record(run, before=checkpoint, after=moved)
        await unit.checkpoints.save(moved)
        await unit.runs.save(run)
        await unit.commit()
        await publish_positions(self._parts.live, self._lease.organisation_id, page)
        return StoredPage(checkpoint=moved, run=run)

    async def _record(self, run: IngestionRun, *, before: Checkpoint, after: Checkpoint) -> IngestionRun:
        page, unit = self._page, self._unit
        outcome = await self.merge() if self._outcome is None else self._outcome
        await quarantine(unit, page.stream, self._page_id, page.received_at, page.rejected, self._parts.ids)
        unit.record(ingested(self._page_id, page, outcome, checkpoint=after.token, made_after=before.token_time))
        return add_page(run, outcome, len(page.rejected))
