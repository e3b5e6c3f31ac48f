"""Times that no vehicle can mean: kept, shown, and no obstacle to the care of the partitions."""

from datetime import UTC, datetime

import psycopg
import pytest

from tests.integration.platform.world import OpenStore, RecordingSimulator, ShiftedClock, new_organisation
from trilha.adapters.postgres import DatabaseUrls
from trilha.adapters.postgres.partitions import TABLES, split_default
from trilha.domain.telemetry import FEEDS, Stream
from trilha.testing.contracts.fresh import new_id
from trilha.testing.contracts.reading import all_records, seen
from trilha.testing.contracts.telemetry_records import a_record

FIRST = datetime.min.replace(tzinfo=UTC)
LAST = datetime.max.replace(tzinfo=UTC)
ABSURD = [FIRST, datetime(1899, 12, 30, tzinfo=UTC), datetime(2155, 6, 1, tzinfo=UTC), LAST]


@pytest.mark.parametrize("stream", FEEDS)
@pytest.mark.parametrize("moment", ABSURD)
async def test_an_absurd_time_is_like_any_other(
    open_store: OpenStore, simulator: RecordingSimulator, stream: Stream, moment: datetime
) -> None:
    clock = ShiftedClock()
    async with open_store(clock) as store:
        organisation_id = await new_organisation(store, simulator.organisation_id, clock)
        for mark in (1, 1, 2):
            async with store.units(organisation_id) as unit:
                record, received_at = a_record(stream, mark=mark, occurred_at=moment), clock.now()
                await unit.records(stream).merge(new_id(), received_at, [record])
                await unit.commit()
        assert await all_records(store.telemetry, organisation_id, stream) == [seen(record, received_at)]


async def test_the_care_of_partitions_leaves_absurd_months_alone(
    open_postgres: OpenStore, postgres_addresses: DatabaseUrls, simulator: RecordingSimulator
) -> None:
    clock = ShiftedClock()
    async with open_postgres(clock) as store:
        organisation_id = await new_organisation(store, simulator.organisation_id, clock)
        plausible = datetime(2019, 5, 6, tzinfo=UTC)
        moments = [*ABSURD, plausible]
        async with store.units(organisation_id) as unit:
            for stream in FEEDS:
                records = [a_record(stream, number, occurred_at=at) for number, at in enumerate(moments)]
                await unit.records(stream).merge(new_id(), clock.now(), records)
            await unit.commit()
        with psycopg.connect(postgres_addresses.owner, autocommit=True) as owner:
            assert split_default(owner) == [f"{table}_2019_05" for table in TABLES]
            owner.execute("set timezone = 'America/Sao_Paulo'")
            assert split_default(owner) == []
        for stream in FEEDS:
            views = await all_records(store.telemetry, organisation_id, stream)
            assert [view.occurred_at for view in views] == sorted(moments, reverse=True)
