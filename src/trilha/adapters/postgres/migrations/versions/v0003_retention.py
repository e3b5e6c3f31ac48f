"""The owner sees and takes away what has grown old, and finds it without reading what has not.

Revision ID: 0003
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

AGED = ("raw_pages", "outbox", "inbox", "quarantine", "dead_letters", "ingestion_runs", "idempotency_keys")
INDEXES = """
create index raw_pages_by_age on raw_pages (received_at);
create index outbox_by_age on outbox (sent_at) where sent_at is not null;
create index inbox_by_age on inbox (received_at);
create index quarantine_by_age on quarantine (settled_at) where settled_at is not null;
create index dead_letters_by_age on dead_letters (settled_at) where settled_at is not null;
create index ingestion_runs_by_age on ingestion_runs (started_at);
"""


def upgrade() -> None:
    """A policy of the owner's for each table; it could do without one, for it may take policies away."""
    op.execute(INDEXES)
    for table in AGED:
        op.execute(f"create policy retention on {table} to trilha_owner using (true) with check (true)")
