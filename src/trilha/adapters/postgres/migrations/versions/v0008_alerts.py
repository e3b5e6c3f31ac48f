"""Alert rules, alerts, and what was seen of each vehicle.

Revision ID: 0008
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

ORGANISATION = "(select nullif(current_setting('trilha.organisation_id', true), '')::uuid)"

# no foreign key from alerts to rules: an alert outlives the rule that raised it
TABLES = """
create table alert_rules (
    organisation_id uuid not null references organisations,
    id uuid not null,
    name text not null check (name <> ''),
    condition jsonb not null,
    scope jsonb not null,
    severity text not null check (severity in ('info', 'warning', 'critical')),
    schedule jsonb not null,
    cooldown_s bigint not null check (cooldown_s >= 0),
    active boolean not null,
    changed_at timestamptz not null,
    version bigint not null,
    primary key (organisation_id, id)
);
create table alerts (
    organisation_id uuid not null,
    id uuid not null,
    rule_id uuid not null,
    rule_name text not null,
    rule_version bigint not null,
    severity text not null check (severity in ('info', 'warning', 'critical')),
    vehicle_id bigint not null,
    driver_id bigint,
    raised_at timestamptz not null,
    last_seen_at timestamptz not null check (last_seen_at >= raised_at),
    evidence jsonb not null,
    times bigint not null check (times > 0),
    state text not null check (state in ('raised', 'acknowledged', 'resolved')),
    acknowledged_at timestamptz,
    acknowledged_by text,
    acknowledged_note text,
    resolved_at timestamptz,
    resolved_by text,
    resolved_note text,
    version bigint not null,
    primary key (organisation_id, id),
    check ((state = 'resolved') = (resolved_at is not null)),
    check (state <> 'acknowledged' or acknowledged_at is not null)
) with (fillfactor = 80);
create unique index one_open_alert on alerts (organisation_id, rule_id, vehicle_id) where state <> 'resolved';
create index alerts_by_time on alerts (organisation_id, raised_at desc, id desc);
create index alerts_by_vehicle on alerts (organisation_id, vehicle_id, raised_at desc, id desc);
create index alerts_by_age on alerts (resolved_at) where resolved_at is not null;
create table alert_occurrences (
    organisation_id uuid not null,
    rule_id uuid not null,
    vehicle_id bigint not null,
    kind text not null,
    record_id bigint not null,
    geofence_id uuid not null,
    occurred_at timestamptz not null,
    noted_at timestamptz not null,
    primary key (organisation_id, rule_id, vehicle_id, kind, record_id, geofence_id)
);
create index alert_occurrences_by_age on alert_occurrences (noted_at);
create table vehicle_watches (
    organisation_id uuid not null,
    vehicle_id bigint not null,
    seen_at timestamptz,
    state jsonb not null,
    primary key (organisation_id, vehicle_id)
) with (fillfactor = 50);
create index vehicle_watches_by_time on vehicle_watches (organisation_id, seen_at);
create table watch_progress (
    organisation_id uuid primary key,
    received_at timestamptz not null
) with (fillfactor = 50);
"""

APP_GRANTS = {
    "alert_rules": "select, insert, update, delete",
    "alerts": "select, insert, update",
    "alert_occurrences": "select, insert",
    "vehicle_watches": "select, insert, update",
    "watch_progress": "select, insert, update",
}
AGED = ("alerts", "alert_occurrences")


def upgrade() -> None:
    """Each table behind its policy; what grows may be taken away by the owner."""
    op.execute(TABLES)
    for table, rights in APP_GRANTS.items():
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        rule = f"organisation_id = {ORGANISATION}"
        op.execute(f"create policy own_organisation on {table} to trilha_app using ({rule}) with check ({rule})")
        op.execute(f"grant {rights} on {table} to trilha_app")
    for table in AGED:
        op.execute(f"create policy retention on {table} to trilha_owner using (true) with check (true)")
