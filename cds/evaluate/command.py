"""The command's options, its output and its exit status."""

import argparse
import logging
import os
import shutil
import sys
from collections.abc import Callable, Iterator

import msgspec

from cds.call import Engine, build_engine
from cds.errors import UsageError
from cds.evaluate.files import Problem, batches
from cds.evaluate.inputs import Answer, Evaluation, Result, hooks
from cds.evaluate.text import Printer
from cds.explain.explain import explain
from cds.settings import environment, load

WIDTH = 100
INTERRUPTED = 130


def add_arguments(command: argparse.ArgumentParser) -> None:
    """The options of `twitch-cds evaluate`."""
    command.add_argument(
        "paths",
        nargs="+",
        metavar="PATH",
        help="FHIR resource, Bundle, NDJSON, CDS Hooks request, or a folder of these; - is standard input. "
        "Plain resources of one folder (such as a bulk export) are put together by patient",
    )
    command.add_argument(
        "--hook",
        metavar="HOOK",
        default="patient-view",
        help="the hook to answer a chart as: patient-view or encounter-start; a request has its own",
    )
    command.add_argument("--json", action="store_true", help="one JSON object per patient and line")
    command.add_argument("--why", action="store_true", help="say of every rule and card why it fired or did not")


def run(namespace: argparse.Namespace) -> int:
    """Print the cards of every input: 0 all answered, 2 some input is unusable."""
    logging.getLogger("cds").addHandler(logging.NullHandler())
    engine = build_engine(load(environment()))
    if namespace.hook not in hooks(engine):
        raise UsageError(f"--hook {namespace.hook}: this version answers {', '.join(sorted(hooks(engine)))} only")
    _be_lenient()
    try:
        return _print_all(engine, namespace)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return INTERRUPTED


def _be_lenient() -> None:
    """A character that the terminal cannot show is no reason to fail."""
    if reconfigure := getattr(sys.stdout, "reconfigure", None):
        reconfigure(errors="backslashreplace")


def _print_all(engine: Engine, namespace: argparse.Namespace) -> int:
    status = 0
    form = _form(engine, namespace)
    for answer in _answers(engine, namespace.paths, namespace.hook):
        if isinstance(answer, Problem):
            status = 2
            sys.stdout.flush()
            sys.stderr.write(f"twitch-cds: {answer.input}: {answer.text}\n")
        else:
            sys.stdout.write(form(answer))
    sys.stdout.flush()
    return status


def _answers(engine: Engine, paths: list[str], hook: str) -> Iterator[Answer]:
    for path in paths:
        for batch in batches(path):
            if isinstance(batch, Problem):
                yield batch
            else:
                yield from Evaluation(engine, batch, hook).answers()


def _form(engine: Engine, namespace: argparse.Namespace) -> Callable[[Result], str]:
    if namespace.json:
        return lambda result: _line(result, engine, namespace.why)
    colour = sys.stdout.isatty() and "NO_COLOR" not in environment()
    width = shutil.get_terminal_size((WIDTH, 1)).columns if sys.stdout.isatty() else WIDTH
    printer = Printer(engine.words, width, colour)
    return lambda result: printer.result(result, explain(result.outcome, engine) if namespace.why else None)


def _line(result: Result, engine: Engine, why: bool) -> str:
    """One answer as one line of JSON."""
    told = {"why": explain(result.outcome, engine)} if why else {}
    answer = {"input": result.input, "patient": result.patient, "cards": result.outcome.cards, **told}
    return msgspec.json.encode(answer).decode() + "\n"
