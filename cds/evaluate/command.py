"""The command's options, its output and its exit status."""

import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import NamedTuple

import msgspec

from cards.markdown import plain
from cards.topics import Indicator
from cds.call import Engine, build_engine
from cds.errors import UsageError
from cds.evaluate.files import Problem, batches
from cds.evaluate.inputs import Answer, InputEvaluation, Result, hooks
from cds.evaluate.text import ID_LENGTH, Printer
from cds.explain.explain import explain
from cds.knowledge.load import DATA
from cds.progress import Work, working
from cds.settings import environment, load

WIDTH = 100
URGENT = 3
LEVELS = (Indicator.INFO, Indicator.WARNING, Indicator.CRITICAL)
LAST = time(23, 59, 59, 999_999)


class Options(NamedTuple):
    """What is evaluated, and how it is printed. `as_of` is the day at whose end a chart is judged.

    `knowledge`: a folder of clinical facts in place of our own.
    """

    paths: Sequence[str]
    hook: str = "patient-view"
    json: bool = False
    why: bool = False
    summary: bool = False
    as_of: date | None = None
    fail_on: str | None = None
    knowledge: str | None = None


def run(options: Options) -> int:
    """Print the cards of every input: 0 all answered, 2 some input is unusable, 3 a card is as urgent as `fail_on`."""
    logging.getLogger("cds").addHandler(logging.NullHandler())
    settings = load(environment())
    end = datetime.combine(options.as_of, LAST, settings.zone) if options.as_of else None
    data = Path(options.knowledge) if options.knowledge else DATA
    engine = build_engine(settings, now=(lambda: end) if end else None, data=data)
    if options.hook not in hooks(engine):
        raise UsageError(f"--hook {options.hook}: this version supports only {', '.join(sorted(hooks(engine)))}")
    _be_lenient()
    with working("Evaluating") as work:
        return _print_all(engine, options, end, work)


def _be_lenient() -> None:
    """A character that the terminal cannot show is not a reason to fail."""
    if reconfigure := getattr(sys.stdout, "reconfigure", None):
        reconfigure(errors="backslashreplace")


def _print_all(engine: Engine, options: Options, end: datetime | None, work: Work) -> int:
    status, urgent = 0, False
    form = _form(engine, options)
    for answer in _answers(engine, options, end):
        if sys.stdout.isatty() or not isinstance(answer, Result):
            work.end()
        if isinstance(answer, Result):
            urgent |= _is_urgent(answer, options.fail_on)
            sys.stdout.write(form(answer))
            continue
        status = 2 if isinstance(answer, Problem) else status
        sys.stdout.flush()
        sys.stderr.write(f"twitch-cds: {answer.input}: {answer.text}\n")
    sys.stdout.flush()
    return status or (URGENT if urgent else 0)


def _answers(engine: Engine, options: Options, end: datetime | None) -> Iterator[Answer]:
    for path in options.paths:
        for batch in batches(path):
            if isinstance(batch, Problem):
                yield batch
            else:
                yield from InputEvaluation(engine, batch, options.hook, end).answers()


def _is_urgent(result: Result, least: str | None) -> bool:
    """Whether a card is at least as urgent as asked for."""
    urgent = LEVELS[LEVELS.index(Indicator(least)) :] if least else ()
    return any(card.indicator in urgent for card in result.outcome.cards)


def _form(engine: Engine, options: Options) -> Callable[[Result], str]:
    if options.json:
        return lambda result: _line(result, engine, options.why)
    if options.summary:
        return _summary
    colour = sys.stdout.isatty() and "NO_COLOR" not in environment()
    printer = Printer(engine.words, _width(), colour)
    return lambda result: printer.result(result, explain(result.outcome, engine) if options.why else None)


def _width() -> int:
    """Of the terminal; what is piped is as wide as a usual one, and loads nothing to find that out."""
    if not sys.stdout.isatty():
        return WIDTH
    from shutil import get_terminal_size

    return get_terminal_size((WIDTH, 1)).columns


def _summary(result: Result) -> str:
    """One line: the input, the patient, the most urgent card, what could not be checked, and the cards."""
    cards = result.outcome.cards
    worst = max((LEVELS.index(card.indicator) for card in cards), default=None)
    unread = sum(not_checked.count or 1 for not_checked in result.outcome.not_checked)
    topics = ", ".join(card.source.topic.code for card in cards if card.source.topic)
    urgency = "silent" if worst is None else LEVELS[worst].value
    patient = plain(result.patient, ID_LENGTH)
    return "\t".join((result.input, patient, urgency, f"{unread} not checked", topics)) + "\n"


def _line(result: Result, engine: Engine, why: bool) -> str:
    """One answer as one line of JSON."""
    explanation = {"why": explain(result.outcome, engine)} if why else {}
    answer = {"input": result.input, "patient": result.patient, "cards": result.outcome.cards, **explanation}
    return msgspec.json.encode(answer).decode() + "\n"
