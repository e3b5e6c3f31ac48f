"""Alembic's hook: run the steps on the connection that `migrate` opened, one transaction a step."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], transaction_per_migration=True)
with context.begin_transaction():
    context.run_migrations()
