"""`twitch-cds` itself: it finds a command, runs it, and says what went wrong in one line."""

import os
import sys
from collections.abc import Iterator, MutableMapping, Sequence
from importlib import import_module

import click
from click.exceptions import Exit, NoArgsIsHelpError
from click.shell_completion import shell_complete

from cds.commands.look import WIDTH, Group
from cds.errors import CdsError, UsageError
from cds.settings import environment

NAME = "twitch-cds"
COMPLETE = "_TWITCH_CDS_COMPLETE"
# The ones of every day first. To add one: its name here, and a file of that name that holds `command`.
COMMANDS = (
    *(
        "serve",
        "evaluate",
        "recall",
        "replay",
        "review",
        "report",
        "silent",
        "golive",
        "diff",
        "audit",
        "clients",
        "selfcheck",
        "mint-token",
        "store",
    ),
    *("knowledge", "completion"),
)


class Files(MutableMapping[str, click.Command]):
    """The commands by their names; the file of one is imported when it is asked for."""

    def __init__(self) -> None:
        self._added: dict[str, click.Command] = {}

    def __getitem__(self, name: str) -> click.Command:
        if name not in self._added:
            if name not in COMMANDS:
                raise KeyError(name)
            command: click.Command = import_module(f"cds.commands.{name.replace('-', '_')}").command
            self._added[name] = command
        return self._added[name]

    def __setitem__(self, name: str, command: click.Command) -> None:
        self._added[name] = command

    def __delitem__(self, name: str) -> None:
        del self._added[name]

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


@click.group(
    cls=Group,
    name=NAME,
    commands=Files(),
    help="Clinical decision support for muscle twitching.",
    examples=[
        "twitch-cds serve --demo",
        "twitch-cds evaluate patient.json",
        "twitch-cds COMMAND --help",
    ],
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": WIDTH},
)
@click.version_option(package_name=NAME, prog_name=NAME, message="%(prog)s %(version)s")
def program() -> None:
    """Every command is under this one."""


def run(arguments: Sequence[str]) -> int:
    """Run one command, and give its status."""
    if instruction := environment().get(COMPLETE):
        return shell_complete(program, {}, NAME, COMPLETE, instruction)
    from cds.evaluate.places import of_store, store_errors

    try:
        with program.make_context(NAME, list(arguments), color=False if environment().get("NO_COLOR") else None) as ctx:
            status: int = program.invoke(ctx)
            sys.stdout.flush()
            return status
    except Exit as end:
        return end.exit_code
    except NoArgsIsHelpError as help_error:
        help_error.show()
        return help_error.exit_code
    except click.UsageError as problem:
        _say(problem.format_message())
        _hint(problem.ctx)
        return problem.exit_code
    except CdsError as error:
        _say(error.text)
        return 2 if isinstance(error, UsageError) else 1
    except store_errors() as problem:
        _say(of_store(problem))
        return 2
    except BrokenPipeError:  # whoever reads has seen enough: `twitch-cds report | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _say(text: str) -> None:
    sys.stdout.flush()
    sys.stderr.write(f"{NAME}: {text}\n")


def _hint(ctx: click.Context | None) -> None:
    path = ctx.command_path if ctx else NAME
    sys.stderr.write(f"Try '{path} --help'.\n")
