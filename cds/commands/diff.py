"""`twitch-cds diff`."""

from datetime import datetime
from typing import Any

import click

from cds.commands.look import Command

WHO = "an installation (its twitch-cds, or its folder), or a folder of knowledge for this one"


@click.command(
    cls=Command,
    name="diff",
    short_help="say which cards another version or other knowledge would change",
    help=(
        "Put the charts of an export through both, each in a process of its own, and count the cards that are new, "
        "gone, more or less urgent, or reworded. 0: none, 1: some, 2: they cannot be compared. See docs/go-live.md."
    ),
    examples=[
        "twitch-cds diff /opt/twitch-cds /opt/twitch-cds-next export/",
        "twitch-cds diff /opt/twitch-cds/bin/twitch-cds /srv/knowledge export/ --as-of 2026-11-01 --json",
    ],
)
@click.argument("old", metavar="OLD", help=WHO)
@click.argument("new", metavar="NEW", help="the same")
@click.argument("export", metavar="EXPORT", type=click.Path(), help="what `twitch-cds evaluate` reads")
@click.option(
    "--as-of", metavar="DATE", type=click.DateTime(["%Y-%m-%d"]), help="judge as at the end of that day (today)"
)
@click.option("--seconds", metavar="SECONDS", default=3600, type=click.IntRange(1), help="each may take so long (3600)")
@click.option("--memory", metavar="MB", default=4096, type=click.IntRange(64), help="and so much memory (4096)")
@click.option("--json", is_flag=True, help="everything as one JSON object")
def command(as_of: datetime | None, **given: Any) -> int:
    """Print what differs."""
    from cds.diff.command import Options, run

    return run(Options(as_of=as_of.date() if as_of else None, **given))
