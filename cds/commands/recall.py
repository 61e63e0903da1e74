"""`twitch-cds recall`."""

from typing import Any

import click

from cds.commands.look import Command


@click.command(
    cls=Command,
    name="recall",
    short_help="report how much of an export can be read",
    help=(
        "Read charts in any form that `evaluate` reads. Print how many of the results, medicines and problems that a "
        "rule could use can be read, and what is not understood, the most frequent first, with suggestions."
    ),
    examples=[
        "twitch-cds recall export/",
        "twitch-cds recall --csv unread.csv --draft-map draft.csv export/    # then confirm each line of the draft",
    ],
)
@click.argument(
    "paths",
    metavar="EXPORT...",
    nargs=-1,
    required=True,
    type=click.Path(),
    help="charts: files, folders or archives as for `evaluate`; - is standard input",
)
@click.option("--csv", metavar="FILE", help="write all lines to a file, as CSV")
@click.option("--draft-map", metavar="FILE", help="write a draft map to be confirmed (CSV; units in a second file)")
@click.option("--all", is_flag=True, help="also print texts of fewer than five patients: they may name somebody")
def command(**options: Any) -> int:
    """Print the survey."""
    from cds.recall.command import Options, run

    return run(Options(**options))
