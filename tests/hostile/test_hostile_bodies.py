"""Every hostile body gets its documented answer from the real service, which goes on as if nothing had been."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hostile_bodies import CASES, SILENT, Case
from service.process import JSON, PATIENT_VIEW, Answer, Running, running

from cds import errors
from cds.errors import CallError


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One process for all: what one case breaks, the next one shows."""
    with running(tmp_path_factory.mktemp("hostile")) as made:
        yield made


def test_the_table_is_long_and_each_case_is_told_apart() -> None:
    """Names are unique."""
    assert len(CASES) >= 60
    assert len(CASES) == len({case.name for case in CASES})


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_hostile_bodies_get_their_documented_answer(case: Case, service: Running) -> None:
    """Status, error, and afterwards a normal call with its cards."""
    headers = {**JSON, **(case.headers or {})}

    answer = service.fetch(case.method, case.path or PATIENT_VIEW, case.body, headers)

    assert case.status == answer.status, answer.body[:500]
    assert case.error == name_of(answer)
    assert service.process.poll() is None
    alive = service.call()
    assert (200, True) == (alive.status, len(alive.json["cards"]) >= 1)


def name_of(answer: Answer) -> str:
    """The error that an answer is: by status, code and the beginning of its text."""
    if answer.status == 200:
        assert ["cards"] == list(answer.json)
        return SILENT
    (issue,) = answer.json["issue"]
    found = [kind.__name__ for kind in kinds() if is_it(kind, answer.status, issue["code"], issue["details"]["text"])]
    return found[0] if len(found) == 1 else f"{found}: {issue}"


BEGINNINGS = {
    "BadEnvelope": "The request's `",
    "WrongHook": "This service answers the hook `",
    "TwitchUnknown": "Whether this chart",
    "TooLarge": "The body is larger",
    "TooManyEntries": "The request holds more",
    "WrongMethod": "This method",
}


def kinds() -> Iterator[type[CallError]]:
    """All errors that a caller can get."""
    found = (one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, CallError))
    yield from (one for one in found if one is not CallError)


def is_it(kind: type[CallError], status: int, code: str, text: str) -> bool:
    """Whether an error reads like this; two codes are possible for what is missing and what is wrong."""
    beginning = BEGINNINGS.get(kind.__name__, kind.text)
    return (
        kind.status == status
        and text.startswith(beginning)
        and code in (getattr(kind, "code", ""), "required", "structure")
    )


def test_a_thousand_odd_services_leave_no_trace(service: Running, tmp_path: Path) -> None:
    """Unknown paths are counted as one, so that nobody fills the metrics."""
    for number in range(50):
        service.fetch("POST", f"/cds-services/x{number}", b"{}")

    assert "x49" not in service.fetch("GET", "/metrics").body.decode()
