"""Bring one organisation's events in, page by page, until there are no more for now."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import msgspec

from trilha.application.exclusive_run import ExclusiveRun
from trilha.application.ports import Clock, Lease, TelemetryUnitOfWork, UnitsOfWork
from trilha.application.telemetry.in_order import InOrder
from trilha.application.telemetry.store_page import StoredPage, StorePage
from trilha.domain.kernel import DomainError, OrganisationId, SinceTokenTooOld
from trilha.domain.telemetry import (
    Checkpoint,
    GapOpened,
    IngestionRun,
    RunKind,
    SourcePage,
    Stream,
    TelemetrySource,
    first_checkpoint,
    is_too_old,
    leap_over_gap,
    may_leap,
    seed_time,
)

STREAM = Stream.EVENTS


class IngestEventsCommand(msgspec.Struct, frozen=True):
    """`max_pages` bounds one run, so that a stream without end cannot hold a worker for ever."""

    organisation_id: OrganisationId
    max_pages: int = 1_000


class IngestEvents:
    """Pages are on their way side by side: one being fetched, two being stored; commits are strictly in order.

    Returns the run, or None if another worker is at it; see ExclusiveRun for how it ends.
    """

    def __init__(
        self,
        *,
        run: ExclusiveRun,
        source: TelemetrySource,
        units: UnitsOfWork[TelemetryUnitOfWork],
        store_page: StorePage,
        clock: Clock,
    ) -> None:
        self._exclusively = run
        self._source = source
        self._units = units
        self._store_page = store_page
        self._clock = clock

    async def __call__(self, command: IngestEventsCommand) -> IngestionRun | None:
        """Do it once."""

        def steps(lease: Lease, run: IngestionRun, external_id: int) -> AsyncGenerator[IngestionRun, None]:
            return self._steps(lease, run, external_id, command.max_pages)

        return await self._exclusively(command.organisation_id, RunKind.EVENTS, steps)

    async def _steps(
        self, lease: Lease, run: IngestionRun, external_id: int, max_pages: int
    ) -> AsyncGenerator[IngestionRun, None]:
        checkpoint = await self._checkpoint(lease)
        try:
            async with aclosing(self._stored(lease, run, external_id, checkpoint, max_pages)) as progress:
                async for committed in progress:
                    run = committed
                    yield run
        except SinceTokenTooOld as refusal:
            checkpoint = await self._leapt(lease, refusal)
            async with aclosing(self._stored(lease, run, external_id, checkpoint, max_pages)) as progress:
                async for committed in progress:
                    yield committed

    async def _stored(
        self, lease: Lease, run: IngestionRun, external_id: int, checkpoint: Checkpoint, max_pages: int
    ) -> AsyncGenerator[IngestionRun, None]:
        failure: DomainError | None = None
        async with (
            InOrder(self._store_page, lease, StoredPage(checkpoint=checkpoint, run=run)) as committing,
            aclosing(self._pages(external_id, checkpoint.token, max_pages)) as pages,
        ):
            try:
                async for page in pages:
                    if (stored := await committing.put(page)) is not None:
                        yield stored.run
            except DomainError as error:
                failure = error
            # what was on its way when the source failed is true all the same, and counts
            while (stored := await committing.settled()) is not None:
                yield stored.run
        if failure is not None:
            raise failure

    async def _checkpoint(self, lease: Lease) -> Checkpoint:
        async with self._units(lease.organisation_id) as unit:
            await unit.guard(lease)
            checkpoint = await unit.checkpoints.get(STREAM)
            if checkpoint is None or is_too_old(checkpoint.token_time, self._clock.now()):
                checkpoint = await self._start_young(unit, checkpoint)
                await unit.commit()
        return checkpoint

    async def _leapt(self, lease: Lease, refusal: SinceTokenTooOld) -> Checkpoint:
        """Go on behind a gap where the source counts its seven days by a clock that is ahead of ours."""
        async with self._units(lease.organisation_id) as unit:
            await unit.guard(lease)
            checkpoint = await unit.checkpoints.get(STREAM)
            if checkpoint is None or not may_leap(checkpoint.token_time, self._clock.now()):
                raise refusal
            checkpoint = await self._start_young(unit, checkpoint)
            await unit.commit()
        return checkpoint

    async def _start_young(self, unit: TelemetryUnitOfWork, old: Checkpoint | None) -> Checkpoint:
        now = self._clock.now()
        token = self._source.token_at(seed_time(now))
        token_time = self._source.time_of(token)
        if old is None:
            checkpoint = first_checkpoint(STREAM, token, token_time, now)
        else:
            gap, checkpoint = leap_over_gap(old, token, token_time, now)
            await unit.checkpoints.open_gap(gap)
            unit.record(GapOpened(stream=STREAM, start=gap.start, end=gap.end))
        await unit.checkpoints.save(checkpoint)
        return checkpoint

    async def _pages(self, external_id: int, token: str, max_pages: int) -> AsyncGenerator[SourcePage, None]:
        fetch = asyncio.ensure_future(self._source.events_since(external_id, token, urgent=False))
        try:
            for left in range(max_pages, 0, -1):
                page = await fetch
                following = _token_of_more(page) if left > 1 else None
                if following is not None:
                    fetch = asyncio.ensure_future(self._source.events_since(external_id, following, urgent=True))
                yield page
                if following is None:
                    return
        finally:
            fetch.cancel()
            await asyncio.gather(fetch, return_exceptions=True)


def _token_of_more(page: SourcePage) -> str | None:
    """The token to go on with at once: a page that promises more but does not move would be read for ever."""
    return page.next_token if page.has_more and page.next_token != page.since_token else None
