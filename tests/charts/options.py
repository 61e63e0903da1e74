"""What the command line makes of its arguments: for tests that give a command its clock or its key."""

from collections.abc import Sequence
from typing import Any

import click

from cds.commands.program import program


def parsed(arguments: Sequence[str]) -> dict[str, Any]:
    """The options of the command that the arguments name; click's errors if they are wrong. Nothing is run."""
    command: click.Command = program
    rest, above = list(arguments), None
    while isinstance(command, click.Group):
        above = click.Context(command, above, info_name=command.name)
        _, below, rest = command.resolve_command(above, rest)
        assert below is not None
        command = below
    return command.make_context(command.name, rest, parent=above).params


def options(name: str, *arguments: object) -> dict[str, Any]:
    """The options of a command, or of one below it (`audit verify`)."""
    return parsed([*name.split(), *map(str, arguments)])
