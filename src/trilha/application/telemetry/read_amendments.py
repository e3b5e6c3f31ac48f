"""Read what the source changed about records afterwards, so that reports follow."""

from collections.abc import AsyncGenerator, Sequence
from datetime import UTC, date, datetime, time
from uuid import UUID

import msgspec

from trilha.application.exclusive_run import ExclusiveRun
from trilha.application.ports import Clock, IdSource, Lease, TelemetryUnitOfWork, UnitsOfWork
from trilha.application.telemetry.page_rows import quarantine
from trilha.domain.kernel import OrganisationId
from trilha.domain.telemetry import (
    AMENDED_FEEDS,
    FEEDS,
    Amendment,
    AmendmentKind,
    AmendmentPage,
    Checkpoint,
    IngestionRun,
    MergeOutcome,
    RawPage,
    RecordsAmended,
    RunKind,
    Standing,
    Stream,
    TelemetrySource,
    add_page,
    advance,
    first_checkpoint,
    seed_time,
    spans,
    standings,
)

_DAY = "%Y%m%d"


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
        if not page.amendments and not page.rejected:
            return run
        page_id = self._ids.new()
        await unit.raw_pages.add(page_id, _raw(page))
        await quarantine(unit, Stream.AMENDMENTS, page_id, page.received_at, page.rejected, self._ids)
        known = await unit.amendments.known(page.stream, [one.record_id for one in page.amendments])
        changed = standings(known, page.amendments)
        await unit.amendments.save(changed)
        if changed:
            unit.record(_amended(page_id, page.stream, changed, page.amendments))
        return add_page(run, _outcome(known, changed, page.amendments), len(page.rejected))


def _token_of(day: date) -> tuple[str, datetime]:
    return day.strftime(_DAY), datetime.combine(day, time(), tzinfo=UTC)


def _raw(page: AmendmentPage) -> RawPage:
    asked_for = f"{page.stream} {page.first:{_DAY}}-{page.last:{_DAY}}"
    return RawPage(Stream.AMENDMENTS, asked_for, None, page.received_at, page.body)


def _amended(
    page_id: UUID, stream: Stream, changed: Sequence[Standing], amendments: Sequence[Amendment]
) -> RecordsAmended:
    records = {one.record_id for one in changed}
    kinds = {(one.record_id, one.kind) for one in amendments if one.record_id in records}
    counts = [kind for _, kind in kinds]
    return RecordsAmended(
        page_id=page_id,
        stream=stream,
        reassigned=counts.count(AmendmentKind.REASSIGNED),
        withdrawn=counts.count(AmendmentKind.WITHDRAWN),
    )


def _outcome(known: Sequence[Standing], changed: Sequence[Standing], amendments: Sequence[Amendment]) -> MergeOutcome:
    before = {one.record_id for one in known}
    replaced = sum(one.record_id in before for one in changed)
    return MergeOutcome(inserted=len(changed) - replaced, replaced=replaced, duplicates=len(amendments) - len(changed))
