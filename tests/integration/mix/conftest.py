"""The client against the simulator over HTTP. Waits cost no time: the clock leaps to whatever is waited for."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from trilha.adapters.memory import MemoryDatabase, MemoryRateLimiter, MemoryTokenStore, SimulatedClock, SimulatedIds
from trilha.adapters.mix import MixCredentials, MixHosts, MixSettings, Timeouts, open_mix
from trilha.application.ports import RateLimit
from trilha.simulators.mix import MixSimulator, Scenario

NOW = datetime(2026, 3, 10, 14, 30, 15, tzinfo=UTC)


class LeapingClock(SimulatedClock):
    """Nobody has to move it: it is at once where a sleeper wants it to be, and remembers the longest leap."""

    longest_leap = timedelta(0)

    async def sleep_until(self, moment):
        self.longest_leap = max(self.longest_leap, moment - self.now())
        # A turn in real time lets the sockets catch up with a poller that sleeps in simulated time.
        await asyncio.sleep(0.001)
        self.advance_to(moment)


@pytest.fixture
def clock():
    return LeapingClock(NOW)


@pytest.fixture
def scenario():
    return Scenario(epoch=NOW - timedelta(days=6), vehicles=10)


@pytest.fixture
async def simulator(scenario, clock):
    async with MixSimulator(scenario, clock=clock.now) as running:
        yield running


@pytest.fixture
def database(clock):
    return MemoryDatabase(clock, SimulatedIds(clock))


@pytest.fixture
def store(database):
    return MemoryTokenStore(database)


@pytest.fixture
def limiter(database):
    return MemoryRateLimiter(database, [RateLimit(20, timedelta(minutes=1)), RateLimit(500, timedelta(hours=1))])


@pytest.fixture
def settings(simulator):
    login = simulator.scenario.login
    return MixSettings(
        hosts=MixHosts(simulator.identity_url, simulator.api_url),
        credentials=MixCredentials(login.client_id, login.client_secret, login.username, login.password),
        timeouts=Timeouts(connect_s=5, read_s=5, whole_s=20),
    )


@pytest.fixture
def open_client(settings, clock, store, limiter):
    """Open clients that share the stores, each as a process of its own."""

    def open_one(chosen=None, token_store=None):
        return open_mix(
            chosen or settings,
            clock=clock,
            token_store=token_store or store,
            rate_limiter=limiter,
            chance=lambda: 0.5,
        )

    return open_one


@pytest.fixture
async def mix(open_client):
    async with open_client() as client:
        yield client


@pytest.fixture
def organisation(simulator):
    return simulator.organisation_id


@pytest.fixture
def since(mix):
    return mix.token_at(NOW - timedelta(days=5))


@pytest.fixture
def calls(simulator):
    """How often a route was asked for."""

    def count(route):
        counted = simulator.calls().get(route)
        return 0 if counted is None else counted.calls

    return count
