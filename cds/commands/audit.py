"""`twitch-cds audit`."""

from typing import Any

import click

from cds.commands.look import Command, Group


@click.group(
    cls=Group,
    name="audit",
    short_help="prove that the audit is whole",
    help="The audit holds one line for each call. See docs/audit.md.",
    examples=["twitch-cds audit verify"],
)
def command() -> None:
    """What can be done with the audit."""


@command.command(
    cls=Command,
    name="verify",
    short_help="prove that no line was altered or lost",
    help="Prove that no line of the audit was altered or lost. 0: proved, 1: findings, 2: unusable input.",
    examples=[
        "twitch-cds audit verify",
        "twitch-cds audit verify --expect LOG:NUMBER:HASH    # the head that was noted last time",
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
@click.option("--expect", metavar="HEAD", multiple=True, help="a head noted elsewhere, LOG:NUMBER:HASH")
@click.option(
    "--tolerate-recorded", is_flag=True, help="exit 0 if all findings are such that the service recorded itself"
)
def verify(**options: Any) -> int:
    """Verify the audit with the key that wrote it; a key is never made for it."""
    from cds.audit.command import Options, run
    from cds.store.keys import known_key

    return run(Options(**options), known_key)
