"""How every command looks: help with examples, headings, values that are checked."""

from collections.abc import Sequence
from typing import Any

import click

WIDTH = 100


class Formatter(click.HelpFormatter):
    """Help with bold headings; click leaves colours out if the output is not a terminal."""

    def write_heading(self, heading: str) -> None:
        """Write a heading."""
        super().write_heading(click.style(heading, bold=True))


class Context(click.Context):
    """What one run knows of itself."""

    formatter_class = Formatter


class Command(click.Command):
    """One command with examples of its use."""

    context_class = Context

    def __init__(self, *arguments: Any, examples: Sequence[str], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.examples = examples

    def format_epilog(self, _: click.Context, formatter: click.HelpFormatter) -> None:
        """The examples, below the options."""
        write_examples(self.examples, formatter)


class Group(click.Group):
    """Several commands under one name, in the order in which they were added."""

    context_class = Context

    def __init__(self, *arguments: Any, examples: Sequence[str], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.subcommand_metavar = "COMMAND"
        self.examples = examples

    def list_commands(self, _: click.Context) -> list[str]:
        """The names."""
        return list(self.commands)

    def format_epilog(self, _: click.Context, formatter: click.HelpFormatter) -> None:
        """The examples, below the commands."""
        write_examples(self.examples, formatter)


class Whole(click.ParamType[int]):
    """A whole number between two bounds."""

    name = "number"

    def __init__(self, least: int, most: int) -> None:
        self._least, self._most = least, most

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number, or an error that says what it must be."""
        text = str(value)
        if not (text.isascii() and text.isdecimal()) or not self._least <= int(text) <= self._most:
            self.fail(f"must be a whole number from {self._least} to {self._most}", param, ctx)
        return int(text)


def write_examples(examples: Sequence[str], formatter: click.HelpFormatter) -> None:
    """Lines to copy; never broken."""
    with formatter.section("Examples"):
        for example in examples:
            formatter.write(f"{'':>{formatter.current_indent}}{example}\n")
