"""`twitch-cds clients`."""

from typing import Any

import click

from cds.commands.look import Command, Group


@click.group(
    cls=Group,
    name="clients",
    short_help="check the client file",
    help="The client file says who may call, with which keys. See docs/trust.md.",
    examples=["twitch-cds clients check --fetch clients.toml"],
)
def command() -> None:
    """Commands for the client file."""


@command.command(
    cls=Command,
    name="check",
    short_help="check the client file",
    help="Print a line for each client. Exit status: 0 all is well, 1 some keys are unusable, 2 the file is.",
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
    short_help="print the hash of a user, for a pilot's user list",
    help="Print the hash that stands for a user of a client under `pilot` and in the audit log. See docs/go-live.md.",
    examples=["twitch-cds clients hash epic-main Practitioner/e3r2"],
)
@click.argument("client", metavar="CLIENT", help="the name of the client")
@click.argument("users", metavar="USER...", nargs=-1, required=True, help="userId as the client sends it")
@click.option("--tenant", metavar="TENANT", help="the tenant in its tokens, if they name one")
def hash_(**options: Any) -> int:
    """Print the hashes with the key of the service; a key is never made for it."""
    from cds.store.keys import known_key
    from cds.trust.hash_command import Options, run

    return run(Options(**options), known_key)
