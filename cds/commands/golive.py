"""`twitch-cds golive`."""

from typing import Any

import click

from cds.commands.look import Command


@click.command(
    cls=Command,
    name="golive",
    short_help="check whether a client can go live, gate by gate",
    help=(
        "Compare the figures of silent mode, the pilot's feedback and the reviews with the gates in a file. "
        "A gate without a figure is never met. Exit status: 0 go, 1 not yet, 2 unusable input. See docs/go-live.md."
    ),
    examples=[
        "twitch-cds golive golive.toml",
        "twitch-cds golive golive.toml --audit cds1.jsonl --audit cds2.jsonl",
        "twitch-cds golive golive.toml --replay replay/",
    ],
)
@click.argument(
    "file", metavar="[FILE]", required=False, type=click.Path(), help="the file of gates (TWITCH_CDS_GOLIVE)"
)
@click.option("--audit", metavar="PATH", multiple=True, help="the audit log of a machine (default: of this one)")
@click.option(
    "--replay",
    metavar="FOLDER",
    default="",
    type=click.Path(),
    help="a replay with its review (default: the one named in the file of gates)",
)
@click.option("--json", is_flag=True, help="everything as one JSON object")
def command(**options: Any) -> int:
    """Say go or not yet; the audit counts only as far as the key of the service proves it."""
    from cds.golive.command import Options, run
    from cds.store.keys import known_key

    return run(Options(**options), known_key)
