"""The MiX client, in front of the simulated MiX Integrate, keeps the contracts of a source."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from trilha.adapters.memory import MemoryDatabase, MemoryRateLimiter, MemoryTokenStore
from trilha.adapters.mix import MixClient, MixCredentials, MixHosts, MixSettings, open_mix
from trilha.adapters.system import SystemClock, Uuid7Ids
from trilha.simulators.mix import Behaviour, MixSimulator, Scenario
from trilha.testing.contracts import FleetSourceContract, TelemetrySourceContract


@pytest.fixture
async def simulator() -> AsyncIterator[MixSimulator]:
    epoch = datetime.now(UTC).replace(microsecond=0) - timedelta(days=9)
    unhurried = Behaviour(calls_per_minute=0, calls_per_hour=0)
    async with MixSimulator(Scenario(epoch=epoch, vehicles=5, behaviour=unhurried)) as running:
        yield running


@pytest.fixture
async def mix(simulator: MixSimulator) -> AsyncIterator[MixClient]:
    clock, login = SystemClock(), simulator.scenario.login
    database = MemoryDatabase(clock, Uuid7Ids())
    settings = MixSettings(
        hosts=MixHosts(simulator.identity_url, simulator.api_url),
        credentials=MixCredentials(login.client_id, login.client_secret, login.username, login.password),
    )
    store, limiter = MemoryTokenStore(database), MemoryRateLimiter(database, [])
    async with open_mix(settings, clock=clock, token_store=store, rate_limiter=limiter) as client:
        yield client


@pytest.fixture
def fleet_source(mix: MixClient) -> MixClient:
    return mix


@pytest.fixture
def telemetry_source(mix: MixClient) -> MixClient:
    return mix


@pytest.fixture
def external_id(simulator: MixSimulator) -> int:
    return simulator.organisation_id


@pytest.fixture
def source_now(simulator: MixSimulator) -> datetime:
    return simulator.now()


class TestMixFleetSource(FleetSourceContract):
    pass


class TestMixTelemetrySource(TelemetrySourceContract):
    pass
