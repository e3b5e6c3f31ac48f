"""What is decided about scores and forms, version by version; forms that were given out.

Revision ID: 0006
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ORGANISATION = "(select nullif(current_setting('trilha.organisation_id', true), '')::uuid)"

TABLES = """
create table performance_settings (
    organisation_id uuid not null references organisations,
    version bigint not null check (version > 0),
    decided jsonb not null,
    saved_at timestamptz not null,
    primary key (organisation_id, version)
);
create table score_policies (
    organisation_id uuid not null references organisations,
    version bigint not null check (version > 0),
    decided jsonb not null,
    saved_at timestamptz not null,
    primary key (organisation_id, version)
);
create table guidance_forms (
    organisation_id uuid not null references organisations,
    id uuid not null,
    driver_id bigint not null,
    first_day date not null,
    last_day date not null check (last_day >= first_day),
    data_version text not null,
    form jsonb not null,
    counts jsonb not null,
    printed_at timestamptz not null,
    primary key (organisation_id, id)
);
create index guidance_forms_by_driver on guidance_forms (organisation_id, driver_id, printed_at desc, id desc);
create index guidance_forms_by_age on guidance_forms (printed_at);
"""
NAMES = ("performance_settings", "score_policies", "guidance_forms")


def upgrade() -> None:
    """Nothing in these tables is ever changed: what was in force and what was signed can be looked up."""
    op.execute(TABLES)
    for table in NAMES:
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        rule = f"organisation_id = {ORGANISATION}"
        op.execute(f"create policy own_organisation on {table} to trilha_app using ({rule}) with check ({rule})")
        op.execute(f"grant select, insert on {table} to trilha_app")
    op.execute("create policy retention on guidance_forms to trilha_owner using (true) with check (true)")
