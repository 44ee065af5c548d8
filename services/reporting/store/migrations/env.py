"""Runs migrations on the connection that `prepare` hands over, within its transaction."""

from alembic import context

from services.reporting.store.columns import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA, render_as_batch=True)
context.run_migrations()
