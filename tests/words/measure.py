"""`make words`: how well findings in free text are recognised, per language and half. See README.md beside this file.

Ends with an error if a language misses a target on the sealed half. The texts that were not heard rightly are listed of
the development half and of those written kind by kind, unless others are asked for: a sealed half that is read is
sealed no longer.
"""

import argparse
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from heard_by import hears
from word_score import FLAGS, GATE, Fault, Score, line, score
from word_texts import FOLDER, LANGUAGES, Half, WordText, by_kind, fifth, front_desk, held, others, texts

from cds.knowledge.load import DATA
from cds.knowledge.measured import MEASURED

OTHER_HAND, BY_KIND, HELD, STUDIED, FIFTH = "other hand", "by kind", "held", "studied", "fifth"
DESK_STUDIED, DESK, WHOLE = "desk studied", "desk", "all sealed"
READ = (Half.DEVELOPMENT.value, BY_KIND, STUDIED, DESK_STUDIED)  # what may be read by who tunes the lists
HEAD = f"    {'half':12} texts  {'':12} {'precision [95 %]':22}   recall [95 %]"
NOT_YET = FOLDER / "not_yet.toml"
RECORD = DATA / MEASURED
Measured = dict[str, dict[str, Score]]


class Known(NamedTuple):
    """What is not right yet: texts that may be read, and languages below a target on the sealed half."""

    texts: frozenset[str]
    languages: frozenset[str]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and tell whether the targets are reached."""
    parser = argparse.ArgumentParser(description="how well findings in free text are recognised")
    parser.add_argument("--list", choices=("development", "all", "none"), default="development", help="whose misses")
    parser.add_argument("--record", action="store_true", help="write not_yet.toml anew")
    wanted = parser.parse_args(arguments)
    measured = measure()
    if wanted.record:
        record(measured)
    sys.stdout.writelines(f"{one}\n" for one in report(measured, wanted.list))
    return 1 if below(measured) else 0


def measure() -> Measured:
    """The score of every half and language, of the texts of another hand, of those held, and of those by kind."""
    halves = {half.value: texts(half) for half in Half} | {
        OTHER_HAND: others(),
        HELD: held(),
        BY_KIND: by_kind(),
        STUDIED: fifth(Half.DEVELOPMENT),
        FIFTH: fifth(Half.SEALED),
        DESK_STUDIED: front_desk(Half.DEVELOPMENT),
        DESK: front_desk(Half.SEALED),
        WHOLE: [*texts(Half.SEALED), *front_desk(Half.SEALED)],
    }
    return {half: {one: score(some, hears) for one, some in by_language(found)} for half, found in halves.items()}


def known() -> Known:
    """What not_yet.toml says."""
    table = tomllib.loads(NOT_YET.read_text("utf-8"))
    return Known(frozenset(table["texts"]), frozenset(table["languages"]))


def record(measured: Measured) -> None:
    """Write what is not right yet, and the precision of each language.

    The tests hold both in both directions, so that a text that is heard at last is noticed too.
    """
    missed = [fault.text.id for half in READ for one in measured[half].values() for fault in one.faults]
    low = [language for language, one in measured[Half.SEALED].items() if one.below()]
    lines = ["# Not heard rightly yet, written by `make words WORDS_FLAGS=--record`: texts of the development half"]
    lines += ["# and of those written kind by kind, and languages below a target on the sealed half."]
    lines += [f"languages = {quoted(low)}", f"texts = {quoted(missed)}"]
    NOT_YET.write_text("\n".join(lines) + "\n", "utf-8")
    RECORD.write_text("\n".join(recorded(measured)), "utf-8")


def recorded(measured: Measured) -> Iterator[str]:
    """The precision on the sealed half, by which a language is on or off by default (N14)."""
    yield "# How precisely words are heard on the sealed half of tests/words (N14), written by `make words`."
    for language, one in measured[Half.SEALED].items():
        yield f"\n[{language}]"
        for name in (GATE, FLAGS):
            count = one.counts[name]
            share = count.precision
            yield (
                f"{name} = {{ right = {count.right}, heard = {count.right + count.wrong} }}"
                f"  # {share.share:.3f} [{share.low:.3f}, {share.high:.3f}]"
            )
    yield ""


def quoted(names: Sequence[str]) -> str:
    """A list in TOML, eight names a line."""
    rows = [", ".join(f'"{one}"' for one in names[first : first + 8]) for first in range(0, len(names), 8)]
    return "[\n" + "".join(f"  {row},\n" for row in rows) + "]"


def by_language(some: Sequence[WordText]) -> list[tuple[str, list[WordText]]]:
    """The texts of each language, in the order of the languages."""
    return [(language, [text for text in some if text.language == language]) for language in LANGUAGES]


def below(measured: Measured) -> list[str]:
    """The targets that are missed: the sealed half decides."""
    return [f"{language}: {one}" for language, result in measured[Half.SEALED].items() for one in result.below()]


def report(measured: Measured, listed: str) -> Iterator[str]:
    """What is printed."""
    yield HEAD
    for half, scores in measured.items():
        for language, one in scores.items():
            yield from line(language, half, one)
    for half, scores in measured.items():
        faults = [fault for result in scores.values() for fault in result.faults]
        kinds = Counter(fault.text.kind for fault in faults)
        yield f"{half}, not heard rightly: {', '.join(f'{kind} {count}' for kind, count in kinds.most_common())}"
        if (listed == "all" and half != WHOLE) or (listed == Half.DEVELOPMENT and half in READ):
            yield from map(miss, faults)
    yield from below(measured) or ["Every language reaches its targets on the sealed half."]


def miss(fault: Fault) -> str:
    """A text that was not heard rightly, with what is wrong."""
    return f"  {fault.text.id}  [{fault.text.kind}]  {fault.text.text}  <- {'; '.join(fault.wrong)}"


if __name__ == "__main__":
    sys.exit(main())
