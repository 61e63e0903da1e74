"""`twitch-cds selfcheck`."""

from pathlib import Path
from typing import Any

import click

from cds.commands.look import Command

FILE = click.Path(path_type=Path)
URLS = "the address of the service as clients call it; then other nodes, which must refuse the tokens used there"


@click.command(
    cls=Command,
    name="selfcheck",
    short_help="check a running service from outside",
    help="Check a running service from outside, as its clients see it. Each failed check says what to do.",
    examples=[
        "twitch-cds selfcheck http://127.0.0.1:8000",
        "twitch-cds selfcheck https://cds.example.org --key tester.pem --issuer https://tester.example.org",
    ],
)
@click.argument("urls", metavar="URL...", nargs=-1, required=True, help=URLS)
@click.option("--origin", metavar="ORIGIN", help="an origin of browser clients, such as https://ehr.example.org")
@click.option("--key", metavar="FILE", type=FILE, help="the private key of a registered client, to sign in")
@click.option("--issuer", metavar="ISSUER", help="the issuer of that client")
@click.option("--tenant", metavar="NAME", help="the tenant of that client")
@click.option("--kid", metavar="NAME", help="the name of the key (default: its RFC 7638 thumbprint)")
@click.option("--ca", metavar="FILE", type=FILE, help="certificate authorities to trust in addition to the machine's")
@click.option("--json", is_flag=True, help="one JSON array instead of lines")
def command(**options: Any) -> int:
    """Print a line for each check."""
    from cds.selfcheck.command import Options, run

    return run(Options(**options))
