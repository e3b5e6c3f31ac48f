"""A bus company's worth of rows to read: 700 drivers, 400 vehicles, 60 event types, and their events over 60 days.

Written in SQL by a superuser, because what is measured is reading. Every value is a function of the row's number.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

import msgspec
import psycopg

from benchmarks.figures import progress
from trilha.domain.kernel import OrganisationId

ORGANISATION = OrganisationId(UUID("01890a5d-ac96-774b-bcce-b302099a8057"))
DRIVERS = 700
READ_DRIVERS = 100
"""So many drivers' events are asked for in turn."""

_FLEET = """
insert into organisations (id, name, time_zone, created_at)
values (%(organisation)s, 'Viação Exemplo', 'America/Sao_Paulo', %(now)s);
insert into organisation_sources values (%(organisation)s, 'mix', 4242);
insert into drivers (organisation_id, id, name, badge, group_id, kind, active, sort_name, search_text)
select %(organisation)s, 7000000000000000000 + row * 1048583, name, badge, -8000000000000000000 + row %% 9, 'person',
    row %% 13 <> 0, lower(name), lower(name || ' ' || coalesce(badge, ''))
from generate_series(1, %(drivers)s) as row, lateral (
    select (array['Antônio','Beatriz','Caetano','Débora','Érico','Flávia','Getúlio','Helena','Ítalo','Júlia'])
            [1 + row %% 10]
        || ' ' || (array['da Silva','dos Santos','Conceição','Araújo','Gonçalves','Magalhães','Brandão'])
            [1 + row / 10 %% 7]
        || ' ' || row as name,
        case when row %% 5 > 0 then lpad(row::text, 6, '0') end as badge
) as person;
insert into event_types (
    organisation_id, id, description, source_class, shown_as, active, sort_name
)
select %(organisation)s, -5000000000000000000 + row * 65537, 'Evento ' || row, 'Safety', 'safety', true,
    'evento ' || row
from generate_series(1, 60) as row;
"""
_EVENTS = """
insert into telemetry_events (
    organisation_id, id, occurred_at, driver_id, vehicle_id, event_type_id, location_id, started_at, ended_at,
    received_at, page_id, value, speed_limit_kmh, fuel_used_l, odometer_start_km, odometer_end_km, start_latitude_deg,
    start_longitude_deg, end_latitude_deg, end_longitude_deg, duration_s, occurrences, category, value_kind, value_unit
)
select %(organisation)s, row * 1099511627791, at, 7000000000000000000 + (1 + row * 7919 %% %(drivers)s) * 1048583,
    3000000000000000000 + row * 104729 %% 400, -5000000000000000000 + (1 + row * 15485863 %% 60) * 65537, null, at,
    case when row %% 3 > 0 then at + make_interval(secs => row %% 600) end, at + interval '40 seconds',
    %(organisation)s, case when row %% 4 > 0 then row %% 140 end, case when row %% 5 = 0 then 60 end,
    case when row %% 7 = 0 then (row %% 90)::float8 / 10 end, 20000 + (row %% 280000)::float8 / 10,
    case when row %% 3 > 0 then 20001 + (row %% 280000)::float8 / 10 end, -15.79 + (row %% 997)::float8 / 10000,
    -47.88 + (row %% 1009)::float8 / 10000, case when row %% 3 > 0 then -15.78 + (row %% 997)::float8 / 10000 end,
    case when row %% 3 > 0 then -47.87 + (row %% 1009)::float8 / 10000 end, row %% 600, 1,
    (array['Detail','Summary','Notify'])[1 + row %% 3], case when row %% 4 > 0 then 'Maximum' end,
    case when row %% 4 > 0 then 'km/h' end
from generate_series(1, %(events)s::int8) as row, lateral (
    select date_trunc('second', %(now)s - (%(events)s - row) * (interval '60 days' / %(events)s)) as at
) as moment
"""


class ReadData(msgspec.Struct, frozen=True):
    """What was written, and the paths that will be asked for."""

    drivers: int
    events: int
    driver_paths: Sequence[str] = ("/v1/drivers?limit=50",)

    @property
    def event_paths(self) -> list[str]:
        """The events of one driver after the other, so that no answer is merely repeated."""
        step = self.drivers // READ_DRIVERS
        ids = [7_000_000_000_000_000_000 + (1 + number * step) * 1_048_583 for number in range(READ_DRIVERS)]
        return [f"/v1/drivers/{driver_id}/events?limit=100" for driver_id in ids]


def write_read_data(superuser_url: str, events: int) -> ReadData:
    """Fill the tables and bring their statistics up to date."""
    values = {"organisation": ORGANISATION, "drivers": DRIVERS, "events": events, "now": datetime.now(UTC)}
    progress(f"writing {DRIVERS} drivers and {events:,} events")
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        for statement in _FLEET.split(";\n")[:-1]:
            connection.execute(statement, values)
        connection.execute(_EVENTS, values)
        connection.execute("vacuum (analyze)")
    return ReadData(drivers=DRIVERS, events=events)
