"""`make fuzz`: coverage-guided fuzzing. Wants atheris, which is installed for this alone: see docs/security.md.

PYTHONPATH=tests python tests/fuzz/guided.py bodies -max_total_time=600
PYTHONPATH=tests python tests/fuzz/guided.py charts -max_total_time=600

It begins with the corpus and the charts of all golden cases.
"""

import importlib
import json
import sys
import tempfile
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from charts.golden import cases, service_of
from charts.notation import bundle, request
from nodes import node_at, places, replaced

HERE = Path(__file__).parent
LONGEST = 20_000
Mutate = Callable[[bytes, int], bytes]


def bodies(service_ids: tuple[str, ...]) -> Iterable[bytes]:
    """Whole calls; the first byte chooses the service."""
    for case in cases():
        yield bytes([service_ids.index(service_of(case))]) + json.dumps(request(case.chart)).encode()


def charts(_: tuple[str, ...]) -> Iterable[bytes]:
    """The FHIR alone, about the patient whom the target has in mind."""
    for case in cases():
        yield json.dumps(bundle(case.chart)).replace("golden", "p").encode()


# Name: the function that is fuzzed, where JSON begins in its input, and what it begins with.
TARGETS = {"bodies": ("one_body", 1, bodies), "charts": ("one_chart", 0, charts)}


def changed(mutate: Mutate, start: int, data: bytes, longest: int, seed: int) -> bytes:
    """Every other time a node of the JSON is changed, otherwise bytes wherever they are."""
    dice = Random(seed)
    if dice.random() < 0.5:
        return mutate(data, longest)
    try:
        value = json.loads(data[start:])
    except (ValueError, RecursionError):
        return mutate(data, longest)
    made = data[:start] + json.dumps(with_other_node(mutate, value, dice)).encode()
    return made if len(made) <= longest else mutate(data, longest)


def with_other_node(mutate: Mutate, value: Any, dice: Random) -> Any:
    """One node becomes another one, an array of both, nothing, or is itself changed as bytes."""
    ways = list(places(value))
    way, node, other = (one := dice.choice(ways)), node_at(value, one), node_at(value, dice.choice(ways))
    return replaced(value, way, dice.choice((other, [node, other], None, rewritten(mutate, node))))


def rewritten(mutate: Mutate, node: Any) -> Any:
    """What becomes of a node when its bytes are changed: JSON again, or a text."""
    made = mutate(json.dumps(node).encode(), LONGEST).decode(errors="ignore")
    try:
        return json.loads(made)
    except (ValueError, RecursionError):
        return made


def main() -> None:
    """Fuzz one target; what libFuzzer finds anew stays out of the repository."""
    name, *options = sys.argv[1:]
    atheris = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["cds", "cards"]):
        targets = importlib.import_module("fuzz_targets")
    function, start, seeds = TARGETS[name]
    target: Callable[[bytes], int] = getattr(targets, function)
    target(b"")

    def once(data: bytes) -> None:
        target(data)

    def mutate(data: bytes, longest: int) -> bytes:
        made: bytes = atheris.Mutate(data, longest)  # which Setup exchanges
        return made

    with tempfile.TemporaryDirectory() as found:
        for number, seed in enumerate(seeds(targets.service_ids())):
            (Path(found) / str(number)).write_bytes(seed)
        fixed = [f"-dict={HERE / 'words.dict'}", f"-max_len={LONGEST}", "-timeout=10"]
        mutator = partial(changed, mutate, start)
        atheris.Setup(["guided", found, str(HERE / "corpus" / name), *fixed, *options], once, custom_mutator=mutator)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
