"""`twitch-cds evaluate`."""

from typing import Any

import click

from cds.commands.look import Command

PATHS = (
    "FHIR resource, Bundle, NDJSON, CDS Hooks request, or a folder of these; - is standard input. "
    "Plain resources of one folder (such as a bulk export) are put together by patient"
)


@click.command(
    cls=Command,
    name="evaluate",
    short_help="print the cards for a chart",
    help="Print the cards that a chart, a bundle or a whole CDS Hooks request would bring.",
    examples=[
        "twitch-cds evaluate patient.json",
        "twitch-cds evaluate --why patient.json        # why each rule fired or did not",
        "twitch-cds evaluate --json export/ > cards.ndjson",
        "curl -s https://fhir.example.org/Patient/1/\\$everything | twitch-cds evaluate -",
    ],
)
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(), help=PATHS)
@click.option(
    "--hook",
    metavar="HOOK",
    default="patient-view",
    help="the hook to answer a chart as: patient-view or encounter-start; a request has its own",
)
@click.option("--json", is_flag=True, help="one JSON object per patient and line")
@click.option("--why", is_flag=True, help="say of every rule and card why it fired or did not")
def command(**given: Any) -> int:
    """Print the cards of every input."""
    from cds.evaluate.command import Options, run

    return run(Options(**given))
