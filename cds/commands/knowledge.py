"""`twitch-cds knowledge`."""

import click

from cds.commands.look import Command, Group


@click.group(
    cls=Group,
    name="knowledge",
    short_help="check or export the clinical facts",
    help="The clinical facts, the wording of the cards, and the drafts that the cards propose.",
    examples=["twitch-cds knowledge check", "twitch-cds knowledge export > knowledge.json"],
)
def command() -> None:
    """Commands for the knowledge."""


@command.command(
    cls=Command,
    name="check",
    short_help="check facts, wording, drafts and units",
    help=(
        "Check everything that is checked at start, and what would take too long there: each draft against the "
        "FHIR R4 models, each unit against the UCUM grammar. Exit status: 0 all is well, 1 a check failed."
    ),
    examples=["twitch-cds knowledge check"],
)
def check() -> int:
    """Print a line for each check."""
    from cds.knowledge_command import run

    return run()


@command.command(
    cls=Command,
    name="export",
    short_help="print value sets and the site's map as FHIR",
    help=(
        "Print one FHIR R4 Bundle: a ValueSet for each value set, analyte and class of medicines that rules read, and "
        "a ConceptMap of the site's own codes (TWITCH_CDS_CONCEPT_MAPS)."
    ),
    examples=["twitch-cds knowledge export > knowledge.json"],
)
def export() -> int:
    """Print the Bundle."""
    from cds.knowledge_command import export as run

    return run()
