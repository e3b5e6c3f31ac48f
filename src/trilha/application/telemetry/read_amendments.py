"""Read what the source changed about records afterwards, so that reports follow."""

from collections.abc import AsyncGenerator, Sequence
from datetime import UTC, date, datetime, time

import msgspec

from trilha.application.exclusive_run import ExclusiveRun
from trilha.application.ports import Clock, IdSource, Lease, TelemetryUnitOfWork, UnitsOfWork
from trilha.application.telemetry.amending import DAY, keep_amendments
from trilha.domain.kernel import OrganisationId
from trilha.domain.telemetry import (
    AMENDED_FEEDS,
    FEEDS,
    AmendmentPage,
    Checkpoint,
    IngestionRun,
    RunKind,
    Stream,
    TelemetrySource,
    add_page,
    advance,
    first_checkpoint,
    seed_time,
    spans,
)


class ReadAmendmentsCommand(msgspec.Struct, frozen=True):
    """Whose amendments to read."""

    organisation_id: OrganisationId


class ReadAmendments:
    """Reads every day since the last one read, so days without a run are made up for.

    Its checkpoint's token is the last day read, but none that the source's own tokens have not reached: by a clock of
    ours that is ahead, days would count as read before anything was amended on them. Returns the run, or None if
    another worker is at it.
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

    async def __call__(self, command: ReadAmendmentsCommand) -> IngestionRun | None:
        """Do it once."""
        return await self._exclusively(command.organisation_id, RunKind.AMENDMENTS, self._steps)

    async def _steps(self, lease: Lease, run: IngestionRun, external_id: int) -> AsyncGenerator[IngestionRun, None]:
        checkpoint = await self._checkpoint(lease)
        today = self._clock.now().date()
        for first, last in spans(min(checkpoint.token_time.date(), today), today):
            pages = [await self._source.amendments(feed, external_id, first, last) for feed in AMENDED_FEEDS]
            checkpoint, run = await self._commit(lease, run, checkpoint, pages)
            yield run

    async def _checkpoint(self, lease: Lease) -> Checkpoint:
        async with self._units(lease.organisation_id) as unit:
            await unit.guard(lease)
            checkpoint = await unit.checkpoints.get(Stream.AMENDMENTS)
            if checkpoint is None:
                now = self._clock.now()
                token, token_time = _token_of(seed_time(now).date())
                checkpoint = first_checkpoint(Stream.AMENDMENTS, token, token_time, now)
                await unit.checkpoints.save(checkpoint)
                await unit.commit()
        return checkpoint

    async def _commit(
        self, lease: Lease, run: IngestionRun, checkpoint: Checkpoint, pages: Sequence[AmendmentPage]
    ) -> tuple[Checkpoint, IngestionRun]:
        async with self._units(lease.organisation_id) as unit:
            await unit.guard(lease)
            read = await self._surely_read(unit, checkpoint, pages[-1].last)
            checkpoint = advance(checkpoint, *_token_of(read), self._clock.now())
            for page in pages:
                run = await self._keep(unit, run, page)
            await unit.checkpoints.save(checkpoint)
            await unit.runs.save(run)
            await unit.commit()
        return checkpoint, run

    async def _surely_read(self, unit: TelemetryUnitOfWork, checkpoint: Checkpoint, last: date) -> date:
        feeds = [await unit.checkpoints.get(feed) for feed in FEEDS]
        reached = max((feed.token_time.date() for feed in feeds if feed is not None), default=last)
        return min(max(reached, checkpoint.token_time.date()), last)

    async def _keep(self, unit: TelemetryUnitOfWork, run: IngestionRun, page: AmendmentPage) -> IngestionRun:
        outcome = await keep_amendments(unit, page, self._ids)
        return run if outcome is None else add_page(run, outcome, len(page.rejected))


def _token_of(day: date) -> tuple[str, datetime]:
    return day.strftime(DAY), datetime.combine(day, time(), tzinfo=UTC)
