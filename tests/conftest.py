"""Makes the helpers under tests/ importable by every test; runs the command on a day that stands still."""

import io
import json
import logging
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from charts.dates import TODAY
from charts.runs import Evaluate, Run, Write
from charts.seam import engine
from hypothesis import HealthCheck, settings
from msgspec.structs import replace

from cds import cli
from cds.call import Engine
from cds.evaluate import command
from cds.knowledge.load import DATA
from cds.rules.runner import RuleRunner
from cds.settings import Settings

# No property is judged by the clock: neither by how long an example takes nor by how long it takes to draw one.
settings.register_profile("any-machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any-machine")


def pytest_addoption(parser: pytest.Parser) -> None:
    """A sample: `--every 25` runs the first of each 25 tests."""
    parser.addoption("--every", type=int, default=1, help="run one of so many tests")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is not in the sample."""
    items[:] = items[:: config.getoption("--every")]


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """A server configures the logging of its process; the tests want theirs back."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def evaluate(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Evaluate:
    """Run the command; a clock that stands still, standard input from bytes."""
    bare = {name: value for name, value in os.environ.items() if "TWITCH_CDS" not in name}
    monkeypatch.setattr(os, "environ", bare)

    def build(given: Settings, now: Callable[[], datetime] | None = None, *, data: Path = DATA) -> Engine:
        assert data == DATA  # other knowledge is tried in tests/diff
        made = engine(TODAY)
        return replace(made, emergency_cards=given.emergency_cards, now=now or made.now)

    monkeypatch.setattr(command, "build_engine", build)

    def run(*arguments: object, stdin: bytes = b"") -> Run:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        status = cli.main(["evaluate", *map(str, arguments)])
        return Run(status, *capsys.readouterr())

    return run


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a file: bytes as they are, a list as NDJSON, anything else as JSON."""

    def put(name: str, content: object) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, list):
            content = b"".join(json.dumps(one).encode() + b"\n" for one in content)
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return path

    return put


@pytest.fixture
def fail_rule(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Make one rule raise an error, wherever it is asked."""
    ask = RuleRunner.ask

    def broken(subject: object) -> Iterable[object]:
        raise ZeroDivisionError(subject)

    def fail(rule: str) -> None:
        def instead(
            runner: RuleRunner, name: str, asked: Callable[[object], Iterable[object]], subject: object
        ) -> object:
            return ask(runner, name, broken if name == rule else asked, subject)  # type: ignore[type-var]

        monkeypatch.setattr(RuleRunner, "ask", instead)

    return fail
