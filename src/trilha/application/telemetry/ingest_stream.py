"""Bring one feed of an organisation in, page by page, until there are no more for now."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime

import msgspec

from trilha.application.exclusive_run import ExclusiveRun
from trilha.application.ports import Clock, IdSource, Lease, TelemetryUnitOfWork, UnitsOfWork
from trilha.application.telemetry.in_order import InOrder
from trilha.application.telemetry.store_page import StoredPage, StorePage
from trilha.domain.kernel import DomainError, OrganisationId, SinceTokenTooOld
from trilha.domain.telemetry import (
    Checkpoint,
    ClocksDiffer,
    Gap,
    GapOpened,
    IngestionRun,
    RunKind,
    SourcePage,
    Stream,
    StreamStuck,
    TelemetrySource,
    first_checkpoint,
    heal_gap,
    leap_over_gap,
    may_leap,
    seed_time,
)


class IngestStreamCommand(msgspec.Struct, frozen=True):
    """`max_pages` bounds one run, so that a stream without end cannot hold a worker for ever."""

    organisation_id: OrganisationId
    stream: Stream
    max_pages: int = 1_000


class IngestStream:
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
        ids: IdSource,
    ) -> None:
        self._exclusively = run
        self.source = source
        self.units = units
        self.store_page = store_page
        self.clock = clock
        self.ids = ids

    async def __call__(self, command: IngestStreamCommand) -> IngestionRun | None:
        """Do it once."""

        def steps(lease: Lease, run: IngestionRun, external_id: int) -> AsyncGenerator[IngestionRun, None]:
            return _OneRun(self, command, lease, external_id).steps(run)

        return await self._exclusively(command.organisation_id, RunKind(command.stream), steps)


class _OneRun:
    """The steps of one run, under its lease."""

    def __init__(self, parts: IngestStream, command: IngestStreamCommand, lease: Lease, external_id: int) -> None:
        self._source = parts.source
        self._units = parts.units
        self._store_page = parts.store_page
        self._clock = parts.clock
        self._ids = parts.ids
        self._stream = command.stream
        self._max_pages = command.max_pages
        self._lease = lease
        self._external_id = external_id

    async def steps(self, run: IngestionRun) -> AsyncGenerator[IngestionRun, None]:
        """Yields the run after each committed page."""
        checkpoint = await self._checkpoint()
        try:
            async with aclosing(self._stored(run, checkpoint)) as progress:
                async for committed in progress:
                    run = committed
                    yield run
        except SinceTokenTooOld as refusal:
            checkpoint = await self._leapt(refusal)
            async with aclosing(self._stored(run, checkpoint)) as progress:
                async for committed in progress:
                    yield committed

    async def _stored(self, run: IngestionRun, checkpoint: Checkpoint) -> AsyncGenerator[IngestionRun, None]:
        failure: DomainError | None = None
        async with (
            InOrder(self._store_page, self._lease, StoredPage(checkpoint=checkpoint, run=run)) as committing,
            aclosing(self._pages(checkpoint)) as pages,
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

    async def _checkpoint(self) -> Checkpoint:
        async with self._units(self._lease.organisation_id) as unit:
            await unit.guard(self._lease)
            checkpoint = await unit.checkpoints.get(self._stream)
            if checkpoint is None:
                now = self._clock.now()
                checkpoint = first_checkpoint(self._stream, *self._young_token(now), now)
                await unit.checkpoints.save(checkpoint)
                await unit.commit()
        return checkpoint

    async def _leapt(self, refusal: SinceTokenTooOld) -> Checkpoint:
        """Go on behind a gap. Our clock may be wrong, so the source has to take the new token first.

        Raises ClocksDiffer, with nothing written, where it takes none that is young by our clock.
        """
        now = self._clock.now()
        async with self._units(self._lease.organisation_id) as unit:
            old = await unit.checkpoints.get(self._stream)
        if old is None:
            raise refusal
        if not may_leap(old.token_time, now):
            raise ClocksDiffer(self._stream, old.token, old.token_time, now) from refusal
        token, token_time = self._young_token(now)
        try:
            await self._fetch(token, urgent=False)
        except SinceTokenTooOld as again:
            raise ClocksDiffer(self._stream, token, token_time, now) from again
        async with self._units(self._lease.organisation_id) as unit:
            await unit.guard(self._lease)
            gaps, checkpoint = leap_over_gap(old, token, token_time, now)
            for gap in gaps:
                await self._open(unit, gap)
            await unit.checkpoints.save(checkpoint)
            await unit.commit()
        return checkpoint

    def _young_token(self, now: datetime) -> tuple[str, datetime]:
        token = self._source.token_at(seed_time(now))
        return token, self._source.time_of(token)

    async def _open(self, unit: TelemetryUnitOfWork, gap: Gap) -> None:
        """Make the gap visible, and have a backfill fill it."""
        await unit.gaps.open(gap)
        await unit.backfills.save(heal_gap(self._ids.new(), gap, self._clock.now()))
        unit.record(GapOpened(stream=gap.stream, start=gap.start, end=gap.end))

    async def _pages(self, checkpoint: Checkpoint) -> AsyncGenerator[SourcePage, None]:
        not_before = checkpoint.checked_at
        fetch = self._fetch(checkpoint.token, urgent=False)
        try:
            for left in range(self._max_pages, 0, -1):
                page = _received_not_before(not_before, await fetch)
                not_before = page.received_at
                following = page.next_token if left > 1 and page.has_more and self._moves(page) else None
                if following is not None:
                    fetch = self._fetch(following, urgent=True)
                yield page
                if page.has_more and not self._moves(page):
                    raise StreamStuck(self._stream, page.asked_for)
                if following is None:
                    return
        finally:
            fetch.cancel()
            await asyncio.gather(fetch, return_exceptions=True)

    def _fetch(self, token: str, *, urgent: bool) -> asyncio.Future[SourcePage]:
        return asyncio.ensure_future(self._source.page_since(self._stream, self._external_id, token, urgent=urgent))

    def _moves(self, page: SourcePage) -> bool:
        """Whether the page leads forward: one that promises more but does not would be read for ever."""
        time_of = self._source.time_of
        return page.next_token is not None and time_of(page.next_token) > time_of(page.asked_for)


def _received_not_before(moment: datetime, page: SourcePage) -> SourcePage:
    """The page as received after the one before it, whoever's clock says otherwise: a stream is in order.

    For the youngest answer about a record holds, and workers that take turns have clocks of their own.
    """
    return page if page.received_at >= moment else msgspec.structs.replace(page, received_at=moment)
