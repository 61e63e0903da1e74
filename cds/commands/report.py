"""`twitch-cds report`."""

from typing import Any

import click

from cds.commands.look import Command


@click.command(
    cls=Command,
    name="report",
    short_help="report which cards were shown, and what clinicians did with them",
    help="Print how often each card was shown, accepted, overridden (and why), ignored, or suppressed as a repeat.",
    examples=[
        "twitch-cds report --since 2026-11-01",
        "twitch-cds report --service muscle-twitch-patient-view --topic medication-review",
        "twitch-cds report --csv > cards.csv",
    ],
)
@click.option("--since", metavar="DATE", help="the first day (2026-11-01), in the site's time zone")
@click.option("--until", metavar="DATE", help="the last day")
@click.option("--service", metavar="ID", help="only cards of this service")
@click.option("--topic", metavar="TOPIC", help="only this card, such as medication-review")
@click.option("--json", is_flag=True, help="everything as one JSON object, with figures by day")
@click.option("--csv", is_flag=True, help="cards and tags as CSV")
def command(**options: Any) -> int:
    """Print the report."""
    if options["json"] and options["csv"]:
        raise click.UsageError("--csv: not allowed with --json")
    from cds.report.command import Options, run

    return run(Options(**options))
