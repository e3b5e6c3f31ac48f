"""How the merge finds known records, on partitions that have grown since anybody counted them."""

from datetime import datetime, timedelta

import psycopg
import pytest
from trilha.testing.contracts.telemetry_events import an_event

from trilha.adapters.postgres import DatabaseUrls, PostgresOrganisations, open_pool, units_of_work
from trilha.adapters.postgres.merging import FIND_CHANGED, INSERT_NEW
from trilha.adapters.postgres.partitions import ensure_partitions, partition_name
from trilha.adapters.postgres.staging import CREATE_STAGING
from trilha.adapters.system import SystemClock, Uuid7Ids
from trilha.domain.kernel import OrganisationId
from trilha.domain.telemetry import REACH, MergeOutcome, TelemetryEvent
from trilha.testing.contracts.fresh import NOON, an_organisation, new_id

KNOWN = 3_000
FAR = timedelta(days=92)


def _events(start: int, count: int) -> list[TelemetryEvent]:
    return [an_event(start + number, occurred_at=NOON + timedelta(seconds=number)) for number in range(count)]


@pytest.fixture
async def organisation_id(fresh_postgres_urls: DatabaseUrls) -> OrganisationId:
    """An organisation whose events nobody has counted: no autovacuum has passed."""
    organisation = an_organisation()
    with psycopg.connect(fresh_postgres_urls.owner, autocommit=True) as owner:
        ensure_partitions(owner, NOON, NOON + FAR)
    async with open_pool(fresh_postgres_urls.system, name="test", staging=False) as pool:
        await PostgresOrganisations(pool).add(organisation, None)
    async with (
        open_pool(fresh_postgres_urls.app, name="test") as pool,
        units_of_work(pool, SystemClock(), Uuid7Ids())(organisation.id) as unit,
    ):
        assert await unit.events.merge(new_id(), NOON, _events(0, KNOWN)) == MergeOutcome(inserted=KNOWN)
        await unit.commit()
    return organisation.id


def _plan(app_url: str, organisation_id: OrganisationId, statement: str, moment: datetime) -> str:
    values = {
        "organisation": organisation_id,
        "page": new_id(),
        "received_at": moment,
        "low": moment - REACH,
        "middle": moment,
        "high": moment + REACH,
        "reach": REACH,
    }
    with psycopg.connect(app_url) as connection:
        connection.execute(CREATE_STAGING)
        connection.execute("select set_config('trilha.organisation_id', %s, true)", (str(organisation_id),))
        return "\n".join(line for (line,) in connection.execute(f"explain {statement}", values))


@pytest.mark.parametrize("statement", [INSERT_NEW, FIND_CHANGED])
def test_records_are_looked_up_by_their_id(
    fresh_postgres_urls: DatabaseUrls, organisation_id: OrganisationId, statement: str
) -> None:
    plan = _plan(fresh_postgres_urls.app, organisation_id, statement, NOON)
    lookups = [line for line in plan.splitlines() if "id = s.id" in line]
    assert lookups, plan
    assert all("Index Cond" in line for line in lookups), plan
    assert "Hash" not in plan, plan
    assert "Merge" not in plan, plan


@pytest.mark.parametrize("statement", [INSERT_NEW, FIND_CHANGED])
def test_months_out_of_reach_are_left_alone(
    fresh_postgres_urls: DatabaseUrls, organisation_id: OrganisationId, statement: str
) -> None:
    plan = _plan(fresh_postgres_urls.app, organisation_id, statement, NOON + FAR)
    assert partition_name(NOON + FAR) in plan
    assert partition_name(NOON) not in plan
