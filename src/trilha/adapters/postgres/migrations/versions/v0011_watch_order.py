"""Which page of positions was watched last, not only when it was received: pages are watched in order.

Revision ID: 0011
"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

# of a page that was watched before, only the time is known: the next one is the first that was received after it
COLUMN = """
alter table watch_progress add column page_id uuid not null default 'ffffffff-ffff-ffff-ffff-ffffffffffff';
alter table watch_progress alter column page_id drop default;
"""


def upgrade() -> None:
    """Two pages may have been received at the same moment."""
    op.execute(COLUMN)
