"""What Alembic runs: the changes that are missing, in one transaction that the caller holds."""

from alembic import context

from cds.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=context.config.attributes["version_table"],
    transactional_ddl=True,
)
context.run_migrations()
