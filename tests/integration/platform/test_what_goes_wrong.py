"""What people, clocks and other tools do to a feed; `docs/what-goes-wrong.md` names the test of each."""

import asyncio
from datetime import timedelta

import msgspec
import pytest

from tests.integration.platform.operations import (
    amend,
    cancel_backfill,
    fill,
    fill_all,
    pass_time,
    request_backfill,
    shown,
    sync,
)
from tests.integration.platform.world import World, every_feed
from trilha.application.ports import VEHICLES, PageRequest
from trilha.application.telemetry.live_positions import read_positions
from trilha.application.telemetry.views import EventView, TripView
from trilha.domain.telemetry import ClocksDiffer, RunStatus, Stream
from trilha.domain.telemetry.model import CLOCK_TOLERANCE
from trilha.simulators.mix import Amend, Behaviour, Fault, FaultKind, LateEvents
from trilha.simulators.mix.scenario import Scenario

AMENDABLE = pytest.mark.parametrize("feed", [Stream.EVENTS, Stream.TRIPS], indirect=True)
ON_TRIPS = pytest.mark.parametrize("feed", [Stream.TRIPS], indirect=True)
ON_POSITIONS = pytest.mark.parametrize("feed", [Stream.POSITIONS], indirect=True)
QUIET = {"startless_share": 0.0, "timeless_share": 0.0}
"""Without records that no range can name."""
OTHER, THIRD = 424242424242424242, -424242424242424243


@pytest.fixture
def scenario(scenario: Scenario, request: pytest.FixtureRequest) -> Scenario:
    return msgspec.structs.replace(scenario, **getattr(request, "param", {}))


@pytest.mark.parametrize("scenario", [QUIET], indirect=True)
async def test_a_clock_half_a_day_behind_says_so_and_nothing_is_lost_once_it_is_set(world: World) -> None:
    world.clock.ahead -= timedelta(hours=13)
    for _ in range(3):
        run = await world.ingest()
        assert (run.status, run.error_code) == (RunStatus.FAILED, ClocksDiffer.code)
        assert "Set the clock" in (run.error_message or "")
        pass_time(world, timedelta(hours=2))
        assert (await world.checkpoint()).open_gaps == 0
    world.clock.ahead += timedelta(hours=13)
    assert (await world.ingest()).status is RunStatus.SUCCEEDED
    assert (await world.checkpoint()).open_gaps == 1
    await fill_all(world)
    assert (await world.checkpoint()).open_gaps == 0
    world.assert_nothing_lost_or_doubled()


@every_feed
async def test_a_clock_that_jumps_ahead_by_weeks_changes_nothing(world: World) -> None:
    await world.ingest(max_pages=2)
    world.clock.ahead += timedelta(days=20)
    assert (await world.ingest()).status is RunStatus.SUCCEEDED
    assert (await world.checkpoint()).open_gaps == 0
    world.assert_nothing_lost_or_doubled()


@pytest.mark.parametrize("kind", [FaultKind.STUCK_TOKEN, FaultKind.REPEATED_PAGE, FaultKind.MISSING_HEADERS])
async def test_a_page_that_leads_nowhere_for_ever_costs_one_call_a_turn(world: World, kind: FaultKind) -> None:
    await world.ingest(max_pages=2)
    world.simulator.faults.add(Fault(kind=kind, route=world.route, times=99))
    for _ in range(3):
        world.simulator.reset_calls()
        run = await world.ingest()
        assert (run.error_code, world.simulator.calls_of(world.route)) == ("telemetry.stream_stuck", 1)
    world.simulator.faults.clear()
    assert (await world.ingest()).status is RunStatus.SUCCEEDED
    world.assert_nothing_lost_or_doubled()
    await world.assert_books_balance()


@AMENDABLE
async def test_amendments_hold_before_after_and_between_what_is_sent(world: World) -> None:
    await world.ingest()
    once, twice, gone, *_ = sorted(await shown(world))
    (late,) = world.simulator.add_late_events(LateEvents(count=1, late_by_s=3_600, kind=world.kind))
    reassign(world, twice, OTHER)
    for record_id in (once, late.identity):
        reassign(world, record_id, OTHER)
    pass_time(world, timedelta(minutes=1))
    reassign(world, twice, THIRD)
    world.simulator.amend(Amend(id=gone, kind=world.kind))
    pass_time(world, timedelta(minutes=1))
    await amend(world)
    assert late.identity not in await shown(world)  # its amendment came before it
    await world.ingest()
    await assert_amended(world, {once: OTHER, twice: THIRD, late.identity: OTHER}, gone)

    await request_backfill(world, timedelta(days=7))  # sends everything again as it was at first
    await fill_all(world)
    await amend(world)
    await assert_amended(world, {once: OTHER, twice: THIRD, late.identity: OTHER}, gone)


def reassign(world: World, record_id: int, driver_id: int) -> None:
    world.simulator.amend(Amend(id=record_id, kind=world.kind, new_driver_id=driver_id))


async def assert_amended(world: World, drivers: dict[int, int], gone: int) -> None:
    found = await shown(world)
    assert gone not in found
    for record_id, driver_id in drivers.items():
        one = found[record_id]
        assert isinstance(one, EventView | TripView)
        assert one.driver_id == str(driver_id)
        assert one.reassigned_from is not None


REVISED = {"repeat_near_share": 0.2, "trips_revised_share": 1.0}
"""Mostly within a page, where the last one sent holds as well, and some over two pages."""


@ON_TRIPS
@pytest.mark.parametrize("scenario", [REVISED], indirect=True)
async def test_a_trip_sent_again_with_other_values_is_replaced(world: World) -> None:
    run = await world.ingest()
    assert run.status is RunStatus.SUCCEEDED
    assert run.replaced > 0
    assert run.replaced + run.duplicates > 50
    world.assert_nothing_lost_or_doubled()
    assert sum(one.distance_km or 0 for one in await trips(world)) == pytest.approx(
        sum(row[5] for row in world.records) / 1000
    )


async def trips(world: World) -> list[TripView]:
    return [one for one in (await shown(world)).values() if isinstance(one, TripView)]


@ON_POSITIONS
@pytest.mark.parametrize("scenario", [{"future_share": 0.3}], indirect=True)
async def test_a_position_from_the_future_is_kept_and_nobodys_last(world: World) -> None:
    await world.ingest()
    world.assert_nothing_lost_or_doubled()
    limit = world.clock.now() + CLOCK_TOLERANCE
    held = [one.occurred_at for one in (await shown(world)).values()]
    assert max(held) > limit
    latest = await world.store.telemetry.latest_positions(world.organisation_id, world.clock.now())
    assert latest
    assert all(one.occurred_at <= limit for one in latest)
    messages = await world.live.missed(world.organisation_id, VEHICLES, 0, 1_000)
    sent = [one.occurred_at for message in messages for one in read_positions(message.payload)]
    assert sent
    assert max(sent) <= limit


@ON_POSITIONS
async def test_a_vehicle_that_changes_group_is_found_in_its_new_one(world: World) -> None:
    await sync(world)
    await world.ingest()
    fleet = world.simulator.fleet
    moving, *others = (asset for asset in fleet.assets if asset.site_id in fleet.sites)
    target = next(site for site in fleet.sites if site not in {moving.site_id, *(one.site_id for one in others)})
    assert await found_in(world, target) == set()
    before = await found_in(world, moving.site_id)
    assert str(moving.asset_id) in before
    moved = msgspec.structs.replace(moving, site_id=target)
    fleet.assets = tuple(moved if asset is moving else asset for asset in fleet.assets)
    await sync(world)
    assert await found_in(world, target) == {str(moving.asset_id)}
    assert await found_in(world, moving.site_id) == before - {str(moving.asset_id)}


async def found_in(world: World, group_id: int) -> set[str]:
    found = await world.store.telemetry.latest_positions(world.organisation_id, world.clock.now(), group_id)
    return {one.vehicle_id for one in found}


@every_feed
@pytest.mark.parametrize("scenario", [QUIET], indirect=True)
async def test_a_backfill_cancelled_killed_and_asked_for_again_brings_everything_once(world: World) -> None:
    cancelled = await request_backfill(world, timedelta(days=6, hours=1))
    await fill(world, max_windows=2)
    assert (await cancel_backfill(world, cancelled)).status == "cancelled"
    assert await fill(world) is None

    again = await request_backfill(world, timedelta(days=20))
    await fill(world, max_windows=2)
    await killed_while_the_source_is_asked(world)
    await fill_all(world)
    listed = await world.store.ingestion.backfills(world.organisation_id, None, world.clock.now(), PageRequest())
    newest, *_ = listed.items
    assert (newest.id, newest.status, newest.done_share) == (again.id, "completed", 1.0)
    await world.ingest()
    world.assert_nothing_lost_or_doubled()


async def killed_while_the_source_is_asked(world: World) -> None:
    world.simulator.faults.add(Fault(kind=FaultKind.SLOW, wait_s=0.2, times=99))
    world.simulator.reset_calls()
    filling = asyncio.create_task(fill(world))
    async with asyncio.timeout(10):
        while True:
            if world.simulator.calls():
                break
            await asyncio.sleep(0.005)
    filling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await filling
    world.simulator.faults.clear()


@every_feed
async def test_a_budget_that_another_tool_spends_makes_us_pause_and_loses_nothing(world: World) -> None:
    await world.ingest(max_pages=1)
    world.simulator.behaviour = Behaviour(calls_per_minute=20, calls_per_hour=0, retry_after=False)
    world.simulator.reset_calls()
    world.simulator.spend(19)
    run = await world.ingest()
    assert (run.status, run.error_code) == (RunStatus.FAILED, "source.unavailable")
    assert "Another tool" in (run.error_message or "")
    counted = world.simulator.calls()[world.route]
    assert (counted.statuses[429], counted.calls) == (4, 5)  # a page, then a try and three more
    world.simulator.behaviour = Behaviour(calls_per_minute=0, calls_per_hour=0)
    assert (await world.ingest()).status is RunStatus.SUCCEEDED
    world.assert_nothing_lost_or_doubled()
    await world.assert_books_balance()
