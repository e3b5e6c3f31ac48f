"""The client against the simulator over HTTP. Waits cost no time: the clock leaps to whatever is waited for."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from trilha.adapters.memory import MemoryDatabase, MemoryRateLimiter, MemoryTokenStore, SimulatedClock, SimulatedIds
from trilha.adapters.mix import MixClient, MixCredentials, MixHosts, MixSettings, Timeouts, open_mix
from trilha.application.ports import RateLimit
from trilha.domain.telemetry import AMENDED_FEEDS, FEEDS, AmendmentPage, SourcePage, Stream
from trilha.simulators.mix import MixSimulator, Route, Scenario

NOW = datetime(2026, 3, 10, 14, 30, 15, tzinfo=UTC)

SINCE = NOW - timedelta(days=5)
WINDOW = NOW - timedelta(days=2), NOW - timedelta(days=1)
SINCE_ROUTES = {
    Stream.EVENTS: Route.EVENTS_SINCE,
    Stream.POSITIONS: Route.POSITIONS_SINCE,
    Stream.TRIPS: Route.TRIPS_SINCE,
}
RANGE_ROUTES = {
    Stream.EVENTS: Route.EVENTS_RANGE,
    Stream.POSITIONS: Route.POSITIONS_RANGE,
    Stream.TRIPS: Route.TRIPS_RANGE,
}
AMENDED_ROUTES = {Stream.EVENTS: Route.EVENTS_AMENDED, Stream.TRIPS: Route.TRIPS_AMENDED}


class Question(msgspec.Struct, frozen=True):
    """Something that is asked about a feed, and the route that must answer."""

    route: Route
    ask: Callable[[MixClient, int], Awaitable[SourcePage | AmendmentPage]]

    def __call__(self, mix, organisation):
        return self.ask(mix, organisation)


def _since(stream):
    return Question(
        SINCE_ROUTES[stream], lambda mix, who: mix.page_since(stream, who, mix.token_at(SINCE), urgent=False)
    )


def _between(stream):
    return Question(RANGE_ROUTES[stream], lambda mix, who: mix.page_between(stream, who, *WINDOW))


def _amended(stream):
    days = (NOW - timedelta(days=5)).date(), NOW.date()
    return Question(AMENDED_ROUTES[stream], lambda mix, who: mix.amendments(stream, who, *days))


RANGES = [_between(stream) for stream in FEEDS]
QUESTIONS = [_since(stream) for stream in FEEDS] + RANGES + [_amended(stream) for stream in AMENDED_FEEDS]


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
    return Scenario(epoch=NOW - timedelta(days=6), vehicles=10, positions_per_vehicle_per_day=180, future_share=0.004)


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

    def open_one(chosen=None, token_store=None, rate_limiter=None):
        return open_mix(
            chosen or settings,
            clock=clock,
            token_store=token_store or store,
            rate_limiter=rate_limiter or limiter,
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
    return mix.token_at(SINCE)


@pytest.fixture(params=FEEDS)
def stream(request):
    return request.param


@pytest.fixture(params=QUESTIONS, ids=lambda question: question.route)
def question(request):
    return request.param


@pytest.fixture
def calls(simulator):
    """How often a route was asked for."""

    def count(route):
        counted = simulator.calls().get(route)
        return 0 if counted is None else counted.calls

    return count
