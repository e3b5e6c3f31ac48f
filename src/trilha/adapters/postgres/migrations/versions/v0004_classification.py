"""What an event type means: the history of changes, and one column that says it, decided before it is written.

Revision ID: 0004
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ORGANISATION = "(select nullif(current_setting('trilha.organisation_id', true), '')::uuid)"

HISTORY = """
create table classification_changes (
    organisation_id uuid not null references organisations,
    id uuid not null,
    event_type_id bigint not null,
    before text not null,
    after text not null check (after <> before),
    changed_at timestamptz not null,
    changed_by text not null check (changed_by <> ''),
    reason text check (char_length(reason) between 1 and 500),
    primary key (organisation_id, id)
);
create index classification_changes_by_time on classification_changes (organisation_id, changed_at desc, id desc);
create index classification_changes_by_type
    on classification_changes (organisation_id, event_type_id, changed_at desc, id desc);
"""

# `shown_as` has had overrides in it all the time; beside it `classification` says nothing of its own
ONE_MEANING = """
alter table event_types drop column classification;
alter table event_types alter column shown_as drop default;
grant delete on classification_overrides to trilha_app;
"""


def upgrade() -> None:
    """A history that is added to and nothing else."""
    op.execute(HISTORY)
    op.execute(ONE_MEANING)
    op.execute("alter table classification_changes enable row level security")
    op.execute("alter table classification_changes force row level security")
    # the sub-select is evaluated once a statement instead of once a row
    rule = f"organisation_id = {ORGANISATION}"
    op.execute(
        f"create policy own_organisation on classification_changes to trilha_app using ({rule}) with check ({rule})"
    )
    op.execute("grant select, insert on classification_changes to trilha_app")
