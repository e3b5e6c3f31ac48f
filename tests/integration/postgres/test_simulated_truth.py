"""The simulator's truth and the SQL that is to reproduce it agree on a real server."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from trilha.simulators.mix import Kind, MixSimulator, Scenario, content_sql
from trilha.simulators.mix.timeline import to_ms

EPOCH = datetime(2026, 5, 2, 9, 17, 23, tzinfo=UTC)
NOW = EPOCH + timedelta(days=2)
SCENARIO = Scenario(epoch=EPOCH, vehicles=8, absurd_share=0.05, timeless_share=0.05, repeat_near_share=0.05)
COLUMNS = {
    Kind.EVENTS: "started_at timestamptz, event_type_id bigint, occurrences bigint",
    Kind.POSITIONS: "occurred_at timestamptz, latitude_deg double precision, longitude_deg double precision",
    Kind.TRIPS: "started_at timestamptz, ended_at timestamptz, distance_km double precision, sub_trips jsonb",
}


def values(record, kind):
    match kind:
        case Kind.EVENTS:
            return record.start_date_time, record.event_type_id, record.total_occurances
        case Kind.POSITIONS:
            return record.timestamp, record.latitude, record.longitude
        case _:
            legs = psycopg.types.json.Jsonb([{}] * len(record.sub_trips))
            return record.trip_start, record.trip_end, record.distance_kilometers, legs


@pytest.mark.parametrize("kind", list(COLUMNS))
def test_the_server_computes_the_same(postgres_superuser_url, kind):
    simulator = MixSimulator(SCENARIO, clock=lambda: NOW)
    records = simulator._streams[kind].page(to_ms(EPOCH), 100_000, NOW).records
    with psycopg.connect(postgres_superuser_url) as connection, connection.cursor() as cursor:
        cursor.execute(
            "create temporary table held (id bigint primary key, vehicle_id bigint, driver_id bigint, "
            f"source_driver_id bigint, {COLUMNS[kind]})"
        )
        rows = {
            record.identity: (record.identity, record.asset_id, 7, record.driver_id, *values(record, kind))
            if kind is not Kind.POSITIONS
            else (record.identity, record.asset_id, record.driver_id, None, *values(record, kind))
            for record in records
        }
        marks = ", ".join(["%s"] * len(next(iter(rows.values()))))
        cursor.executemany(f"insert into held values ({marks})", list(rows.values()))
        cursor.execute(f"select count(*), bit_xor(id), {content_sql(kind)} from held")
        truth = simulator.truth(kind=kind)
        assert cursor.fetchone() == (truth.events, truth.ids_checksum, truth.content_checksum)
