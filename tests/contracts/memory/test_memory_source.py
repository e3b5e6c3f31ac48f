"""The source made up in memory passes the suites of real ones."""

from datetime import datetime, timedelta

import pytest

from trilha.adapters.memory import MemorySource, SimulatedClock, SourceFleet
from trilha.domain.fleet import Driver, EventType, Group, MasterList, SourceOrganisation, Vehicle
from trilha.domain.kernel import DriverId, EventTypeId, GroupId, VehicleId
from trilha.domain.telemetry import FEEDS
from trilha.testing import contracts
from trilha.testing.contracts.telemetry_records import a_record

EXTERNAL_ID = 77


@pytest.fixture
def external_id() -> int:
    return EXTERNAL_ID


@pytest.fixture
def source(clock: SimulatedClock) -> MemorySource:
    source = MemorySource(clock, page_size=3)
    fleet = source.add(SourceFleet(SourceOrganisation(EXTERNAL_ID, "Viação", "America/Sao_Paulo")))
    fleet.groups = MasterList((Group(GroupId(1), "Raiz"), Group(GroupId(2), "Garagem", parent_id=GroupId(1))))
    fleet.drivers = MasterList((Driver(DriverId(1), "Ana", group_id=GroupId(2)),))
    fleet.vehicles = MasterList((Vehicle(VehicleId(1), "Ônibus"),))
    fleet.event_types = MasterList((EventType(EventTypeId(1), "Idle"),))
    for stream in FEEDS:
        times = [clock.now() - timedelta(hours=10 * number) for number in range(1, 9)]
        source.emit(EXTERNAL_ID, [a_record(stream, number, occurred_at=at) for number, at in enumerate(times)])
    return source


class TestMemoryFleetSource(contracts.FleetSourceContract):
    @pytest.fixture
    def fleet_source(self, source: MemorySource) -> MemorySource:
        return source


class TestMemoryTelemetrySource(contracts.TelemetrySourceContract):
    @pytest.fixture
    def telemetry_source(self, source: MemorySource) -> MemorySource:
        return source

    @pytest.fixture
    def source_now(self, clock: SimulatedClock) -> datetime:
        return clock.now()
