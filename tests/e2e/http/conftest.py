"""Servers to ask: one a module with a small fleet, and others at wish."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx
import pytest

from tests.e2e.http.world import TOKEN, Fleet, fill, running
from trilha.domain.kernel import OrganisationId
from trilha.entrypoints.http import HttpParts

AUTHORIZED = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture(scope="module")
def fleet() -> Fleet:
    fleet = Fleet()
    fill(fleet, fleet.add_organisation())
    return fleet


@pytest.fixture(scope="module")
def organisation_id(fleet: Fleet) -> OrganisationId:
    return next(iter(fleet.database.organisations))


@pytest.fixture(scope="module")
def address(fleet: Fleet) -> Iterator[str]:
    with running(fleet.parts()) as address:
        yield address


@pytest.fixture(scope="module")
def client(address: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=address, headers=AUTHORIZED) as client:
        yield client


@pytest.fixture
def serving() -> Iterator[Callable[[HttpParts], httpx.Client]]:
    """Starts a server of its own for the parts given: for what the shared one cannot show."""
    with ExitStack() as opened:

        def start(parts: HttpParts) -> httpx.Client:
            address = opened.enter_context(running(parts))
            return opened.enter_context(httpx.Client(base_url=address, headers=AUTHORIZED))

        yield start
