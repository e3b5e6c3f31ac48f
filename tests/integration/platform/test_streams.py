"""The stream as it comes over days: doubled, revised, late, strange, refused, and too long unread."""

from datetime import timedelta

import msgspec
import pytest

from tests.integration.platform.operations import pass_time
from tests.integration.platform.world import World, every_feed, new_organisation
from trilha.domain.kernel import SourceNotPermitted
from trilha.domain.telemetry import SEED_AGE, ClocksDiffer, RunStatus
from trilha.simulators.mix import Fault, FaultKind, LateEvents, Route
from trilha.simulators.mix.scenario import Scenario

FOREIGN = -4242424242424242424
A_WHILE = timedelta(minutes=1)


@pytest.fixture
def scenario(scenario: Scenario, request: pytest.FixtureRequest) -> Scenario:
    return msgspec.structs.replace(scenario, **getattr(request, "param", {}))


MANY = {"events_per_vehicle_per_day": 100, "repeat_near_share": 0.1, "repeat_far_share": 0.4, "revised_share": 0.5}


@pytest.mark.parametrize("scenario", [MANY], indirect=True)
async def test_doubled_revised_and_strange_records(world: World) -> None:
    run = await world.ingest()
    assert run.status is RunStatus.SUCCEEDED
    assert run.duplicates > 100
    assert run.replaced > 100
    world.assert_nothing_lost_or_doubled()
    await world.assert_books_balance()
    ids = {row[0] for row in world.records}
    assert {2**63 - 1, -(2**63)} <= ids
    assert len({float(key) for key in ids}) < len(ids)
    vehicles = {asset.asset_id for asset in world.simulator.fleet.assets}
    drivers = {driver.driver_id for driver in world.simulator.fleet.drivers}
    assert any(row[1] not in vehicles for row in world.records)
    assert any(row[2] not in drivers for row in world.records)


@every_feed
async def test_late_records_come_with_the_next_run(world: World) -> None:
    await world.ingest()
    late = world.simulator.add_late_events(LateEvents(count=20, late_by_s=5 * 86_400, kind=world.kind))
    pass_time(world, A_WHILE)
    run = await world.ingest()
    assert run.inserted >= len(late)
    assert {record.identity for record in late} <= {row[0] for row in world.records}
    world.assert_nothing_lost_or_doubled()


@every_feed
@pytest.mark.parametrize("refresh", [False, True])
async def test_tokens_that_lost_their_worth_are_replaced(world: World, *, refresh: bool) -> None:
    await world.ingest(max_pages=2)
    world.simulator.revoke_tokens(access=True, refresh=refresh)
    assert (await world.ingest()).status is RunStatus.SUCCEEDED
    world.assert_nothing_lost_or_doubled()


@every_feed
async def test_a_login_page_where_a_token_was_due(world: World) -> None:
    await world.ingest(max_pages=2)
    world.simulator.revoke_tokens(access=True, refresh=True)
    world.simulator.faults.add(Fault(kind=FaultKind.HTML, route=Route.TOKEN, times=6))
    run = await world.ingest()
    assert (run.status, run.error_code) == (RunStatus.FAILED, "source.unavailable")
    world.simulator.faults.clear()
    assert (await world.ingest()).status is RunStatus.SUCCEEDED
    world.assert_nothing_lost_or_doubled()


@every_feed
async def test_an_organisation_that_is_not_ours_is_named_and_asked_for_twice_only(world: World) -> None:
    world.organisation_id = await new_organisation(world.store, FOREIGN, world.clock)
    for _ in range(2):
        world.simulator.reset_calls()
        run = await world.ingest()
        assert (run.status, run.error_code) == (RunStatus.FAILED, SourceNotPermitted.code)
        assert str(FOREIGN) in (run.error_message or "")
        assert world.simulator.calls_of(world.route) == 2
        assert world.simulator.calls_of(Route.TOKEN) <= 2
    assert not world.records
    assert (await world.checkpoint()).open_gaps == 0


@every_feed
async def test_a_token_older_than_seven_days_opens_a_gap(world: World) -> None:
    await world.ingest()
    until = world.simulator.now()
    world.assert_nothing_lost_or_doubled()
    pass_time(world, timedelta(days=8))
    run = await world.ingest()
    assert (run.status, run.error_message) == (RunStatus.SUCCEEDED, None)
    await assert_the_gap_is_all_that_is_missing(world, until)


@every_feed
async def test_a_source_whose_clock_is_ahead_refuses_a_token_that_we_think_young(world: World) -> None:
    await world.ingest()
    until = world.simulator.now()
    pass_time(world, timedelta(days=6, hours=22), timedelta(days=7, hours=1))
    world.simulator.reset_calls()
    run = await world.ingest()
    assert (run.status, run.error_message) == (RunStatus.SUCCEEDED, None)
    assert world.simulator.calls()[world.route].statuses[400] == 1
    await assert_the_gap_is_all_that_is_missing(world, until)


@every_feed
async def test_a_source_that_refuses_every_token_is_not_asked_in_a_loop_and_opens_no_gap(world: World) -> None:
    await world.ingest()
    world.simulator.behaviour = msgspec.structs.replace(world.simulator.behaviour, reach_days=1)
    pass_time(world, timedelta(days=6, hours=22))
    for _ in range(2):
        world.simulator.reset_calls()
        run = await world.ingest()
        assert (run.status, run.error_code) == (RunStatus.FAILED, ClocksDiffer.code)
        assert world.simulator.calls_of(world.route) <= 2
        assert (await world.checkpoint()).open_gaps == 0


async def assert_the_gap_is_all_that_is_missing(world: World, until: object) -> None:
    ((start, end),) = world.store.back_door.gaps(world.organisation_id)
    assert start == until
    checkpoint = await world.checkpoint()
    assert checkpoint.open_gaps == 1
    assert end <= checkpoint.token_time
    assert abs(world.clock.now() - SEED_AGE - end) < A_WHILE
    before, after = world.truth(until=start), world.truth(since=end)
    assert len(world.records) == before.events + after.events
    ids = 0
    for row in world.records:
        ids ^= row[0]
    assert ids == before.ids_checksum ^ after.ids_checksum
    (told,) = [
        one for one in world.store.back_door.outbox(world.organisation_id) if one["type"] == "telemetry.gap_opened"
    ]
    assert told["organisationid"] == str(world.organisation_id)
    again = await world.ingest()
    assert (again.status, (await world.checkpoint()).open_gaps) == (RunStatus.SUCCEEDED, 1)
