"""The history of the tables, for Alembic; `cds.store.migrate` runs it."""
