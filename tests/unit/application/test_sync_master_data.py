from datetime import timedelta

import msgspec
import pytest

from tests.unit.application.conftest import ORGANISATION_ID, Installation
from trilha.application.fleet.sync_master_data import LOOK_AGAIN_AFTER, TRY_AGAIN_AFTER, SyncMasterDataCommand
from trilha.application.ports import JobRow
from trilha.application.schedule import SYNC_MASTER_DATA
from trilha.domain.fleet import (
    Classification,
    Driver,
    EventType,
    Group,
    MasterDataSynced,
    MasterList,
    Vehicle,
)
from trilha.domain.kernel import DriverId, EventTypeId, GroupId, RejectedRecord, SourceUnavailable, VehicleId
from trilha.domain.telemetry import RunStatus

COMMAND = SyncMasterDataCommand(ORGANISATION_ID)
ANA, BIA = Driver(DriverId(1), "Ana"), Driver(DriverId(2), "Bia")
IGNITION_ON = EventType(EventTypeId(8242796377286834188), "Ignição ligada")


@pytest.fixture(autouse=True)
def _a_fleet(here: Installation) -> None:
    here.fleet.groups = MasterList((Group(GroupId(1), "Garagem"),))
    here.fleet.drivers = MasterList((ANA, BIA))
    here.fleet.vehicles = MasterList((Vehicle(VehicleId(1), "Ônibus"),))
    here.fleet.event_types = MasterList((IGNITION_ON,))


def told(here: Installation) -> list[tuple[str, int, int, int]]:
    events = [msgspec.json.decode(one.data, type=MasterDataSynced) for one in here.database.outbox.values()]
    return [(one.kind, one.saved, one.vanished, one.unchanged) for one in events]


async def test_every_kind_is_kept_and_told_once(here: Installation) -> None:
    run = await here.sync()(COMMAND)
    assert run is not None
    assert (run.status, run.pages, run.inserted) == (RunStatus.SUCCEEDED, 4, 5)
    assert here.tables.master["drivers"] == {1: ANA, 2: BIA}
    assert told(here) == [("groups", 1, 0, 0), ("drivers", 2, 0, 0), ("vehicles", 1, 0, 0), ("event_types", 1, 0, 0)]


async def test_a_second_sync_writes_and_tells_nothing(here: Installation) -> None:
    await here.sync()(COMMAND)
    here.database.outbox.clear()
    run = await here.sync()(COMMAND)
    assert run is not None
    assert (run.inserted, run.duplicates) == (0, 5)
    assert told(here) == []


async def test_who_vanished_is_inactive_and_who_came_back_active(here: Installation) -> None:
    await here.sync()(COMMAND)
    here.fleet.drivers = MasterList((BIA,))
    await here.sync()(COMMAND)
    assert here.tables.master["drivers"] == {1: msgspec.structs.replace(ANA, active=False), 2: BIA}
    here.fleet.drivers = MasterList((ANA, BIA))
    await here.sync()(COMMAND)
    assert here.tables.master["drivers"] == {1: ANA, 2: BIA}


async def test_an_empty_list_fails_the_run_and_spoils_no_kind_before_it(here: Installation) -> None:
    await here.sync()(COMMAND)
    here.fleet.groups = MasterList((Group(GroupId(2), "Nova"),))
    here.fleet.drivers = MasterList(())
    run = await here.sync()(COMMAND)
    assert run is not None
    assert (run.status, run.error_code) == (RunStatus.FAILED, "fleet.source_answered_nothing")
    assert set(here.tables.master["groups"]) == {1, 2}
    assert here.tables.master["drivers"] == {1: ANA, 2: BIA}


async def test_an_empty_list_is_believed_if_somebody_says_so(here: Installation) -> None:
    await here.sync()(COMMAND)
    here.fleet.drivers = MasterList(())
    await here.sync()(msgspec.structs.replace(COMMAND, allow_empty=True))
    assert {driver.active for driver in here.tables.master["drivers"].values()} == {False}


async def test_rejected_records_go_to_quarantine_and_are_counted(here: Installation) -> None:
    broken = RejectedRecord(1, "id_out_of_range", "DriverId", b"{}")
    here.fleet.drivers = MasterList((ANA,), (broken,))
    run = await here.sync()(COMMAND)
    assert run is not None
    assert (run.status, run.quarantined) == (RunStatus.SUCCEEDED, 1)
    assert [(one.stream, one.page_id, one.record) for one in here.tables.quarantine.values()] == [
        ("drivers", None, broken)
    ]


async def test_event_types_are_classified_by_stock_table_and_override(here: Installation) -> None:
    await here.sync()(COMMAND)
    assert here.tables.master["event_types"][IGNITION_ON.id].classification is Classification.NORMAL_OPERATION
    async with here.units(ORGANISATION_ID) as unit:
        await unit.master_data.classify(IGNITION_ON.id, Classification.SAFETY)
        await unit.commit()
    await here.sync()(COMMAND)
    assert here.tables.master["event_types"][IGNITION_ON.id].classification is Classification.SAFETY


async def test_only_the_kinds_asked_for_are_read(here: Installation) -> None:
    await here.sync()(msgspec.structs.replace(COMMAND, kinds=("drivers",)))
    assert told(here) == [("drivers", 2, 0, 0)]


async def test_a_list_with_a_record_that_is_not_understood_makes_nobody_vanish(here: Installation) -> None:
    await here.sync()(COMMAND)
    here.fleet.drivers = MasterList((ANA,), (RejectedRecord(1, "malformed", "Name", b"{}"),))
    await here.sync()(COMMAND)
    assert here.tables.master["drivers"] == {1: ANA, 2: BIA}


async def test_a_source_that_was_away_is_asked_again_soon(here: Installation) -> None:
    tomorrow = here.clock.now() + timedelta(days=1)
    await here.jobs.ensure([JobRow(ORGANISATION_ID, SYNC_MASTER_DATA, tomorrow)])
    here.source.failures.append(SourceUnavailable("down for an hour"))
    run = await here.sync()(COMMAND)
    assert run is not None
    assert (run.status, run.error_code) == (RunStatus.FAILED, "source.unavailable")
    (row,) = await here.jobs.all(ORGANISATION_ID)
    assert row.next_run_at == here.clock.now() + TRY_AGAIN_AFTER


async def test_behind_a_lease_it_looks_again_soon_for_its_holder_may_be_dead(here: Installation) -> None:
    await here.jobs.ensure([JobRow(ORGANISATION_ID, SYNC_MASTER_DATA, here.clock.now() + timedelta(days=1))])
    assert await here.leases.acquire(ORGANISATION_ID, "ingest:master_data", "a dead worker", timedelta(seconds=15))
    assert await here.sync()(COMMAND) is None
    (row,) = await here.jobs.all(ORGANISATION_ID)
    assert row.next_run_at == here.clock.now() + LOOK_AGAIN_AFTER
