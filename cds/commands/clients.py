"""`twitch-cds clients`."""

from typing import Any

import click

from cds.commands.look import Command, Group


@click.group(
    cls=Group,
    name="clients",
    short_help="check the file of registered clients",
    help="The file of registered clients says who may call, with which keys. See docs/trust.md.",
    examples=["twitch-cds clients check --fetch clients.toml"],
)
def command() -> None:
    """What can be done with the file of clients."""


@command.command(
    cls=Command,
    name="check",
    short_help="check the file of registered clients",
    help="Print a line for each client. 0: all is well, 1: some keys cannot be used, 2: the file cannot.",
    examples=["twitch-cds clients check", "twitch-cds clients check --fetch /etc/twitch-cds/clients.toml"],
)
@click.argument("file", metavar="[FILE]", required=False, type=click.Path(), help="the file (TWITCH_CDS_CLIENTS)")
@click.option("--fetch", is_flag=True, help="fetch the keys of each jwks_url too, and list them")
def check(**given: Any) -> int:
    """Print a line for each client."""
    from cds.trust.check_command import Options, run

    return run(Options(**given))
