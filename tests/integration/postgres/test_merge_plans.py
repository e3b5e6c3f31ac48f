"""How the merge finds known records, on partitions that have grown since anybody counted them."""

from datetime import datetime, timedelta

import psycopg
import pytest

from trilha.adapters.postgres import DatabaseUrls, PostgresOrganisations, open_pool, units_of_work
from trilha.adapters.postgres.merging import STATEMENTS
from trilha.adapters.postgres.partitions import ensure_partitions, partition_name
from trilha.adapters.postgres.staging import CREATE_STAGING, RECORD_TABLES
from trilha.adapters.system import SystemClock, Uuid7Ids
from trilha.domain.kernel import OrganisationId
from trilha.domain.telemetry import FEEDS, REACH, MergeOutcome, Record, Stream
from trilha.testing.contracts.fresh import NOON, an_organisation, new_id
from trilha.testing.contracts.telemetry_records import a_record

KNOWN = 3_000
FAR = timedelta(days=92)


def _records(stream: Stream) -> list[Record]:
    return [a_record(stream, number, occurred_at=NOON + timedelta(seconds=number)) for number in range(KNOWN)]


@pytest.fixture(params=FEEDS, ids=str)
def stream(request: pytest.FixtureRequest) -> Stream:
    return Stream(request.param)


@pytest.fixture
async def organisation_id(fresh_postgres_urls: DatabaseUrls, stream: Stream) -> OrganisationId:
    """An organisation whose records nobody has counted: no autovacuum has passed."""
    organisation = an_organisation()
    with psycopg.connect(fresh_postgres_urls.owner, autocommit=True) as owner:
        ensure_partitions(owner, NOON, NOON + FAR)
    async with open_pool(fresh_postgres_urls.system, name="test", staging=False) as pool:
        await PostgresOrganisations(pool).add(organisation, None)
    async with (
        open_pool(fresh_postgres_urls.app, name="test") as pool,
        units_of_work(pool, SystemClock(), Uuid7Ids())(organisation.id) as unit,
    ):
        merged = await unit.records(stream).merge(new_id(), NOON, _records(stream))
        assert merged == MergeOutcome(inserted=KNOWN)
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
        "first_id": 0,
        "last_id": KNOWN,
    }
    with psycopg.connect(app_url) as connection:
        connection.execute(CREATE_STAGING)
        connection.execute("select set_config('trilha.organisation_id', %s, true)", (str(organisation_id),))
        return "\n".join(line for (line,) in connection.execute(f"explain {statement}", values))


def test_records_are_looked_up_by_their_id_where_they_can_be(
    fresh_postgres_urls: DatabaseUrls, organisation_id: OrganisationId, stream: Stream
) -> None:
    table = RECORD_TABLES[stream].table
    for statement in (STATEMENTS[stream].insert_new, STATEMENTS[stream].find_changed):
        _require_lookups(_plan(fresh_postgres_urls.app, organisation_id, statement, NOON), "id = s.id")
        elsewhere = _plan(fresh_postgres_urls.app, organisation_id, statement, NOON + FAR)
        assert partition_name(table, NOON + FAR) in elsewhere
        assert partition_name(table, NOON) not in elsewhere, "a month out of reach is left alone"
    amendments = _plan(fresh_postgres_urls.app, organisation_id, STATEMENTS[stream].find_amended, NOON)
    assert "One-Time Filter" in amendments, "each id is looked up only where any of them was amended"
    _require_lookups(amendments, "record_id = s.id")


def _require_lookups(plan: str, condition: str) -> None:
    lookups = [line for line in plan.splitlines() if condition in line]
    assert lookups, plan
    assert all("Index Cond" in line for line in lookups), plan
    assert "Hash" not in plan, plan
    assert "Merge" not in plan, plan
