"""Times that no vehicle can mean: kept, shown, and no obstacle to the care of the partitions."""

from datetime import UTC, datetime

import psycopg
import pytest

from tests.integration.platform.world import OpenStore, RecordingSimulator, ShiftedClock, new_organisation
from trilha.adapters.postgres import DatabaseUrls
from trilha.adapters.postgres.partitions import split_default
from trilha.domain.kernel import DriverId, EventId, EventTypeId, VehicleId
from trilha.domain.telemetry import Stream, TelemetryEvent
from trilha.testing.contracts.fresh import new_id
from trilha.testing.contracts.reading import all_events

FIRST = datetime.min.replace(tzinfo=UTC)
LAST = datetime.max.replace(tzinfo=UTC)
ABSURD = [FIRST, datetime(1899, 12, 30, tzinfo=UTC), datetime(2155, 6, 1, tzinfo=UTC), LAST]


def an_event(number: int, at: datetime, occurrences: int = 1) -> TelemetryEvent:
    return TelemetryEvent(EventId(number), at, DriverId(1), VehicleId(1), EventTypeId(1), occurrences=occurrences)


@pytest.mark.parametrize("moment", ABSURD)
async def test_an_absurd_time_is_like_any_other(
    open_store: OpenStore, simulator: RecordingSimulator, moment: datetime
) -> None:
    clock = ShiftedClock()
    async with open_store(clock) as store:
        organisation_id = await new_organisation(store, simulator.organisation_id, clock)
        for occurrences in (1, 1, 2):
            async with store.units(organisation_id) as unit:
                await unit.records(Stream.EVENTS).merge(new_id(), clock.now(), [an_event(1, moment, occurrences)])
                await unit.commit()
        (shown,) = await all_events(store.telemetry, organisation_id)
        assert (shown.occurred_at, shown.occurrences) == (moment, 2)


async def test_the_care_of_partitions_leaves_absurd_months_alone(
    open_postgres: OpenStore, postgres_addresses: DatabaseUrls, simulator: RecordingSimulator
) -> None:
    clock = ShiftedClock()
    async with open_postgres(clock) as store:
        organisation_id = await new_organisation(store, simulator.organisation_id, clock)
        plausible = datetime(2019, 5, 6, tzinfo=UTC)
        async with store.units(organisation_id) as unit:
            events = [an_event(number, at) for number, at in enumerate([*ABSURD, plausible])]
            await unit.records(Stream.EVENTS).merge(new_id(), clock.now(), events)
            await unit.commit()
        with psycopg.connect(postgres_addresses.owner, autocommit=True) as owner:
            assert split_default(owner) == ["telemetry_events_2019_05"]
            owner.execute("set timezone = 'America/Sao_Paulo'")
            assert split_default(owner) == []
        assert [view.occurred_at for view in await all_events(store.telemetry, organisation_id)] == sorted(
            [*ABSURD, plausible], reverse=True
        )
