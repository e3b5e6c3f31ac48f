"""Geofences and the visits to them.

Revision ID: 0007
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

ORGANISATION = "(select nullif(current_setting('trilha.organisation_id', true), '')::uuid)"

# a deleted geofence stays, for the visits of the past are called by its name; so no visit lacks its geofence, and no
# foreign key is checked for every page of positions
TABLES = """
create table geofences (
    organisation_id uuid not null references organisations,
    id uuid not null,
    name text not null check (name <> ''),
    sort_name text collate "C" not null,
    description text,
    color text check (color ~ '^#[0-9a-f]{6}$'),
    area jsonb not null check (area ->> 'type' = 'Feature'),
    active boolean not null,
    created_at timestamptz not null,
    changed_at timestamptz not null check (changed_at >= created_at),
    deleted_at timestamptz,
    version bigint not null check (version >= 0),
    primary key (organisation_id, id)
);
create index geofences_by_name on geofences (organisation_id, sort_name, id) where deleted_at is null;
create table geofence_visits (
    organisation_id uuid not null,
    id uuid not null,
    geofence_id uuid not null,
    vehicle_id bigint not null,
    driver_id bigint,
    entered_at timestamptz not null,
    entry_latitude_deg double precision,
    entry_longitude_deg double precision,
    left_at timestamptz check (left_at >= entered_at),
    exit_latitude_deg double precision,
    exit_longitude_deg double precision,
    primary key (organisation_id, id)
) with (fillfactor = 80);
create unique index geofence_visits_once on geofence_visits (organisation_id, geofence_id, vehicle_id, entered_at);
create unique index geofence_visits_one_open on geofence_visits (organisation_id, geofence_id, vehicle_id)
    where left_at is null;
create index geofence_visits_by_time on geofence_visits (organisation_id, entered_at desc, id desc);
create index geofence_visits_by_geofence on geofence_visits (organisation_id, geofence_id, entered_at desc, id desc);
create index geofence_visits_by_vehicle on geofence_visits (organisation_id, vehicle_id, entered_at desc, id desc);
create index geofence_visits_by_age on geofence_visits (left_at) where left_at is not null;
"""
APP_GRANTS = {
    "geofences": "select, insert, update",
    "geofence_visits": "select, insert, update (left_at, exit_latitude_deg, exit_longitude_deg)",
}


def upgrade() -> None:
    """Both behind the policy of their organisation; visits grow, so the owner may take old ones away."""
    op.execute(TABLES)
    for table, rights in APP_GRANTS.items():
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        # the sub-select is evaluated once a statement instead of once a row
        rule = f"organisation_id = {ORGANISATION}"
        op.execute(f"create policy own_organisation on {table} to trilha_app using ({rule}) with check ({rule})")
        op.execute(f"grant {rights} on {table} to trilha_app")
    op.execute("create policy retention on geofence_visits to trilha_owner using (true) with check (true)")
