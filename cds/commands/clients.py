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
def check(**options: Any) -> int:
    """Print a line for each client."""
    from cds.hooks.contexts import SERVICE_IDS
    from cds.trust.check_command import Options, run

    return run(Options(**options, services=tuple(SERVICE_IDS.values())))


@command.command(
    cls=Command,
    name="hash",
    short_help="print the hash of a user, for the list of a pilot",
    help="Print by which hash a user of a client is named under `pilot` and in the audit. See docs/go-live.md.",
    examples=["twitch-cds clients hash epic-main Practitioner/e3r2"],
)
@click.argument("client", metavar="CLIENT", help="the name of the client")
@click.argument("users", metavar="USER...", nargs=-1, required=True, help="userId as the client sends it")
@click.option("--tenant", metavar="TENANT", help="the tenant that its tokens name, if they do")
def hash_(**options: Any) -> int:
    """Print the hashes with the key of the service; a key is never made for it."""
    from cds.store.keys import known_key
    from cds.trust.hash_command import Options, run

    return run(Options(**options), known_key)
