"""`twitch-cds silent`."""

from typing import Any

import click

from cds.commands.look import Command


@click.command(
    cls=Command,
    name="silent",
    short_help="list the emergencies that silent mode held back",
    help=(
        "List the emergencies of clients in silent mode or a pilot, and how many cards of each kind were held back. "
        "Default: today. No patient is named: the EHR finds the visit by hookInstance. "
        "See docs/go-live.md."
    ),
    examples=[
        "twitch-cds silent",
        "twitch-cds silent --since 2026-11-29 --client epic-main",
        "twitch-cds silent --csv",
    ],
)
@click.option("--since", metavar="DATE", help="the first day (2026-11-01), in the site's time zone")
@click.option("--until", metavar="DATE", help="the last day")
@click.option("--client", metavar="NAME", help="only this client")
@click.option("--json", is_flag=True, help="everything as one JSON object")
@click.option("--csv", is_flag=True, help="the emergencies as CSV")
def command(**options: Any) -> int:
    """Print the list."""
    if options["json"] and options["csv"]:
        raise click.UsageError("--csv: not allowed with --json")
    from cds.report.silent_command import Options, run

    return run(Options(**options))
