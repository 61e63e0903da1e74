"""`twitch-cds evaluate`."""

from datetime import datetime
from typing import Any

import click

from cds.commands.look import Command

PATHS = (
    "FHIR resource, Bundle, Parameters, NDJSON, CDS Hooks request, a list of these, or a folder or archive of them "
    "(.gz, .zip); - is standard input. "
    "Single resources in one folder (such as a bulk export) are grouped by patient"
)


@click.command(
    cls=Command,
    name="evaluate",
    short_help="print the cards for a chart",
    help="Print the cards for a chart, a Bundle or a whole CDS Hooks request.",
    examples=[
        "twitch-cds evaluate patient.json",
        "twitch-cds evaluate --why patient.json        # why each rule fired or did not",
        "twitch-cds evaluate --json export/ > cards.ndjson",
        "twitch-cds evaluate --summary --as-of 2026-03-01 export.zip",
        "twitch-cds evaluate --fail-on critical patient.json",
        "curl -s https://fhir.example.org/Patient/1/\\$everything | twitch-cds evaluate -",
    ],
)
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(), help=PATHS)
@click.option(
    "--hook",
    metavar="HOOK",
    default="patient-view",
    help="the hook for charts: patient-view or encounter-start; a request names its own",
)
@click.option("--json", is_flag=True, help="one JSON object per patient and line")
@click.option("--why", is_flag=True, help="explain for every rule and card why it fired or did not")
@click.option("--summary", is_flag=True, help="one line per patient: urgency, what could not be checked, cards")
@click.option(
    "--as-of",
    metavar="DATE",
    type=click.DateTime(["%Y-%m-%d"]),
    help="evaluate as of the end of that day at the site; anything recorded or issued later is ignored and counted",
)
@click.option(
    "--fail-on",
    metavar="LEVEL",
    type=click.Choice(["info", "warning", "critical"]),
    help="exit with 3 if a card is at least this urgent: info, warning or critical",
)
@click.option(
    "--knowledge",
    metavar="FOLDER",
    type=click.Path(),
    help="a folder of clinical facts to use instead of our own (for trying changes)",
)
def command(as_of: datetime | None, **options: Any) -> int:
    """Print the cards of every input."""
    from cds.evaluate.command import Options, run

    return run(Options(as_of=as_of.date() if as_of else None, **options))
