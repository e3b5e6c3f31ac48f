"""Work on the backfill whose turn it is, window by window."""

from collections.abc import AsyncGenerator
from contextlib import suppress
from datetime import datetime
from uuid import UUID

import msgspec

from trilha.application.exclusive_run import ExclusiveRun
from trilha.application.ports import Clock, IdSource, Lease, StorageUnavailable, TelemetryUnitOfWork, UnitsOfWork
from trilha.application.telemetry.amending import keep_amendments
from trilha.application.telemetry.page_rows import ingested, merge_records, quarantine, send_ahead
from trilha.domain.kernel import Conflict, DomainError, OrganisationId, SourceRefused, SourceUnavailable
from trilha.domain.telemetry import (
    AMENDED_FEEDS,
    AmendmentPage,
    Backfill,
    BackfillFinished,
    BackfillReason,
    BackfillStatus,
    GapClosed,
    IngestionRun,
    MergeOutcome,
    RunKind,
    SourcePage,
    TelemetrySource,
    Window,
    add_page,
    closes,
    give_up_backfill,
    leave_out_too_old,
    next_backfill,
    next_window,
    record_window,
    shorten_window,
    spans,
)


class FillBackfillsCommand(msgspec.Struct, frozen=True):
    """`max_windows` bounds one run; the next one goes on where it ended."""

    organisation_id: OrganisationId
    max_windows: int = 60


class FillBackfills:
    """Each window is committed with what it says about the backfill, so killing this costs one window at most.

    Returns the run, or None if there is nothing to do or another worker is at it. Where the source does not answer the
    run fails and the next one asks for less, unless the source said to come later. What it refuses as too old
    is left out; where it refuses all the same, the backfill has failed.
    """

    def __init__(
        self,
        *,
        run: ExclusiveRun,
        source: TelemetrySource,
        units: UnitsOfWork[TelemetryUnitOfWork],
        clock: Clock,
        ids: IdSource,
    ) -> None:
        self._exclusively = run
        self._source = source
        self._units = units
        self._clock = clock
        self._ids = ids

    async def __call__(self, command: FillBackfillsCommand) -> IngestionRun | None:
        """Do it once."""
        if await self._is_idle(command.organisation_id):
            return None

        def steps(lease: Lease, run: IngestionRun, external_id: int) -> AsyncGenerator[IngestionRun, None]:
            return self._steps(lease, run, external_id, command.max_windows)

        return await self._exclusively(command.organisation_id, RunKind.BACKFILL, steps)

    async def _steps(
        self, lease: Lease, run: IngestionRun, external_id: int, max_windows: int
    ) -> AsyncGenerator[IngestionRun, None]:
        for _ in range(max_windows):
            backfill = await self._next(lease.organisation_id)
            window = None if backfill is None else next_window(backfill)
            if backfill is None or window is None:
                return
            if backfill.status is BackfillStatus.WAITING:
                await self._amend_first(lease, external_id, backfill)
            page = await self._asked(lease, external_id, backfill, window)
            if page is not None:
                run = await self._stored(lease, run, backfill, window, page)
                yield run

    async def _amend_first(self, lease: Lease, external_id: int, backfill: Backfill) -> None:
        """Learn what the source amended since then, for the daily run has not read so far back.

        Before the first window, so that records are right when they come. Where the source does not answer for so
        long ago the records count as it sends them.
        """
        if backfill.reason is not BackfillReason.REQUESTED:
            return
        feeds = [part.stream for part in backfill.parts if part.stream in AMENDED_FEEDS]
        for first, last in spans(backfill.start.date(), self._clock.now().date()):
            for feed in feeds:
                with suppress(SourceRefused):
                    page = await self._source.amendments(feed, external_id, first, last)
                    await self._keep(lease, page)

    async def _keep(self, lease: Lease, page: AmendmentPage) -> None:
        async with self._units(lease.organisation_id) as unit:
            await unit.guard(lease)
            if await keep_amendments(unit, page, self._ids) is not None:
                await unit.commit()

    async def _is_idle(self, organisation_id: OrganisationId) -> bool:
        """Whether there is nothing to bring in, and no run of a dead worker to be declared lost."""
        async with self._units(organisation_id) as unit:
            due = next_backfill(await unit.backfills.unfinished(), self._clock.now())
            return due is None and not await unit.runs.running(RunKind.BACKFILL)

    async def _next(self, organisation_id: OrganisationId) -> Backfill | None:
        async with self._units(organisation_id) as unit:
            return next_backfill(await unit.backfills.unfinished(), self._clock.now())

    async def _asked(self, lease: Lease, external_id: int, backfill: Backfill, window: Window) -> SourcePage | None:
        asked_at = self._clock.now()
        try:
            page = await self._source.page_between(window.stream, external_id, window.start, window.end)
        except SourceUnavailable as failure:
            if failure.retry_after_s is None:  # one that throttles us is asked later, not for less
                await self._save(lease, shorten_window(backfill, window, self._clock.now()))
            raise
        except SourceRefused as refusal:
            now = self._clock.now()
            younger = leave_out_too_old(backfill, window, now)
            await self._save(lease, younger or give_up_backfill(backfill, refusal.code, str(refusal), now))
            return None
        return _as_of(asked_at, page)

    async def _save(self, lease: Lease, backfill: Backfill) -> None:
        async with self._units(lease.organisation_id) as unit:
            await unit.guard(lease)
            try:
                await unit.backfills.save(backfill)
            except Conflict:
                return  # cancelled meanwhile: that stands
            if not backfill.is_unfinished:
                unit.record(BackfillFinished.of(backfill))
            await unit.commit()

    async def _stored(
        self, lease: Lease, run: IngestionRun, backfill: Backfill, window: Window, page: SourcePage
    ) -> IngestionRun:
        """Commit a window; where the store could not take so much at once, less is asked for next time."""
        try:
            return await self._commit(lease, run, backfill.id, window, page)
        except StorageUnavailable:
            with suppress(DomainError):  # it may be away altogether, and what failed is said below
                await self._save(lease, shorten_window(backfill, window, self._clock.now()))
            raise

    async def _commit(
        self, lease: Lease, run: IngestionRun, backfill_id: UUID, window: Window, page: SourcePage
    ) -> IngestionRun:
        """Unless somebody cancelled the backfill meanwhile. Its row is taken last, for others look at it."""
        async with self._units(lease.organisation_id) as unit:
            await unit.guard(lease)
            outcome = await self._write(unit, page, backfill_id)
            backfill = await unit.backfills.get(backfill_id)
            if backfill is None or not backfill.is_unfinished:
                return run
            moved = record_window(backfill, window, outcome, len(page.rejected), self._clock.now())
            try:
                await unit.backfills.save(moved)
            except Conflict:
                return run
            await self._close_gaps(unit, moved)
            if not page.is_empty:
                run = add_page(run, outcome, len(page.rejected))
            await unit.runs.save(run)
            await unit.commit()
        return run

    async def _write(self, unit: TelemetryUnitOfWork, page: SourcePage, backfill_id: UUID) -> MergeOutcome:
        if page.is_empty:
            return MergeOutcome()
        page_id = self._ids.new()
        await send_ahead(unit, page_id, page)
        outcome = await merge_records(unit, page_id, page)
        await quarantine(unit, page.stream, page_id, page.received_at, page.rejected, self._ids)
        unit.record(ingested(page_id, page, outcome, backfill_id=backfill_id))
        return outcome

    async def _close_gaps(self, unit: TelemetryUnitOfWork, backfill: Backfill) -> None:
        for gap in await unit.gaps.unfilled():
            if closes(backfill, gap):
                await unit.gaps.close(msgspec.structs.replace(gap, closed_at=self._clock.now()))
                unit.record(GapClosed(stream=gap.stream, start=gap.start, end=gap.end, backfill_id=backfill.id))
        if not backfill.is_unfinished:
            unit.record(BackfillFinished.of(backfill))


def _as_of(asked_at: datetime, page: SourcePage) -> SourcePage:
    """The page as received when it was asked for, since when the stream may have brought younger news of its records.

    An answer to a range is long on its way, and says how things stood when the source began to write it.
    """
    return msgspec.structs.replace(page, received_at=min(asked_at, page.received_at))
