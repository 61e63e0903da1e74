"""`twitch-cds review`."""

from importlib.util import find_spec
from typing import Any

import click

from cds.commands.look import Command, Whole


@click.command(
    cls=Command,
    name="review",
    short_help="let two people judge the cards of a replay independently",
    help=(
        "Draw a sample from a replay (each card, and silent visits) and serve pages on this machine where two "
        "people judge each item: right, wrong or harmful. The charts are read from the export and not copied; "
        "the answers are stored in FOLDER/review.json. Run the command again to continue. See docs/replay.md."
    ),
    examples=[
        "twitch-cds review replay/ --sample 100",
        "twitch-cds review replay/ --sample 100 --seed 7 --reviewer 'Dr. Okafor'",
        "twitch-cds review replay/ --result",
    ],
)
@click.argument("folder", metavar="FOLDER", type=click.Path(), help="the folder that `twitch-cds replay` has written")
@click.option("--sample", metavar="N", type=Whole(1, 10_000), help="how many items to draw (default: 100)")
@click.option(
    "--seed",
    metavar="N",
    type=Whole(0, 2**31 - 1),
    help="draw the same sample again (default: a random seed, which is stored)",
)
@click.option("--reviewer", metavar="NAME", default="", help="the reviewer's name (default: the page asks)")
@click.option("--export", metavar="EXPORT", default="", type=click.Path(), help="the export, if it has been moved")
@click.option("--port", metavar="N", default=0, type=Whole(0, 65535), help="the port (default: any free one)")
@click.option("--result", is_flag=True, help="print the result, without serving the pages")
@click.option("--json", is_flag=True, help="with --result: everything as one JSON object")
def command(**options: Any) -> int:
    """Serve the review, or print its result."""
    if options["json"] and not options["result"]:
        raise click.UsageError("--json: only with --result")
    if find_spec("duckdb") is None:
        raise click.UsageError("review needs DuckDB: pip install 'twitch-cds[replay]'")
    from cds.replay.review.command import Options, run

    run(Options(**options))
    return 0
