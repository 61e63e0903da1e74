"""`twitch-cds golive`."""

from typing import Any

import click

from cds.commands.look import Command


@click.command(
    cls=Command,
    name="golive",
    short_help="say whether a client can go live, gate by gate",
    help=(
        "Set what silent mode, a pilot's feedback and the reviewers say against the gates of a file. A number that "
        "there is not is never go. 0: go, 1: not yet, 2: unusable input. See docs/go-live.md."
    ),
    examples=[
        "twitch-cds golive golive.toml",
        "twitch-cds golive golive.toml --audit cds1.jsonl --audit cds2.jsonl",
        "twitch-cds golive golive.toml --replay replay/",
    ],
)
@click.argument("file", metavar="[FILE]", required=False, type=click.Path(), help="the gates (TWITCH_CDS_GOLIVE)")
@click.option("--audit", metavar="PATH", multiple=True, help="the audit of a machine (that of this one, if none)")
@click.option(
    "--replay", metavar="FOLDER", default="", type=click.Path(), help="a replay, and its review (else as the gates say)"
)
@click.option("--json", is_flag=True, help="everything as one JSON object")
def command(**options: Any) -> int:
    """Say go or not yet; the audit counts only as far as the key of the service proves it."""
    from cds.golive.command import Options, run
    from cds.store.keys import known_key

    return run(Options(**options), known_key)
