"""What vehicles are due for: plans, services that were done, what was told of them.

Revision ID: 0010
"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

ORGANISATION = "(select nullif(current_setting('trilha.organisation_id', true), '')::uuid)"

TABLES = """
create table maintenance_plans (
    organisation_id uuid not null references organisations,
    id uuid not null,
    name text not null check (char_length(name) between 1 and 100),
    starts_on date not null,
    every_km double precision check (every_km > 0),
    every_engine_h double precision check (every_engine_h > 0),
    every_days integer check (every_days > 0),
    warn_before_km double precision check (warn_before_km >= 0),
    warn_before_engine_h double precision check (warn_before_engine_h >= 0),
    warn_before_days integer check (warn_before_days >= 0),
    group_id bigint,
    vehicle_ids bigint[] check (cardinality(vehicle_ids) > 0),
    active boolean not null,
    version bigint not null,
    sort_name text collate "C" not null,
    primary key (organisation_id, id),
    check (num_nonnulls(every_km, every_engine_h, every_days) > 0),
    check (num_nonnulls(group_id, vehicle_ids) < 2)
);
create index maintenance_plans_by_name on maintenance_plans (organisation_id, sort_name, id);
create table service_records (
    organisation_id uuid not null references organisations,
    id uuid not null,
    plan_id uuid not null,
    vehicle_id bigint not null,
    done_on date not null,
    recorded_at timestamptz not null,
    recorded_by text not null check (recorded_by <> ''),
    odometer_km double precision check (odometer_km >= 0),
    engine_h double precision check (engine_h >= 0),
    note text check (char_length(note) between 1 and 500),
    primary key (organisation_id, id),
    foreign key (organisation_id, plan_id) references maintenance_plans
);
create index service_records_last
    on service_records (organisation_id, plan_id, vehicle_id, done_on desc, recorded_at desc, id desc);
create index service_records_by_time on service_records (organisation_id, plan_id, recorded_at desc, id desc);
create table due_notices (
    organisation_id uuid not null references organisations,
    plan_id uuid not null,
    vehicle_id bigint not null,
    cycle_id uuid not null,
    primary key (organisation_id, plan_id, vehicle_id, cycle_id),
    foreign key (organisation_id, plan_id) references maintenance_plans on delete cascade
);
"""
APP_GRANTS = {
    "maintenance_plans": "select, insert, update, delete",
    "service_records": "select, insert",
    "due_notices": "select, insert",
}


def upgrade() -> None:
    """Services are added and nothing else: what was done to a vehicle can be looked up for as long as there is one."""
    op.execute(TABLES)
    rule = f"organisation_id = {ORGANISATION}"
    for table, rights in APP_GRANTS.items():
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        op.execute(f"create policy own_organisation on {table} to trilha_app using ({rule}) with check ({rule})")
        op.execute(f"grant {rights} on {table} to trilha_app")
