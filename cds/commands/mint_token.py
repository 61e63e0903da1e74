"""`twitch-cds mint-token`."""

from pathlib import Path
from typing import Any

import click

from cds.commands.look import Command, Whole
from cds.trust.names import ALLOWED, DEFAULT, LIFETIME, MOST_SECONDS

FILE = click.Path(path_type=Path)


@click.command(
    cls=Command,
    name="mint-token",
    short_help="create keys and a token, for testing",
    help="Create a signed token for one address, and keys to sign with: for testing, never with an EHR's own keys.",
    examples=[
        "twitch-cds mint-token --new-key --key tester.pem --jwks tester.json \\",
        "    --issuer https://tester.example.org --audience https://cds.example.org/cds-services",
    ],
)
@click.option("--audience", metavar="URL", required=True, help="the exact address that will be called (aud)")
@click.option("--issuer", metavar="ISSUER", required=True, help="the issuer as it is registered (iss)")
@click.option("--key", metavar="FILE", required=True, type=FILE, help="the private key (PEM or JWK)")
@click.option("--new-key", is_flag=True, help="first create the key and write it to --key (mode 0600)")
@click.option("--jwks", metavar="FILE", type=FILE, help="add the public key to this key set file")
@click.option(
    "--alg", type=click.Choice(ALLOWED), help=f"the algorithm (default: by the key; {DEFAULT[0]} for a new one)"
)
@click.option("--kid", metavar="NAME", help="the key's name in the key set (default: its RFC 7638 thumbprint)")
@click.option("--jku", metavar="URL", help="the address of the key set, for the header (jku)")
@click.option("--tenant", metavar="NAME", help="the tenant of the client")
@click.option(
    "--lifetime",
    metavar="SECONDS",
    type=Whole(1, MOST_SECONDS),
    default=LIFETIME,
    help=f"how long the token is valid (default: {LIFETIME})",
)
def command(**options: Any) -> int:
    """Print one token."""
    from cds.trust.mint_command import Options, run

    return run(Options(**options))
