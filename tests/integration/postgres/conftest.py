"""A real PostgreSQL and pools of both roles."""

from collections.abc import AsyncIterator

import pytest

from tests.postgres import (
    fresh_postgres_urls,
    postgres_superuser,
    postgres_superuser_url,
    postgres_template,
    postgres_urls,
)
from trilha.adapters.postgres import DatabaseUrls, Pool, PostgresOrganisations, open_pool
from trilha.domain.kernel import OrganisationId
from trilha.testing.contracts.fresh import an_organisation

__all__ = [
    "fresh_postgres_urls",
    "postgres_superuser",
    "postgres_superuser_url",
    "postgres_template",
    "postgres_urls",
]


@pytest.fixture
async def pool(postgres_urls: DatabaseUrls) -> AsyncIterator[Pool]:
    async with open_pool(postgres_urls.app, name="test") as pool:
        yield pool


@pytest.fixture
async def system_pool(postgres_urls: DatabaseUrls) -> AsyncIterator[Pool]:
    async with open_pool(postgres_urls.system, name="test", staging=False) as pool:
        yield pool


@pytest.fixture
async def two_organisations(system_pool: Pool) -> tuple[OrganisationId, OrganisationId]:
    organisations = PostgresOrganisations(system_pool)
    made = an_organisation(), an_organisation()
    for organisation in made:
        await organisations.add(organisation, None)
    return made[0].id, made[1].id
