"""Read kept pages again with today's reader, so that what it understands better now comes in."""

from collections.abc import AsyncGenerator
from uuid import UUID

import msgspec

from trilha.application.exclusive_run import ExclusiveRun
from trilha.application.ports import Clock, Lease, TelemetryUnitOfWork, UnitsOfWork
from trilha.application.telemetry.page_rows import merge_again
from trilha.domain.kernel import OrganisationId, TimeRange
from trilha.domain.telemetry import (
    IngestionRun,
    PageReader,
    RawPageKey,
    RunKind,
    Settlement,
    Stream,
    Understood,
    add_page,
    settle_entry,
)

BATCH = 100


class ReplayRawCommand(msgspec.Struct, frozen=True):
    """Pages of a feed by when they were received."""

    organisation_id: OrganisationId
    stream: Stream
    received: TimeRange = TimeRange()


class ReplayRaw:
    """A page is merged as of when it was received, so it cannot undo what came later; repeating it changes nothing.

    Records in quarantine that are understood now are settled as replayed. Returns the run, or None if another replay
    is under way.
    """

    def __init__(
        self, *, run: ExclusiveRun, reader: PageReader, units: UnitsOfWork[TelemetryUnitOfWork], clock: Clock
    ) -> None:
        self._exclusively = run
        self._reader = reader
        self._units = units
        self._clock = clock

    async def __call__(self, command: ReplayRawCommand) -> IngestionRun | None:
        """Do it once."""

        def steps(lease: Lease, run: IngestionRun, external_id: int) -> AsyncGenerator[IngestionRun, None]:
            del external_id
            return self._steps(lease, run, command)

        return await self._exclusively(command.organisation_id, RunKind.REPLAY, steps)

    async def _steps(
        self, lease: Lease, run: IngestionRun, command: ReplayRawCommand
    ) -> AsyncGenerator[IngestionRun, None]:
        after: RawPageKey | None = None
        while keys := await self._keys(command, after):
            for key in keys:
                run = await self._replay(lease, run, command.stream, key.id)
                yield run
            after = keys[-1]

    async def _keys(self, command: ReplayRawCommand, after: RawPageKey | None) -> list[RawPageKey]:
        async with self._units(command.organisation_id) as unit:
            return list(await unit.raw_pages.keys(command.stream, command.received, after, BATCH))

    async def _replay(self, lease: Lease, run: IngestionRun, stream: Stream, page_id: UUID) -> IngestionRun:
        async with self._units(lease.organisation_id) as unit:
            await unit.guard(lease)
            page = await unit.raw_pages.get(page_id)
            understood = self._reader.understand(stream, page.body, page.received_at)
            outcome = await merge_again(unit, stream, page_id, page.received_at, understood.records)
            await self._settle(unit, page_id, understood)
            run = add_page(run, outcome, len(understood.rejected))
            await unit.runs.save(run)
            await unit.commit()
        return run

    async def _settle(self, unit: TelemetryUnitOfWork, page_id: UUID, understood: Understood) -> None:
        still = {record.position for record in understood.rejected}
        for entry in await unit.quarantine.of_page(page_id):
            if entry.settlement is None and entry.record.position not in still:
                await unit.quarantine.save(settle_entry(entry, Settlement.REPLAYED, self._clock.now()))
