"""`twitch-cds diff`."""

from datetime import datetime
from importlib.util import find_spec
from typing import Any

import click

from cds.commands.look import Command

WHO = "an installation (its twitch-cds program or its folder), or a folder of clinical facts for this version"


@click.command(
    cls=Command,
    name="diff",
    short_help="show which cards another version or other knowledge would change",
    help=(
        "Evaluate the charts of an export with both, each in its own process, and count the cards that are new, "
        "gone, more or less urgent, or reworded. Exit status: 0 none, 1 some, 2 not comparable. See docs/go-live.md."
    ),
    examples=[
        "twitch-cds diff /opt/twitch-cds /opt/twitch-cds-next export/",
        "twitch-cds diff /opt/twitch-cds/bin/twitch-cds /srv/knowledge export/ --as-of 2026-11-01 --json",
        "twitch-cds diff /opt/twitch-cds /srv/knowledge export/ --replay --workers 8",
    ],
)
@click.argument("old", metavar="OLD", help=WHO)
@click.argument("new", metavar="NEW", help="the same")
@click.argument("export", metavar="EXPORT", type=click.Path(), help="anything that `twitch-cds evaluate` reads")
@click.option(
    "--as-of",
    metavar="DATE",
    type=click.DateTime(["%Y-%m-%d"]),
    help="evaluate as of the end of that day (default: today)",
)
@click.option("--replay", is_flag=True, help="compare every call of a replay (visits and orders), not each chart once")
@click.option(
    "--every",
    metavar="DAYS",
    help="with --replay: evaluate each chart at this interval, as in `twitch-cds replay`: 30d",
)
@click.option(
    "--workers",
    metavar="N",
    type=click.IntRange(1, 64),
    default=1,
    help="with --replay: processes for each (default: 1)",
)
@click.option(
    "--seconds", metavar="SECONDS", default=3600, type=click.IntRange(1), help="time limit for each (default: 3600)"
)
@click.option(
    "--memory", metavar="MB", default=4096, type=click.IntRange(64), help="memory limit for each (default: 4096)"
)
@click.option("--json", is_flag=True, help="everything as one JSON object")
def command(as_of: datetime | None, every: str | None, workers: int, *, replay: bool, **options: Any) -> int:
    """Print what differs."""
    from cds.diff.command import Options, run

    day = as_of.date() if as_of else None
    if not replay:
        if every or workers > 1:
            raise click.UsageError("--every and --workers: only with --replay")
        return run(Options(as_of=day, **options))
    if as_of and every:
        raise click.UsageError("--every: not allowed with --as-of")
    if find_spec("duckdb") is None:
        raise click.UsageError("--replay needs DuckDB: pip install 'twitch-cds[replay]'")
    from cds.commands.replay import days
    from cds.replay import versions

    return versions.run(Options(as_of=day, every=days(every), workers=workers, **options))
