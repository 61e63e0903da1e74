"""Alembic carries out the changes of the tables. Imported only where there are some to carry out."""

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

SCRIPTS = "cds.store:migrations"


def upgrade(connection: Connection, versions: str) -> None:
    """Bring the tables up to date, in the transaction that the caller holds; `versions` is the table of the version."""
    config = scripts()
    config.attributes.update(connection=connection, version_table=versions)
    command.upgrade(config, "head")


def scripts() -> Config:
    """Where the changes are."""
    config = Config()
    config.set_main_option("script_location", SCRIPTS)
    return config
