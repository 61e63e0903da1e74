"""How the command line looks: examples, completion, colours, and what it says to a wrong word."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from charts.options import parsed
from click.testing import CliRunner
from service.terminal import at_terminal

from cds import cli
from cds.commands.look import Command, Group
from cds.commands.program import COMMANDS, COMPLETE, Files, program

BOLD = "\x1b[1m"
CHART = Path(__file__).parents[1] / "fhir_fixtures/charts/aisha-rahman.json"
TWITCH_CDS = (sys.executable, "-m", "cds")


def walked(command: click.Command, *names: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """A command and all below it, with their names."""
    yield names, command
    if isinstance(command, click.Group):
        for name, below in command.commands.items():
            yield from walked(below, *names, name)


EVERY = dict(walked(program))


@pytest.mark.parametrize("names", EVERY, ids=" ".join)
def test_every_help_has_examples_that_work(names: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    """Each example is a command line that this version accepts."""
    command = EVERY[names]
    assert isinstance(command, Command | Group)
    found = re.findall(r"twitch-cds [^\n\"|>)]*", "\n".join(command.examples).replace("\\\n", ""))

    assert 0 == cli.main([*names, "--help"])
    assert "Examples:\n" in capsys.readouterr().out
    assert found
    for example in found:
        given = shlex.split(example, comments=True)[1:]
        if given != ["COMMAND", "--help"]:
            parsed(given)


@pytest.mark.parametrize("names", EVERY, ids=" ".join)
def test_every_option_is_explained_in_one_style(names: tuple[str, ...]) -> None:
    """Values are capitals, words of help begin small, and every command says in a line what it does."""
    command = EVERY[names]
    shown = [one for one in command.params if one.human_readable_name not in ("help", "version")]

    assert names == () or re.match("[a-z]", command.short_help or "")
    for param in shown:
        assert re.match("[a-z0-9]|FHIR", getattr(param, "help", "")), param.name
        assert param.type.name in ("boolean", "choice", "text") or re.search("[A-Z]", param.metavar or "")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["evalute"], "twitch-cds: No such command 'evalute'. Did you mean 'evaluate'?\nTry 'twitch-cds --help'.\n"),
        (
            ["evaluate", "--jsn", "x"],
            "No such option '--jsn'. Did you mean '--json'?\nTry 'twitch-cds evaluate --help'.",
        ),
        (["audit", "verfy"], "No such command 'verfy'. Did you mean 'verify'?"),
        (["evaluate"], "Missing argument 'PATH...'"),
        (["report", "--csv", "--json"], "--csv: not allowed with --json"),
        (["mint-token", "--alg", "HS256"], "is not one of 'ES256'"),
    ],
)
def test_a_wrong_word_is_answered_with_the_right_one(
    given: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """In one line, with status 2; the next says where help is."""
    assert 2 == cli.main(given)
    error = capsys.readouterr().err
    assert told in error
    assert 2 == len(error.splitlines())


def test_an_argument_error_outside_a_command_names_the_program(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Even where click does not know which command it was."""

    def fail(*_: object) -> None:
        raise click.UsageError("so not")

    monkeypatch.setattr(Command, "invoke", fail)

    assert 2 == cli.main(["completion", "bash"])
    assert "twitch-cds: so not\nTry 'twitch-cds --help'.\n" == capsys.readouterr().err


@pytest.mark.parametrize(
    ("shell", "sign"), [("bash", "complete -o"), ("zsh", "#compdef twitch-cds"), ("fish", "complete ")]
)
def test_completion_is_printed_for_a_shell(shell: str, sign: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The script asks the program itself."""
    assert 0 == cli.main(["completion", shell])
    script = capsys.readouterr().out
    assert sign in script
    assert COMPLETE in script


@pytest.mark.parametrize(
    ("line", "expected"), [("twitch-cds ev", "plain,evaluate"), ("twitch-cds evaluate --w", "plain,--why")]
)
def test_commands_and_options_are_completed(
    line: str, expected: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As bash asks."""
    asked = {COMPLETE: "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(len(line.split()) - 1)}
    monkeypatch.setattr(os, "environ", os.environ | asked)

    assert 0 == cli.main([])
    assert [expected] == capsys.readouterr().out.split()


def test_help_is_bold_on_a_terminal_only() -> None:
    """Not in a pipe, and not with NO_COLOR."""
    piped = subprocess.run([*TWITCH_CDS, "--help"], capture_output=True, text=True, check=True).stdout

    assert BOLD not in piped
    assert BOLD in at_terminal([*TWITCH_CDS, "--help"]).text
    assert BOLD not in at_terminal([*TWITCH_CDS, "--help"], {"NO_COLOR": "1"}).text


def test_a_command_is_a_file_of_its_name() -> None:
    """The names that are listed are those of the files, and one can be put in the place of another."""
    files = Files()
    other = click.Command("other")
    files["serve"] = other
    replaced = files["serve"]
    del files["serve"]

    assert len(COMMANDS) == len(files)
    assert other is replaced
    assert "serve" == files["serve"].name
    assert files.get("none") is None


def test_nothing_of_a_command_is_imported_for_help() -> None:
    """Neither frameworks nor database nor knowledge."""
    heavy = ["fastapi", "uvicorn", "sqlalchemy", "httpx", "joserfc", "cds.knowledge.load", "rich", "ucumvert"]
    script = (
        "import sys; from cds.cli import main; main(['--help']); main(['mint-token', '--help']);"
        "print([name for name in sys.argv[1:] if name in sys.modules], file=sys.stderr)"
    )
    run = subprocess.run([sys.executable, "-c", script, *heavy], capture_output=True, text=True, check=True)

    assert "[]\n" == run.stderr


def test_evaluate_loads_no_openssl() -> None:
    """The digest of the knowledge is made without it: a tenth of the memory of the command."""
    script = (
        "import sys; from cds.cli import main; main(['evaluate', sys.argv[1]]);"
        "print([name for name in ('_hashlib', 'ssl') if name in sys.modules], file=sys.stderr)"
    )
    run = subprocess.run([sys.executable, "-c", script, str(CHART)], capture_output=True, text=True, check=True)

    assert "[]\n" == run.stderr


def test_the_program_runs_under_clicks_own_runner() -> None:
    """Nothing in it hinders the usual tools."""
    assert "Usage: twitch-cds" in CliRunner().invoke(program, ["--help"]).output
