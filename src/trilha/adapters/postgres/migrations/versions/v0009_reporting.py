"""Reports that are made later, and every week.

Revision ID: 0009
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

ORGANISATION = "(select nullif(current_setting('trilha.organisation_id', true), '')::uuid)"

TABLES = """
create table report_jobs (
    organisation_id uuid not null references organisations,
    id uuid not null,
    request jsonb not null,
    format text not null,
    requested_at timestamptz not null,
    schedule_id uuid,
    due_at timestamptz,
    status text not null check (status in ('queued', 'running', 'done', 'failed', 'cancelled')),
    attempts bigint not null,
    started_at timestamptz,
    finished_at timestamptz,
    rows_written bigint not null,
    expected_rows bigint,
    file jsonb,
    error_code text,
    error_message text,
    version bigint not null,
    primary key (organisation_id, id),
    constraint report_jobs_once_a_time unique (organisation_id, schedule_id, due_at),
    check ((schedule_id is null) = (due_at is null)),
    check ((status = 'done') = (file is not null)),
    check ((status in ('queued', 'running')) = (finished_at is null))
) with (fillfactor = 50);
create index report_jobs_by_time on report_jobs (organisation_id, requested_at desc, id desc);
create index report_jobs_unfinished on report_jobs (organisation_id, requested_at, id)
    where status in ('queued', 'running');
create index report_jobs_by_age on report_jobs (requested_at);
create table report_files (
    organisation_id uuid not null,
    job_id uuid not null,
    number bigint not null check (number >= 0),
    piece bytea not null,
    written_at timestamptz not null,
    primary key (organisation_id, job_id, number),
    foreign key (organisation_id, job_id) references report_jobs on delete cascade
);
create index report_files_by_age on report_files (written_at);
create table report_schedules (
    organisation_id uuid not null references organisations,
    id uuid not null,
    name text not null check (name <> ''),
    kind text not null,
    format text not null,
    period text not null,
    timetable jsonb not null,
    driver_id bigint,
    vehicle_id bigint,
    group_id bigint,
    language text not null,
    created_at timestamptz not null,
    next_due_at timestamptz,
    version bigint not null,
    primary key (organisation_id, id)
);
"""
RIGHTS = {
    "report_jobs": "select, insert, update",
    "report_files": "select, insert, delete",
    "report_schedules": "select, insert, update, delete",
}
AGED = ("report_jobs", "report_files")


def upgrade() -> None:
    """Jobs, what they have made, and schedules; each organisation sees its own."""
    op.execute(TABLES)
    rule = f"organisation_id = {ORGANISATION}"
    for table, rights in RIGHTS.items():
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        op.execute(f"create policy own_organisation on {table} to trilha_app using ({rule}) with check ({rule})")
        op.execute(f"grant {rights} on {table} to trilha_app")
    for table in AGED:
        op.execute(f"create policy retention on {table} to trilha_owner using (true) with check (true)")
