"""Counts by driver and local day, kept beside the records.

Revision ID: 0005
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ORGANISATION = "(select nullif(current_setting('trilha.organisation_id', true), '')::uuid)"

# in arrays: a row for each driver and type would be thirty times as many. Twice, for questions come from two sides: all
# that one driver did, and one type of all drivers
ROLLUP = """
create table rolled_days (
    organisation_id uuid not null references organisations,
    zone text not null,
    day date not null,
    start_at timestamptz not null,
    end_at timestamptz not null check (end_at >= start_at),
    primary key (organisation_id, zone, day)
);
create table driver_days (
    organisation_id uuid not null,
    zone text not null,
    day date not null,
    driver_id bigint not null,
    event_type_ids bigint[] not null,
    occurrences bigint[] not null check (cardinality(occurrences) = cardinality(event_type_ids)),
    moments bigint[] not null check (cardinality(moments) = cardinality(event_type_ids)),
    durations_s double precision[] not null check (cardinality(durations_s) = cardinality(event_type_ids)),
    primary key (organisation_id, zone, day, driver_id),
    foreign key (organisation_id, zone, day) references rolled_days on delete cascade
);
create table type_days (
    organisation_id uuid not null,
    zone text not null,
    day date not null,
    event_type_id bigint not null,
    driver_ids bigint[] not null,
    occurrences bigint[] not null check (cardinality(occurrences) = cardinality(driver_ids)),
    moments bigint[] not null check (cardinality(moments) = cardinality(driver_ids)),
    durations_s double precision[] not null check (cardinality(durations_s) = cardinality(driver_ids)),
    primary key (organisation_id, zone, day, event_type_id),
    foreign key (organisation_id, zone, day) references rolled_days on delete cascade
);
create table drive_days (
    organisation_id uuid not null,
    zone text not null,
    day date not null,
    driver_id bigint not null,
    trips bigint not null,
    distance_km double precision not null,
    driving_s double precision not null,
    standing_s double precision not null,
    engine_s double precision not null,
    fuel_l double precision not null,
    primary key (organisation_id, zone, day, driver_id),
    foreign key (organisation_id, zone, day) references rolled_days on delete cascade
);
"""

# only ever added to by who writes records, so that pages never wait for each other; no foreign key, for its check would
# lock the organisation's row for each of them
STALENESS = """
create table stale_days (
    organisation_id uuid not null,
    id bigint generated always as identity,
    stream text not null,
    utc_day date not null,
    primary key (organisation_id, id)
);
"""

APP_GRANTS = {
    "rolled_days": "select, insert, delete",
    "driver_days": "select, insert",
    "type_days": "select, insert",
    "drive_days": "select, insert",
    "stale_days": "select, insert, delete",
}
RETENTION = ("rolled_days", "stale_days")
"""Whoever takes records away says of which days."""


def upgrade() -> None:
    """Nothing is rolled up yet, so nothing can be stale."""
    op.execute(ROLLUP)
    op.execute(STALENESS)
    for table, rights in APP_GRANTS.items():
        _only_own_organisation(table, rights)
    for table in RETENTION:
        op.execute(f"create policy retention on {table} to trilha_owner using (true) with check (true)")


def _only_own_organisation(table: str, rights: str) -> None:
    op.execute(f"alter table {table} enable row level security")
    op.execute(f"alter table {table} force row level security")
    # the sub-select is evaluated once a statement instead of once a row
    rule = f"organisation_id = {ORGANISATION}"
    op.execute(f"create policy own_organisation on {table} to trilha_app using ({rule}) with check ({rule})")
    op.execute(f"grant {rights} on {table} to trilha_app")
