"""`twitch-cds diff`."""

from datetime import datetime
from importlib.util import find_spec
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
        "twitch-cds diff /opt/twitch-cds /srv/knowledge export/ --replay --workers 8",
    ],
)
@click.argument("old", metavar="OLD", help=WHO)
@click.argument("new", metavar="NEW", help="the same")
@click.argument("export", metavar="EXPORT", type=click.Path(), help="what `twitch-cds evaluate` reads")
@click.option(
    "--as-of", metavar="DATE", type=click.DateTime(["%Y-%m-%d"]), help="judge as at the end of that day (today)"
)
@click.option("--replay", is_flag=True, help="compare each call of a replay (visits and orders), not each chart once")
@click.option(
    "--every", metavar="DAYS", help="with --replay: each chart each so many days, as `twitch-cds replay`: 30d"
)
@click.option(
    "--workers", metavar="N", type=click.IntRange(1, 64), default=1, help="with --replay: processes of each (1)"
)
@click.option("--seconds", metavar="SECONDS", default=3600, type=click.IntRange(1), help="each may take so long (3600)")
@click.option("--memory", metavar="MB", default=4096, type=click.IntRange(64), help="and so much memory (4096)")
@click.option("--json", is_flag=True, help="everything as one JSON object")
def command(as_of: datetime | None, every: str | None, workers: int, *, replay: bool, **given: Any) -> int:
    """Print what differs."""
    from cds.diff.command import Options, run

    day = as_of.date() if as_of else None
    if not replay:
        if every or workers > 1:
            raise click.UsageError("--every and --workers: only with --replay")
        return run(Options(as_of=day, **given))
    if as_of and every:
        raise click.UsageError("--every: not allowed with --as-of")
    if find_spec("duckdb") is None:
        raise click.UsageError("--replay needs DuckDB: pip install 'twitch-cds[replay]'")
    from cds.commands.replay import days
    from cds.replay import versions

    return versions.run(Options(as_of=day, every=days(every), workers=workers, **given))
