"""The command's options, its output and its exit status."""

import logging
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import msgspec

from cds.call import Engine, build_engine
from cds.errors import UsageError
from cds.evaluate.files import Problem, batches
from cds.evaluate.inputs import Answer, Evaluation, Result, hooks
from cds.evaluate.text import Printer
from cds.explain.explain import explain
from cds.progress import Work, working
from cds.settings import environment, load

WIDTH = 100


class Options(NamedTuple):
    """What is evaluated, and how it is printed."""

    paths: Sequence[str]
    hook: str = "patient-view"
    json: bool = False
    why: bool = False


def run(options: Options) -> int:
    """Print the cards of every input: 0 all answered, 2 some input is unusable."""
    logging.getLogger("cds").addHandler(logging.NullHandler())
    engine = build_engine(load(environment()))
    if options.hook not in hooks(engine):
        raise UsageError(f"--hook {options.hook}: this version answers {', '.join(sorted(hooks(engine)))} only")
    _be_lenient()
    with working("Evaluating") as work:
        return _print_all(engine, options, work)


def _be_lenient() -> None:
    """A character that the terminal cannot show is no reason to fail."""
    if reconfigure := getattr(sys.stdout, "reconfigure", None):
        reconfigure(errors="backslashreplace")


def _print_all(engine: Engine, options: Options, work: Work) -> int:
    status = 0
    form = _form(engine, options)
    for answer in _answers(engine, options.paths, options.hook):
        if sys.stdout.isatty() or isinstance(answer, Problem):
            work.end()
        if isinstance(answer, Problem):
            status = 2
            sys.stdout.flush()
            sys.stderr.write(f"twitch-cds: {answer.input}: {answer.text}\n")
        else:
            sys.stdout.write(form(answer))
    sys.stdout.flush()
    return status


def _answers(engine: Engine, paths: Sequence[str], hook: str) -> Iterator[Answer]:
    for path in paths:
        for batch in batches(path):
            if isinstance(batch, Problem):
                yield batch
            else:
                yield from Evaluation(engine, batch, hook).answers()


def _form(engine: Engine, options: Options) -> Callable[[Result], str]:
    if options.json:
        return lambda result: _line(result, engine, options.why)
    colour = sys.stdout.isatty() and "NO_COLOR" not in environment()
    width = shutil.get_terminal_size((WIDTH, 1)).columns if sys.stdout.isatty() else WIDTH
    printer = Printer(engine.words, width, colour)
    return lambda result: printer.result(result, explain(result.outcome, engine) if options.why else None)


def _line(result: Result, engine: Engine, why: bool) -> str:
    """One answer as one line of JSON."""
    told = {"why": explain(result.outcome, engine)} if why else {}
    answer = {"input": result.input, "patient": result.patient, "cards": result.outcome.cards, **told}
    return msgspec.json.encode(answer).decode() + "\n"
