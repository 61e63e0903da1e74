"""Hook calls with no prefetch at all: the service asks a real FHIR server, and gives the same cards in time."""

import time
from dataclasses import dataclass
from statistics import quantiles

import httpx
import pytest
from hapi_charts import OnServer, not_checked, seen
from hapi_expected import FILES, expected
from hapi_made import made
from hapi_service import Served

from cds.settings import Settings

pytestmark = pytest.mark.hapi

CALLS = 60
MOST_ROUNDS = 5
DEADLINE = Settings().deadline_ms / 1000
GRACE = DEADLINE / 10  # what the way to the service and back may take


@pytest.mark.parametrize("file", FILES)
def test_a_call_without_prefetch_gives_the_expected_cards(file: str, frozen: Served) -> None:
    """The same cards as through the searches of a client, and nothing is left unchecked."""
    answers = {chart.name: frozen.call(chart) for chart in FILES[file]}

    assert {} == {name: one.text for name, one in answers.items() if one.status_code != 200}
    assert expected(FILES[file]) == {name: seen(one.json()) for name, one in answers.items()}
    assert {} == {name: not_checked(one.json()) for name, one in answers.items() if not_checked(one.json())}


@pytest.mark.parametrize("name", made())
def test_references_and_further_pages_are_followed(name: str, frozen: Served) -> None:
    """Medicines by reference, and more results than a page: all are read."""
    answer = frozen.call(made()[name])

    assert made()[name].expect == seen(answer.json())
    assert [] == not_checked(answer.json())


def test_a_server_that_is_not_listed_is_not_asked(frozen: Served) -> None:
    """The same server under a name that is on no list: the question of a twitch stays open (412)."""
    elsewhere = Served(frozen.base, frozen.fhir.replace("127.0.0.1", "localhost"), frozen.http)

    assert 412 == elsewhere.call(FILES["fixtures"][0]).status_code


def test_calls_without_prefetch_keep_the_deadline(
    command: Served, frozen: Served, current: list[OnServer], pytestconfig: pytest.Config
) -> None:
    """Once warm, every call of a round is answered in time, with all its cards and nothing left unchecked."""
    for chart in current * 2:
        frozen.call(chart)
    rounds: list[Round] = []
    while len(rounds) < MOST_ROUNDS and not (rounds and rounds[-1].holds):
        rounds.append(measured(command, current))
        pytestconfig.get_terminal_writer().line(f"\n{rounds[-1]}")

    assert rounds[-1].holds


@dataclass(frozen=True)
class Round:
    """The seconds of each call, and how many answers were whole: 200, the right cards, nothing unchecked."""

    took: list[float]
    whole: int

    @property
    def holds(self) -> bool:
        """Whether every answer was whole and in time."""
        return self.whole == len(self.took) and max(self.took) <= DEADLINE + GRACE

    def __str__(self) -> str:
        cuts = quantiles(self.took, n=20)
        times = f"p50 {cuts[9] * 1000:.0f} ms, p95 {cuts[18] * 1000:.0f} ms, most {max(self.took) * 1000:.0f} ms"
        return f"{len(self.took)} calls without prefetch, {self.whole} answered whole: {times}"


def measured(command: Served, charts: list[OnServer]) -> Round:
    """Calls one after the other, over all charts."""
    took, whole = [], 0
    for number in range(CALLS):
        chart = charts[number % len(charts)]
        begun = time.perf_counter()
        answer = command.call(chart)
        took.append(time.perf_counter() - begun)
        whole += is_whole(answer, chart)
    return Round(took, whole)


def is_whole(answer: httpx.Response, chart: OnServer) -> bool:
    """Whether an answer has the right cards and nothing left unchecked."""
    return answer.status_code == 200 and (chart.expect, []) == (seen(answer.json()), not_checked(answer.json()))
