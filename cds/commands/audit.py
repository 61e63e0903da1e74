"""`twitch-cds audit`."""

from typing import Any

import click

from cds.commands.look import Command, Group


@click.group(
    cls=Group,
    name="audit",
    short_help="verify that the audit log is complete and unaltered",
    help="The audit log has one line for each call. See docs/audit.md.",
    examples=["twitch-cds audit verify"],
)
def command() -> None:
    """Commands for the audit log."""


@command.command(
    cls=Command,
    name="verify",
    short_help="verify that no line was altered or lost",
    help=(
        "Verify that no line of the audit log was altered or lost. "
        "Exit status: 0 verified, 1 findings, 2 unusable input."
    ),
    examples=[
        "twitch-cds audit verify",
        "twitch-cds audit verify --expect LOG:NUMBER:HASH    # the head that was saved last time",
        "twitch-cds audit verify audit.jsonl audit.jsonl.1.gz",
    ],
)
@click.argument(
    "paths",
    metavar="[PATH]...",
    nargs=-1,
    type=click.Path(),
    help="logs, plain or gzip, in any order (the service's own and older ones)",
)
@click.option("--expect", metavar="HEAD", multiple=True, help="a head saved elsewhere, LOG:NUMBER:HASH")
@click.option("--tolerate-recorded", is_flag=True, help="exit with 0 if the service recorded all findings itself")
def verify(**options: Any) -> int:
    """Verify the audit with the key that wrote it; a key is never made for it."""
    from cds.audit.command import Options, run
    from cds.store.keys import known_key

    return run(Options(**options), known_key)
