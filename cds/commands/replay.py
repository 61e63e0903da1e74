"""`twitch-cds replay`."""

from datetime import datetime
from importlib.util import find_spec
from typing import Any

import click

from cds.commands.look import Command


@click.command(
    cls=Command,
    name="replay",
    short_help="replay an export and show which cards clinicians would have seen",
    help=(
        "Make the calls that an EHR would have made over the history in an export, each with the chart as it was known "
        "then: one when the chart is opened at each visit, one when orders are signed. "
        "FOLDER gets the cards, the visits, what was not understood (Parquet), and a page for the committee. "
        "After an interruption, run the same command again to continue."
    ),
    examples=[
        "twitch-cds replay export/ --out replay/",
        "twitch-cds replay export/ --out replay/ --workers 8",
        "twitch-cds replay export/ --out march/ --as-of 2026-03-31",
        "twitch-cds replay export/ --out monthly/ --every 30d",
        "twitch-cds replay /shared/export --out /shared/replay --scheduler tcp://10.0.0.5:8786",
        "twitch-cds replay s3://charts/export --out replay/ --scheduler tcp://10.0.0.5:8786 --work s3://charts/work",
    ],
)
@click.argument(
    "export",
    metavar="EXPORT",
    type=click.Path(),
    help="FHIR Bulk Data (NDJSON by type, .gz too), a folder of Bundles, or any other form that `evaluate` reads",
)
@click.option("--out", metavar="FOLDER", required=True, type=click.Path(), help="a new folder (mode 0700, files 0600)")
@click.option(
    "--as-of",
    metavar="DATE",
    type=click.DateTime(["%Y-%m-%d"]),
    help="evaluate each patient once, as of the end of that day at the site, instead of at visits and orders",
)
@click.option("--every", metavar="DAYS", help="evaluate each patient at this interval, from first to last visit: 30d")
@click.option(
    "--answers",
    metavar="WHICH",
    type=click.Choice(["none", "all"]),
    default="none",
    help="what clinicians did with the cards, which an export does not say: none (most cards) or all answered (fewest)",
)
@click.option(
    "--rules-off/--no-rules-off",
    default=True,
    help="also report how the cards would change without each rule; takes longer",
)
@click.option(
    "--workers", metavar="N", type=click.IntRange(1, 64), default=1, help="number of processes: one per core is best"
)
@click.option("--scheduler", metavar="ADDRESS", help="use the workers of a Dask cluster instead: tcp://10.0.0.5:8786")
@click.option(
    "--work",
    metavar="URL",
    help="where workers store intermediate files, if they share no file system: s3://charts/work",
)
@click.option(
    "--knowledge",
    metavar="FOLDER",
    type=click.Path(),
    help="a folder of clinical facts to use instead of our own (for trying changes)",
)
def command(as_of: datetime | None, every: str | None, scheduler: str | None, **chosen_options: Any) -> int:
    """Replay an export."""
    if scheduler and chosen_options["workers"] > 1:
        raise click.UsageError("--workers: not allowed with --scheduler")
    if as_of and every:
        raise click.UsageError("--every: not allowed with --as-of")
    if find_spec("duckdb") is None:
        raise click.UsageError("replay needs DuckDB: pip install 'twitch-cds[replay]'")
    if scheduler and find_spec("distributed") is None:
        raise click.UsageError("--scheduler needs Dask: pip install 'twitch-cds[cluster]'")
    from cds.replay.command import Options, run

    options = Options(as_of=as_of.date() if as_of else None, every=days(every), **chosen_options)
    if not scheduler:
        return run(options)
    from cds.replay.cluster import Cluster

    return run(options, executor=lambda setup: Cluster(scheduler, setup))


def days(text: str | None) -> int | None:
    """A number of days, as in 30d."""
    if text is None:
        return None
    number = text.removesuffix("d")
    if not (number.isascii() and number.isdecimal() and 1 <= int(number) <= 3660):
        raise click.UsageError(f"--every {text}: give days, such as 30d")
    return int(number)
