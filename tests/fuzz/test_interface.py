"""The description of the interface is true: its paths, ids, statuses and limits, and every answer to what fuzzes it."""

import json
from pathlib import Path
from typing import Any

import pytest
from fuzz_targets import engine
from interface import DESCRIPTION, fuzz
from jsonschema import Draft202012Validator
from service.process import running

from cds import errors
from cds.errors import CallError
from cds.hooks.contexts import SHAPES
from cds.hooks.feedback import LONGEST_COMMENT, MOST_ITEMS, MOST_SUGGESTIONS

DESCRIBED: dict[str, Any] = json.loads(DESCRIPTION.read_text("utf-8"))
SCHEMAS = DESCRIBED["components"]["schemas"]
OPERATIONS = [one for path in DESCRIBED["paths"].values() for one in path.values()]


def test_every_service_is_described_with_its_hook_and_context() -> None:
    """The ids and hooks of discovery, and what each context must hold."""
    offered = {f"/cds-services/{one.id}": one.hook for one in engine().services.values()}
    calls = {path: item["post"] for path, item in DESCRIBED["paths"].items() if path in offered}
    bodies = {
        path: call["requestBody"]["content"]["application/json"]["schema"]["allOf"][1] for path, call in calls.items()
    }

    assert offered == {path: body["properties"]["hook"]["const"] for path, body in bodies.items()}
    for path, body in bodies.items():
        shape, required = SHAPES[offered[path]], body["properties"]["context"]["required"]
        assert [shape.user, shape.encounter, bool(shape.problems)] == [
            name in required for name in ("userId", "encounterId", "conditions")
        ]


def test_nothing_else_is_described() -> None:
    """Discovery, calls, feedback, health, metrics."""
    others = {"/cds-services", "/cds-services/{service}/feedback", "/health/live", "/health/ready", "/metrics"}
    services = {f"/cds-services/{name}" for name in engine().service_ids}

    assert others | services == set(DESCRIBED["paths"])
    (service,) = DESCRIBED["paths"]["/cds-services/{service}/feedback"]["post"]["parameters"]
    assert engine().service_ids == set(service["schema"]["enum"])


def test_every_refusal_is_described() -> None:
    """The statuses of the error tree, and no others."""
    kinds = (one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, CallError))
    statuses = {str(kind.status) for kind in kinds if kind is not CallError}

    assert {f"Error{status}" for status in statuses} == set(DESCRIBED["components"]["responses"])
    assert {"200"} | statuses == {status for one in OPERATIONS for status in one["responses"]}


def test_the_limits_of_feedback_are_those_of_the_code() -> None:
    """Items, suggestions, comments."""
    item = SCHEMAS["FeedbackItem"]
    why = item["allOf"][0]["else"]["properties"]["overrideReason"]["properties"]

    assert (MOST_ITEMS, MOST_SUGGESTIONS, LONGEST_COMMENT) == (
        SCHEMAS["Feedback"]["properties"]["feedback"]["maxItems"],
        item["properties"]["acceptedSuggestions"]["maxItems"],
        why["userComment"]["maxLength"],
    )


def test_answers_are_as_described() -> None:
    """Cards of a chart that twitches, discovery, a refusal."""
    body = (Path(__file__).parent / "corpus/bodies/labs").read_bytes()[1:]
    answers = {
        "Cards": engine().answer("muscle-twitch-patient-view", body).body,
        "Discovery": engine().discovery(),
        "OperationOutcome": engine().answer("muscle-twitch-patient-view", b"").body,
    }

    for name, answer in answers.items():
        schema = {"$ref": f"#/components/schemas/{name}", "components": DESCRIBED["components"]}
        Draft202012Validator(schema).validate(json.loads(answer))


def test_schemathesis_finds_no_answer_that_is_not_described(tmp_path: Path) -> None:
    """All its checks, for a few seconds; `make fuzz` goes on for longer."""
    with running(tmp_path) as service:
        done = fuzz(service, tmp_path, "--max-examples", "5", "--seed", "1")
        alive = service.call()

    assert 0 == done.returncode, done.stdout
    assert "11 selected / 11 total" in done.stdout
    assert 200 == alive.status


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_schema_is_one(name: str) -> None:
    """JSON Schema of the draft that OpenAPI 3.1 uses."""
    Draft202012Validator.check_schema(SCHEMAS[name])
