"""A world a test, on memory and on PostgreSQL."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial

import msgspec
import psycopg
import pytest

from tests.integration.platform.world import (
    SCENARIO,
    OpenStore,
    RecordingSimulator,
    ShiftedClock,
    World,
    client_settings,
    memory_store,
    new_organisation,
    postgres_store,
)
from tests.postgres import PASSWORDS, cloned, in_database, postgres_superuser_url, postgres_template
from trilha.adapters.mix import open_mix
from trilha.adapters.postgres import DatabaseUrls, urls_for
from trilha.domain.telemetry import Stream
from trilha.simulators.mix import ClockChange, Scenario

AGE = timedelta(days=6)
"""How much history the source has: all of it is young enough for a first token."""

__all__ = ["postgres_superuser_url", "postgres_template"]


@pytest.fixture(scope="package")
def postgres_addresses(postgres_superuser_url: str, postgres_template: str) -> Iterator[DatabaseUrls]:
    """A database that these tests share, each with an organisation of its own."""
    with cloned(postgres_superuser_url, postgres_template) as name:
        yield urls_for(postgres_superuser_url, PASSWORDS, name)


@pytest.fixture(scope="package")
def open_postgres(postgres_superuser_url: str, postgres_addresses: DatabaseUrls) -> Iterator[OpenStore]:
    """A store in that database."""
    address = in_database(postgres_superuser_url, postgres_addresses.app)
    with psycopg.connect(address, autocommit=True) as superuser:
        superuser.execute("set timezone = 'UTC'")
        yield partial(postgres_store, postgres_addresses, superuser)


@pytest.fixture(params=["memory", "postgres"])
def open_store(request: pytest.FixtureRequest) -> OpenStore:
    return memory_store if request.param == "memory" else request.getfixturevalue("open_postgres")


@pytest.fixture
def feed(request: pytest.FixtureRequest) -> Stream:
    """Events, where a test does not go through `every_feed`."""
    return getattr(request, "param", Stream.EVENTS)


@pytest.fixture
def scenario() -> Scenario:
    return msgspec.structs.replace(SCENARIO, epoch=datetime.now(UTC).replace(microsecond=0) - AGE)


@pytest.fixture
async def simulator(scenario: Scenario) -> AsyncIterator[RecordingSimulator]:
    """Its clock stands still, so that its truth does."""
    async with RecordingSimulator(scenario) as running:
        running.change_clock(ClockChange(set=scenario.epoch + AGE, stop=True))
        yield running


@pytest.fixture
async def world(open_store: OpenStore, simulator: RecordingSimulator, feed: Stream) -> AsyncIterator[World]:
    clock = ShiftedClock()
    async with (
        open_store(clock) as store,
        open_mix(
            client_settings(simulator), clock=clock, token_store=store.token_store, rate_limiter=store.rate_limiter
        ) as source,
    ):
        organisation_id = await new_organisation(store, simulator.organisation_id, clock)
        yield World(simulator, store, source, clock, organisation_id, feed)
