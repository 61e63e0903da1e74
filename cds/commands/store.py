"""`twitch-cds store`."""

import click

from cds.commands.look import Command, Group


@click.group(
    cls=Group,
    name="store",
    short_help="bring the database up to date, or prune it",
    help="The database holds what was shown and what was answered. See docs/store.md.",
    examples=["twitch-cds store migrate", "twitch-cds store prune"],
)
def command() -> None:
    """What an operator may have to do with the database by hand."""


@command.command(
    cls=Command,
    name="migrate",
    short_help="bring the tables up to date",
    help="Make the tables, or bring them up to date. The service does the same when it starts.",
    examples=["twitch-cds store migrate"],
)
def migrate() -> int:
    """Bring the tables up to date."""
    return _run("migrate")


@command.command(
    cls=Command,
    name="prune",
    short_help="delete what is too old",
    help=(
        "Delete what is older than TWITCH_CDS_RETENTION_DAYS, and expired tokens. The service does the same every hour."
    ),
    examples=["TWITCH_CDS_RETENTION_DAYS=365 twitch-cds store prune"],
)
def prune() -> int:
    """Delete what is too old."""
    return _run("prune")


@command.command(
    cls=Command,
    name="accept-key",
    short_help="take another hash key from now on",
    help=(
        "Let the database be that of the present hash key, when the old key is lost. "
        "Nobody who was shown a card before is recognised: every card is shown again."
    ),
    examples=["twitch-cds store accept-key"],
)
def accept_key() -> int:
    """Take another hash key."""
    return _run("accept-key")


def _run(action: str) -> int:
    from cds.store.command import run

    return run(action)
