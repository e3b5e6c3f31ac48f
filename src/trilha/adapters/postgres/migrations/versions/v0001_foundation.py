"""Organisations, fleet, telemetry and the machinery around them, each behind its policy.

Revision ID: 0001
"""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ORGANISATION = "(select nullif(current_setting('trilha.organisation_id', true), '')::uuid)"

WITHOUT_ORGANISATION = """
create table source_tokens (
    key text primary key,
    access_token text,
    refresh_token text,
    expires_at timestamptz,
    version integer not null default 0,
    locked_by text,
    locked_until timestamptz
);
create table rate_keys (
    key text primary key,
    paused_until timestamptz
);
create table rate_calls (
    key text not null references rate_keys,
    granted_at timestamptz not null
);
create index rate_calls_by_time on rate_calls (key, granted_at);
create table rate_waiters (
    id bigint generated always as identity primary key,
    key text not null references rate_keys,
    priority smallint not null,
    alive_until timestamptz not null
);
create index rate_waiters_in_turn on rate_waiters (key, priority, id);
"""

IDENTITY = """
create table organisations (
    id uuid primary key,
    name text not null check (name <> ''),
    time_zone text not null check (time_zone <> ''),
    created_at timestamptz not null
);
create table organisation_sources (
    organisation_id uuid primary key references organisations,
    source text not null,
    external_id bigint not null,
    unique (source, external_id)
);
"""

FLEET = """
create table groups (
    organisation_id uuid not null references organisations,
    id bigint not null,
    name text not null,
    kind text not null,
    parent_id bigint,
    active boolean not null,
    sort_name text collate "C" not null,
    primary key (organisation_id, id)
);
create index groups_by_name on groups (organisation_id, sort_name, id);
create table drivers (
    organisation_id uuid not null references organisations,
    id bigint not null,
    name text not null,
    badge text,
    group_id bigint,
    kind text not null,
    active boolean not null,
    sort_name text collate "C" not null,
    search_text text collate "C" not null,
    primary key (organisation_id, id)
);
create index drivers_by_name on drivers (organisation_id, sort_name, id);
create table vehicles (
    organisation_id uuid not null references organisations,
    id bigint not null,
    description text not null,
    plate text,
    fleet_number text,
    group_id bigint,
    make text,
    model text,
    year text,
    vehicle_type text,
    active boolean not null,
    sort_name text collate "C" not null,
    search_text text collate "C" not null,
    primary key (organisation_id, id)
);
create index vehicles_by_name on vehicles (organisation_id, sort_name, id);
create table event_types (
    organisation_id uuid not null references organisations,
    id bigint not null,
    description text not null,
    source_class text not null,
    value_name text,
    value_format text,
    units text,
    classification text not null,
    shown_as text not null default 'unclassified',
    active boolean not null,
    sort_name text collate "C" not null,
    primary key (organisation_id, id)
);
create index event_types_by_name on event_types (organisation_id, sort_name, id);
create table classification_overrides (
    organisation_id uuid not null references organisations,
    event_type_id bigint not null,
    classification text not null,
    primary key (organisation_id, event_type_id)
);
"""

TELEMETRY = """
create table telemetry_events (
    organisation_id uuid not null,
    id bigint not null,
    occurred_at timestamptz not null,
    driver_id bigint not null,
    vehicle_id bigint not null,
    event_type_id bigint not null,
    location_id bigint,
    started_at timestamptz,
    ended_at timestamptz,
    received_at timestamptz not null,
    page_id uuid not null,
    value double precision,
    speed_limit_kmh double precision,
    fuel_used_l double precision,
    odometer_start_km double precision,
    odometer_end_km double precision,
    start_latitude_deg double precision,
    start_longitude_deg double precision,
    end_latitude_deg double precision,
    end_longitude_deg double precision,
    duration_s bigint,
    occurrences bigint not null,
    category text not null,
    value_kind text,
    value_unit text,
    primary key (organisation_id, id, occurred_at)
) partition by range (occurred_at);
create index telemetry_events_by_driver on telemetry_events (organisation_id, driver_id, occurred_at desc, id desc);
create index telemetry_events_by_vehicle on telemetry_events (organisation_id, vehicle_id, occurred_at desc, id desc);
create index telemetry_events_by_time on telemetry_events (organisation_id, occurred_at desc);
create table telemetry_events_default partition of telemetry_events default;
create table raw_pages (
    organisation_id uuid not null,
    id uuid not null,
    stream text not null,
    since_token text not null,
    next_token text,
    received_at timestamptz not null,
    size_bytes bigint not null,
    body bytea not null,
    primary key (organisation_id, id)
);
alter table raw_pages alter column body set storage external;
create table quarantine (
    organisation_id uuid not null references organisations,
    id bigint generated always as identity,
    stream text not null,
    page_id uuid,
    at timestamptz not null,
    position bigint not null,
    reason text not null,
    detail text not null,
    raw bytea not null,
    primary key (organisation_id, id)
);
create table checkpoints (
    organisation_id uuid not null references organisations,
    stream text not null,
    token text not null,
    token_time timestamptz not null,
    moved_at timestamptz not null,
    checked_at timestamptz not null,
    version bigint not null,
    primary key (organisation_id, stream)
);
create table gaps (
    organisation_id uuid not null references organisations,
    id bigint generated always as identity,
    stream text not null,
    start_at timestamptz not null,
    end_at timestamptz not null check (end_at >= start_at),
    opened_at timestamptz not null,
    closed_at timestamptz,
    primary key (organisation_id, id)
);
create table ingestion_runs (
    organisation_id uuid not null references organisations,
    id uuid not null,
    kind text not null,
    status text not null,
    started_at timestamptz not null,
    finished_at timestamptz,
    pages bigint not null,
    received bigint not null,
    inserted bigint not null,
    replaced bigint not null,
    duplicates bigint not null,
    quarantined bigint not null,
    error_code text,
    error_message text,
    primary key (organisation_id, id)
) with (fillfactor = 50);
create index ingestion_runs_by_time on ingestion_runs (organisation_id, started_at desc, id desc);
create table throughput (
    organisation_id uuid not null references organisations,
    stream text not null,
    hour timestamptz not null,
    received bigint not null,
    inserted bigint not null,
    primary key (organisation_id, stream, hour)
);
"""

# no foreign key where a row is written for every page: each check would lock the organisation's row
MACHINERY = """
create table outbox (
    seq bigint generated always as identity primary key,
    id uuid not null unique,
    organisation_id uuid not null,
    envelope json not null,
    recorded_at timestamptz not null,
    sent_at timestamptz
);
create index outbox_unsent on outbox (seq) where sent_at is null;
create table inbox (
    organisation_id uuid not null,
    consumer text not null,
    event_id uuid not null,
    received_at timestamptz not null,
    primary key (organisation_id, consumer, event_id)
);
create table dead_letters (
    organisation_id uuid not null references organisations,
    consumer text not null,
    event_id uuid not null,
    envelope json not null,
    attempts bigint not null,
    error text not null,
    failed_at timestamptz not null,
    primary key (organisation_id, consumer, event_id)
);
create table leases (
    organisation_id uuid not null references organisations,
    name text not null,
    holder text,
    fence bigint not null,
    expires_at timestamptz not null,
    primary key (organisation_id, name)
) with (fillfactor = 50);
create table jobs (
    organisation_id uuid not null references organisations,
    kind text not null,
    next_run_at timestamptz not null,
    last_enqueued_at timestamptz,
    primary key (organisation_id, kind)
) with (fillfactor = 50);
create index jobs_due on jobs (next_run_at);
create table idempotency_keys (
    organisation_id uuid not null references organisations,
    user_name text not null,
    route text not null,
    key text not null,
    body_digest text not null,
    answer bytea not null,
    answered_at timestamptz not null,
    primary key (organisation_id, user_name, route, key)
);
create index idempotency_keys_by_age on idempotency_keys (organisation_id, answered_at);
"""

APP_GRANTS = {
    "organisations": "select",
    "organisation_sources": "select",
    "groups": "select, insert, update",
    "drivers": "select, insert, update",
    "vehicles": "select, insert, update",
    "event_types": "select, insert, update",
    "classification_overrides": "select, insert, update",
    "telemetry_events": "select, insert, delete",
    "raw_pages": "select, insert",
    "quarantine": "select, insert",
    "checkpoints": "select, insert, update",
    "gaps": "select, insert, update",
    "ingestion_runs": "select, insert, update",
    "throughput": "select, insert, update",
    "outbox": "insert",
    "inbox": "select, insert",
    "dead_letters": "select",
    # locking a row for a guard takes the right to update it
    "leases": "select, update",
    "jobs": "select, update",
    "idempotency_keys": "select, insert, delete",
}
SYSTEM_GRANTS = {
    "organisations": "select, insert, update",
    "organisation_sources": "select, insert, update",
    "outbox": "select, update, delete",
    "dead_letters": "select, insert, delete",
    "leases": "select, insert, update",
    "jobs": "select, insert, update, delete",
}
SYSTEM_ONLY = ("source_tokens", "rate_keys", "rate_calls", "rate_waiters")


def upgrade() -> None:
    """Make everything."""
    for part in (IDENTITY, FLEET, TELEMETRY, MACHINERY, WITHOUT_ORGANISATION):
        op.execute(part)
    for table, rights in APP_GRANTS.items():
        column = "id" if table == "organisations" else "organisation_id"
        _only_own_organisation(table, column, rights)
    for table, rights in SYSTEM_GRANTS.items():
        op.execute(f"grant {rights} on {table} to trilha_system")
        op.execute(f"create policy every_organisation on {table} to trilha_system using (true) with check (true)")
    for table in SYSTEM_ONLY:
        op.execute(f"grant select, insert, update, delete on {table} to trilha_system")
    op.execute("grant select on alembic_version to trilha_app, trilha_system")


def _only_own_organisation(table: str, column: str, rights: str) -> None:
    op.execute(f"alter table {table} enable row level security")
    op.execute(f"alter table {table} force row level security")
    # the sub-select is evaluated once a statement instead of once a row
    rule = f"{column} = {ORGANISATION}"
    op.execute(f"create policy own_organisation on {table} to trilha_app using ({rule}) with check ({rule})")
    op.execute(f"grant {rights} on {table} to trilha_app")
