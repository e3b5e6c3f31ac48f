"""A fleet, a server in front of it and a client."""

from collections.abc import AsyncIterator

import pytest

from tests.e2e.live.world import Client, MovingFleet, a_client, serving
from trilha.domain.kernel import OrganisationId


@pytest.fixture
def fleet() -> MovingFleet:
    return MovingFleet()


@pytest.fixture
def organisation_id(fleet: MovingFleet) -> OrganisationId:
    return fleet.add_organisation()


@pytest.fixture
async def client(fleet: MovingFleet, organisation_id: OrganisationId) -> AsyncIterator[Client]:
    assert organisation_id in fleet.database.organisations
    async with serving(fleet.parts()) as (address, _), a_client(address) as client:
        yield client
