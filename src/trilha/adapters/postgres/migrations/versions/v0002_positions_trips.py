"""Positions, trips and amendments beside the events; backfills; what a person decided about what went wrong.

Revision ID: 0002
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ORGANISATION = "(select nullif(current_setting('trilha.organisation_id', true), '')::uuid)"

RECORDS = """
create table positions (
    organisation_id uuid not null,
    id bigint not null,
    occurred_at timestamptz not null,
    driver_id bigint not null,
    vehicle_id bigint not null,
    received_at timestamptz not null,
    page_id uuid not null,
    latitude_deg double precision not null,
    longitude_deg double precision not null,
    speed_kmh double precision,
    speed_limit_kmh double precision,
    heading_deg bigint,
    altitude_m bigint,
    odometer_km double precision,
    satellites bigint,
    hdop bigint,
    vdop bigint,
    pdop bigint,
    reading_age_s bigint,
    distance_since_reading_km bigint,
    source text,
    primary key (organisation_id, id, occurred_at)
) partition by range (occurred_at);
create index positions_by_vehicle on positions (organisation_id, vehicle_id, occurred_at desc, id desc);
create table positions_default partition of positions default;
create table trips (
    organisation_id uuid not null,
    id bigint not null,
    occurred_at timestamptz not null,
    driver_id bigint not null,
    vehicle_id bigint not null,
    source_driver_id bigint,
    started_at timestamptz,
    ended_at timestamptz,
    departed_at timestamptz,
    halted_at timestamptz,
    withdrawn_at timestamptz,
    received_at timestamptz not null,
    page_id uuid not null,
    driving_time_s double precision,
    standing_time_s double precision,
    duration_s double precision,
    distance_km double precision,
    odometer_start_km double precision,
    odometer_end_km double precision,
    engine_s bigint,
    fuel_used_l double precision,
    max_speed_kmh double precision,
    max_acceleration_kmh_per_s double precision,
    max_deceleration_kmh_per_s double precision,
    max_rpm double precision,
    start_latitude_deg double precision,
    start_longitude_deg double precision,
    end_latitude_deg double precision,
    end_longitude_deg double precision,
    classification text,
    notes text,
    sub_trips jsonb not null,
    primary key (organisation_id, id, occurred_at)
) partition by range (occurred_at);
create index trips_by_driver on trips (organisation_id, driver_id, occurred_at desc, id desc);
create index trips_by_vehicle on trips (organisation_id, vehicle_id, occurred_at desc, id desc);
create index trips_by_time on trips (organisation_id, occurred_at desc);
create table trips_default partition of trips default;
alter table telemetry_events add column source_driver_id bigint, add column withdrawn_at timestamptz;
create table amended_records (
    organisation_id uuid not null references organisations,
    stream text not null,
    record_id bigint not null,
    driver_id bigint,
    reassigned_at timestamptz,
    withdrawn_at timestamptz,
    primary key (organisation_id, stream, record_id)
);
"""

INGESTION = """
create table backfills (
    organisation_id uuid not null references organisations,
    id uuid not null,
    start_at timestamptz not null,
    end_at timestamptz not null check (end_at >= start_at),
    parts jsonb not null,
    reason text not null,
    requested_at timestamptz not null,
    status text not null,
    started_at timestamptz,
    finished_at timestamptz,
    calls bigint not null,
    received bigint not null,
    inserted bigint not null,
    replaced bigint not null,
    duplicates bigint not null,
    quarantined bigint not null,
    error_code text,
    error_message text,
    retry_at timestamptz,
    version bigint not null,
    primary key (organisation_id, id)
) with (fillfactor = 50);
create unique index backfills_one_wish on backfills (organisation_id)
    where reason = 'requested' and status in ('waiting', 'running');
create index backfills_by_time on backfills (organisation_id, requested_at desc, id desc);
create index backfills_unfinished on backfills (organisation_id) where status in ('waiting', 'running');
create index gaps_unfilled on gaps (organisation_id, start_at) where closed_at is null;
alter table raw_pages rename column since_token to asked_for;
create index raw_pages_in_order on raw_pages (organisation_id, stream, received_at, id);
alter table throughput add column late bigint not null default 0;
alter table throughput alter column late drop default;
alter table quarantine drop column id;
alter table quarantine add column id uuid not null default gen_random_uuid(),
    add column settlement text, add column settled_at timestamptz, add primary key (organisation_id, id);
alter table quarantine alter column id drop default;
create index quarantine_by_time on quarantine (organisation_id, at desc, id desc);
create index quarantine_of_page on quarantine (organisation_id, page_id);
alter table dead_letters add column status text not null default 'open', add column settled_at timestamptz;
alter table dead_letters alter column status drop default;
create index dead_letters_requested on dead_letters (failed_at) where status = 'requested';
alter table rate_calls add column priority smallint not null default 0;
alter table rate_calls alter column priority drop default;
"""

# pages of a stream overlap: the second may hold this lock shared while it waits, in the application, for the first,
# which may not have it yet. A third who waits for it alone then stands before the first one in the line, and nobody
# moves on. So who wants it alone steps out of the line from time to time; longer than the server takes to see deadlocks
TAKE_TURN = """
create function take_turn_alone(key integer) returns void language plpgsql set lock_timeout = '1500ms' as $$
begin
    loop
        begin
            perform pg_advisory_xact_lock(7241004, key);
            return;
        exception when lock_not_available then
            null;
        end;
    end loop;
end
$$;
"""

# the owner sees no rows of tables whose policies are forced
HEAL_OPEN_GAPS = """
alter table gaps no force row level security;
insert into backfills
select organisation_id, gen_random_uuid(),
    date_trunc('second', greatest(start_at - interval '14 days', end_at - interval '90 days')),
    date_trunc('second', greatest(least(end_at + interval '3 days', now()), end_at) + interval '999999 microseconds'),
    jsonb_build_array(jsonb_build_object('stream', stream, 'done_until',
        to_char(date_trunc('second', greatest(start_at - interval '14 days', end_at - interval '90 days'))
            at time zone 'UTC', 'YYYY-MM-DD"T"HH24\\:MI\\:SS"Z"'),
        'window_s', 3600)),
    'healing', now(), 'waiting', null, null, 0, 0, 0, 0, 0, 0, null, null, null, 0
from gaps where closed_at is null;
alter table gaps force row level security;
"""

APP_GRANTS = {
    "positions": "select, insert, delete",
    "trips": "select, insert, delete, update (driver_id, source_driver_id, withdrawn_at)",
    "amended_records": "select, insert, update",
    "backfills": "select, insert, update",
}
MORE_RIGHTS = """
grant update (driver_id, source_driver_id, withdrawn_at) on telemetry_events to trilha_app;
grant update (settlement, settled_at) on quarantine to trilha_app;
grant update on dead_letters to trilha_system;
"""


def upgrade() -> None:
    """Add what is new, then change what was there."""
    for part in (RECORDS, INGESTION, TAKE_TURN, HEAL_OPEN_GAPS, MORE_RIGHTS):
        op.execute(part)
    for table, rights in APP_GRANTS.items():
        _only_own_organisation(table, rights)


def _only_own_organisation(table: str, rights: str) -> None:
    op.execute(f"alter table {table} enable row level security")
    op.execute(f"alter table {table} force row level security")
    # the sub-select is evaluated once a statement instead of once a row
    rule = f"organisation_id = {ORGANISATION}"
    op.execute(f"create policy own_organisation on {table} to trilha_app using ({rule}) with check ({rule})")
    op.execute(f"grant {rights} on {table} to trilha_app")
