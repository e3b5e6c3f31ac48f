"""A year of a bus company: 1,000 drivers, 300 vehicles, 100 event types, trips, amendments and overrides.

Written in SQL by a superuser, a month at a time and in order of time, because what is measured is counting. Every value
is a hash of the row's number, so each run has the same rows. Types, and drivers a little, are skewed as real ones are:
the commonest ten types are near half of all events, and a driver meets two dozen types on a day.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import psycopg
from psycopg import sql

from benchmarks.figures import progress
from benchmarks.read_data import ORGANISATION
from trilha.adapters.postgres import DatabaseUrls
from trilha.adapters.postgres.partitions import ensure_partitions

NOW = datetime(2026, 11, 21, 1, tzinfo=UTC)
"""The evening of the 20th, by the clocks of ZONE."""
ZONE = ZoneInfo("America/Sao_Paulo")
DAYS = 365
DRIVERS, VEHICLES, TYPES = 1000, 300, 100
TRIPS_A_DAY = 12
FULL = 20_000_000
"""Events with which vehicles make so many trips; with fewer events there are fewer trips too."""
DRIVER_1, TYPE_1 = 7_000_000_000_000_000_000, -5_000_000_000_000_000_000
INFRACTIONS = (3, 5, 8, 11, 14, 17, 20, 25, 30, 40, 60, 80)
"""The ranks of the types that count as driving infractions: a quarter of all events."""

_FLEET = """
insert into organisations (id, name, time_zone, created_at)
values (%(organisation)s, 'Viação Exemplo', 'America/Sao_Paulo', %(now)s);
insert into groups (organisation_id, id, name, kind, parent_id, active, sort_name)
select %(organisation)s, row, 'Garagem ' || row, 'site', nullif(row / 10, 0), true, 'garagem ' || row
from generate_series(1, 20) as row;
insert into drivers (organisation_id, id, name, badge, group_id, kind, active, sort_name, search_text)
select %(organisation)s, %(driver_1)s + row, 'Motorista ' || row, lpad(row::text, 6, '0'), 1 + row %% 20, 'person',
    row %% 13 <> 0, 'motorista ' || row, 'motorista ' || row
from generate_series(0, %(drivers)s - 1) as row;
insert into event_types (organisation_id, id, description, source_class, shown_as, active, sort_name)
select %(organisation)s, %(type_1)s + row, 'Evento ' || row, 'Safety',
    case when row = any(%(infractions)s) then 'driving_infraction' else 'safety' end, true, 'evento ' || row
from generate_series(0, %(types)s - 1) as row;
insert into classification_overrides (organisation_id, event_type_id, classification)
select %(organisation)s, %(type_1)s + row, 'driving_infraction' from unnest(%(infractions)s::int[]) as row
"""
# a hash as a number from 0 to 1
_U = "((hashint8extended(row, {seed}) & 2147483647)::float8 / 2147483648)"
_EVENTS = f"""
insert into telemetry_events (
    organisation_id, id, occurred_at, driver_id, source_driver_id, vehicle_id, event_type_id, started_at, ended_at,
    received_at, page_id, value, odometer_start_km, start_latitude_deg, start_longitude_deg, duration_s, occurrences,
    category, value_kind, value_unit, withdrawn_at
)
select %(organisation)s, row * 274877906951, at, driver,
    case when {_U.format(seed=5)} < 0.01 then %(driver_1)s + row %% %(drivers)s end,
    3000000000000000000 + row * 104729 %% %(vehicles)s,
    %(type_1)s + floor(%(types)s * power({_U.format(seed=2)}, 3))::int8, at,
    at + make_interval(secs => row %% 600), at + interval '40 seconds', %(organisation)s, row %% 140,
    20000 + (row %% 280000)::float8 / 10, -15.79 + (row %% 997)::float8 / 10000, -47.88 + (row %% 1009)::float8 / 10000,
    row %% 600, case when {_U.format(seed=3)} < 0.05 then 1 + row %% 12 else 1 end,
    (array['Detail','Summary','Notify'])[1 + row %% 3], 'Maximum', 'km/h',
    case when {_U.format(seed=4)} < 0.003 then at + interval '2 days' end
from generate_series(%(from)s::int8, %(to)s::int8 - 1) as row, lateral (
    select %(first)s + floor(row / %(per_day)s) * interval '1 day'
        + (row / %(per_day)s - floor(row / %(per_day)s)) * interval '20 hours' as at,
    %(driver_1)s + floor(%(drivers)s * power({_U.format(seed=1)}, 1.3))::int8 as driver
) as moment
"""
_TRIPS = f"""
insert into trips (
    organisation_id, id, occurred_at, driver_id, vehicle_id, started_at, ended_at, received_at, page_id, driving_time_s,
    standing_time_s, duration_s, distance_km, odometer_start_km, odometer_end_km, engine_s, fuel_used_l, sub_trips
)
select %(organisation)s, row * 274877906951, at, %(driver_1)s + floor(%(drivers)s * {_U.format(seed=7)})::int8,
    3000000000000000000 + row %% %(vehicles)s, at, at + interval '50 minutes', at + interval '1 hour', %(organisation)s,
    2400, 600, 3000, (row %% 400)::float8 / 8, 20000, 20000 + (row %% 400)::float8 / 8, 3000, (row %% 160)::float8 / 8,
    '[]'
from generate_series(%(from)s::int8, %(to)s::int8 - 1) as row, lateral (
    select %(first)s + floor(row / %(per_day)s) * interval '1 day'
        + (row / %(per_day)s - floor(row / %(per_day)s)) * interval '20 hours' as at
) as moment
"""
_INDEXES = """
select replace(pg_get_indexdef(i.indexrelid), ' ON ONLY ', ' ON '), c.conname, pg_get_constraintdef(c.oid),
    i.indexrelid::regclass::text
from pg_index i left join pg_constraint c on c.conindid = i.indexrelid where i.indrelid = %s::regclass
"""


class ReportData(msgspec.Struct, frozen=True):
    """What was written."""

    events: int
    trips: int
    today: date = NOW.astimezone(ZONE).date()


def write_report_data(superuser_url: str, urls: DatabaseUrls, rows: int) -> ReportData:
    """Fill the tables and bring their statistics up to date."""
    values = {
        "organisation": ORGANISATION, "now": NOW, "driver_1": DRIVER_1, "drivers": DRIVERS, "vehicles": VEHICLES,
        "type_1": TYPE_1, "types": TYPES, "infractions": list(INFRACTIONS),
        # a day's events lie from two in the morning to ten in the evening
        "first": NOW.astimezone(ZONE).replace(hour=2) - timedelta(days=DAYS - 1),
    }  # fmt: skip
    with psycopg.connect(urls.owner, autocommit=True) as owner:
        ensure_partitions(owner, NOW - timedelta(days=DAYS + 1), NOW)
    trips = VEHICLES * TRIPS_A_DAY * DAYS * rows // FULL
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        connection.execute("set timezone = 'UTC'; set synchronous_commit = off; set maintenance_work_mem = '512MB'")
        for statement in _FLEET.split(";\n"):
            connection.execute(statement, values)
        for table, statement, count in (("telemetry_events", _EVENTS, rows), ("trips", _TRIPS, trips)):
            with _without_indexes(connection, table):
                _write(connection, table, statement, count, values)
        progress("bringing the statistics up to date")
        connection.execute("vacuum (analyze)")
        connection.execute("checkpoint")
    return ReportData(events=rows, trips=trips)


def _write(connection: psycopg.Connection, table: str, statement: str, count: int, values: dict[str, object]) -> None:
    step = max(1, count // 12)
    for start in range(0, count, step):
        progress(f"writing {table}: {start:,} of {count:,}")
        part = {"from": start, "to": min(start + step, count), "per_day": float(count / DAYS)}
        connection.execute(statement.encode(), {**values, **part})


@contextmanager
def _without_indexes(connection: psycopg.Connection, table: str) -> Iterator[None]:
    """Made again at the end, the very same: building them at once takes a third of the time."""
    found = connection.execute(_INDEXES, (table,)).fetchall()
    name = sql.Identifier(table)
    for _, constraint, _, index in found:
        if constraint:
            connection.execute(sql.SQL("alter table {} drop constraint {}").format(name, sql.Identifier(constraint)))
        else:
            connection.execute(sql.SQL("drop index {}").format(sql.Identifier(index)))
    yield
    for definition, constraint, body, index in found:
        progress(f"indexing {index}")
        if constraint:
            parts = (name, sql.Identifier(constraint), sql.SQL(body))
            connection.execute(sql.SQL("alter table {} add constraint {} {}").format(*parts))
        else:
            connection.execute(definition)
