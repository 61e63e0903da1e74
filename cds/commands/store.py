"""`twitch-cds store`."""

import click

from cds.commands.look import Command, Group


@click.group(
    cls=Group,
    name="store",
    short_help="upgrade or prune the database",
    help="The database has the cards that were shown and the feedback on them. See docs/store.md.",
    examples=["twitch-cds store migrate", "twitch-cds store prune"],
)
def command() -> None:
    """What an operator may have to do with the database by hand."""


@command.command(
    cls=Command,
    name="migrate",
    short_help="create or upgrade the tables",
    help="Create the tables, or upgrade them. The service does the same when it starts.",
    examples=["twitch-cds store migrate"],
)
def migrate() -> int:
    """Bring the tables up to date."""
    return _run("migrate")


@command.command(
    cls=Command,
    name="prune",
    short_help="delete old rows",
    help=(
        "Delete rows older than TWITCH_CDS_RETENTION_DAYS, and expired tokens. The service does the same every hour."
    ),
    examples=["TWITCH_CDS_RETENTION_DAYS=365 twitch-cds store prune"],
)
def prune() -> int:
    """Delete what is too old."""
    return _run("prune")


@command.command(
    cls=Command,
    name="accept-key",
    short_help="switch to another hash key",
    help=(
        "Assign the database to the current hash key, if the old key is lost. "
        "Patients and users are no longer recognised: every card is shown again."
    ),
    examples=["twitch-cds store accept-key"],
)
def accept_key() -> int:
    """Take another hash key."""
    return _run("accept-key")


def _run(action: str) -> int:
    from cds.store.command import run

    return run(action)
