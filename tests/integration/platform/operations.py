"""Beside the streams: what else is done with the organisation of a world."""

from datetime import timedelta

from tests.integration.platform.world import World
from trilha.application.fleet.sync_master_data import SyncMasterData, SyncMasterDataCommand
from trilha.application.telemetry.command_backfills import (
    CancelBackfill,
    CancelBackfillCommand,
)
from trilha.application.telemetry.fill_backfills import FillBackfills, FillBackfillsCommand
from trilha.application.telemetry.read_amendments import ReadAmendments, ReadAmendmentsCommand
from trilha.application.telemetry.views import BackfillView
from trilha.domain import telemetry as domain
from trilha.domain.telemetry import Backfill, IngestionRun, RunStatus
from trilha.simulators.mix import ClockChange
from trilha.testing.contracts.reading import RecordView, all_records


def pass_time(world: World, ours: timedelta, of_source: timedelta | None = None) -> None:
    """Put both clocks forward; the source's by as much as ours unless told otherwise."""
    world.clock.ahead += ours
    world.simulator.change_clock(ClockChange(advance_s=(of_source or ours).total_seconds()))


async def sync(world: World) -> None:
    """Bring the master data up to date."""
    run = await SyncMasterData(run=world.frame(), **world.parts)(SyncMasterDataCommand(world.organisation_id))
    assert run is not None
    assert run.status is RunStatus.SUCCEEDED, run.error_message


async def amend(world: World) -> IngestionRun:
    """Read amendments."""
    run = await ReadAmendments(run=world.frame(), **world.parts)(ReadAmendmentsCommand(world.organisation_id))
    assert run is not None
    assert run.status is RunStatus.SUCCEEDED, run.error_message
    return run


async def fill(world: World, max_windows: int = 60) -> IngestionRun | None:
    """Work on a backfill as one run does."""
    return await FillBackfills(run=world.frame(), **world.parts)(
        FillBackfillsCommand(world.organisation_id, max_windows)
    )


async def fill_all(world: World) -> None:
    """Until nothing is left to be filled."""
    while (run := await fill(world)) is not None:
        assert run.status is RunStatus.SUCCEEDED, run.error_message


async def request_backfill(world: World, back: timedelta) -> Backfill:
    """Of the feed under test, up to now."""
    now = world.clock.now()
    backfill = domain.request_backfill(world.ids.new(), now - back, now, (world.feed,), now)
    async with world.store.units(world.organisation_id) as unit:
        await unit.backfills.save(backfill)
        await unit.commit()
    return backfill


async def cancel_backfill(world: World, backfill: Backfill) -> BackfillView:
    """A person thinks better of it."""
    cancel = CancelBackfill(units=world.store.units, clock=world.clock)
    return await cancel(CancelBackfillCommand(world.organisation_id, backfill.id))


async def shown(world: World) -> dict[int, RecordView]:
    """Records of the feed under test that count, as screens show them."""
    found = await all_records(world.store.telemetry, world.organisation_id, world.feed, with_withdrawn=False)
    return {int(one.id): one for one in found}
