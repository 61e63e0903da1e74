"""The description of the interface is true: its paths, ids, statuses and limits, and every answer to what fuzzes it."""

import json
from pathlib import Path
from typing import Any

import pytest
from fuzz_targets import engine
from interface import DESCRIPTION, answers, fuzz
from jsonschema import Draft202012Validator
from nodes import node_at
from service.process import running

from cds import errors
from cds.errors import CallError
from cds.hooks import feedback
from cds.hooks.contexts import SHAPES
from cds.hooks.feedback import LONGEST_COMMENT, MOST_ITEMS, MOST_SUGGESTIONS

DESCRIBED: dict[str, Any] = json.loads(DESCRIPTION.read_text("utf-8"))
SCHEMAS = DESCRIBED["components"]["schemas"]
BODY = "$response.body#/"
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
    """Discovery, calls, feedback, the Questionnaire, health, metrics."""
    others = {"/cds-services", "/cds-services/{service}/feedback", "/health/live", "/health/ready", "/metrics"}
    others |= {"/Questionnaire/muscle-twitching", "/CodeSystem/muscle-twitching"}
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
    outcomes = SCHEMAS["FeedbackItem"]["allOf"][0]
    why = outcomes["else"]["properties"]["overrideReason"]["properties"]

    assert (MOST_ITEMS, MOST_SUGGESTIONS, LONGEST_COMMENT) == (
        SCHEMAS["Feedback"]["properties"]["feedback"]["maxItems"],
        outcomes["then"]["properties"]["acceptedSuggestions"]["maxItems"],
        why["userComment"]["maxLength"],
    )


OTHERS = ({"outcome": "overridden", "acceptedSuggestions": {}}, {"outcome": "accepted", "overrideReason": []})


@pytest.mark.parametrize("members", OTHERS, ids=str)
def test_what_belongs_to_the_other_outcome_may_be_anything(members: dict[str, Any]) -> None:
    """By the description as by the code: clients send it filled with whatever their forms left there."""
    item = {"card": "c", "outcomeTimestamp": "2026-11-23T12:00:00Z", "acceptedSuggestions": [{"id": "s"}], **members}
    body = {"feedback": [item]}

    validator("Feedback").validate(body)
    assert [members["outcome"]] == [one.outcome for one in feedback.read(json.dumps(body).encode())]


def validator(name: str) -> Draft202012Validator:
    """What the description says of a schema."""
    return Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": DESCRIBED["components"]})


def test_answers_are_as_described() -> None:
    """Cards of a chart that twitches, discovery, a refusal."""
    body = (Path(__file__).parent / "corpus/bodies/labs").read_bytes()[1:]
    answers = {
        "Cards": engine().answer("muscle-twitch-patient-view", body).body,
        "Discovery": engine().discovery(),
        "OperationOutcome": engine().answer("muscle-twitch-patient-view", b"").body,
    }

    for name, answer in answers.items():
        validator(name).validate(json.loads(answer))


@pytest.mark.parametrize("service", sorted(engine().service_ids))
def test_links_lead_from_a_card_to_feedback_that_is_read(service: str) -> None:
    """Dismissed or accepted: with the ids of a card filled in, the body of each link is feedback."""
    links = DESCRIBED["paths"][f"/cds-services/{service}"]["post"]["responses"]["200"]["links"]
    card = {"uuid": "5d5d81a2", "suggestions": [{"uuid": "a4f8d1c2"}]}
    bodies = {name: filled(link["requestBody"], {"cards": [card]}) for name, link in links.items()}

    assert [{"service": service}] * 2 == [link["parameters"] for link in links.values()]
    assert {"feedback"} == {link["operationId"] for link in links.values()}
    assert [("5d5d81a2", name, ("a4f8d1c2",) if name == "accepted" else ()) for name in bodies] == [
        (item.card, item.outcome, item.suggestions)
        for body in bodies.values()
        for item in feedback.read(json.dumps(body).encode())
    ]


def filled(value: Any, answer: Any) -> Any:
    """The body of a link with its runtime expressions (OpenAPI 3.1, 4.8.20.4) replaced by what the answer holds."""
    if isinstance(value, dict):
        return {key: filled(one, answer) for key, one in value.items()}
    if isinstance(value, list):
        return [filled(one, answer) for one in value]
    if not value.startswith(BODY):
        return value
    way = value.removeprefix(BODY).split("/")
    return node_at(answer, tuple(int(key) if key.isdecimal() else key for key in way))


def test_schemathesis_finds_no_answer_that_is_not_described(tmp_path: Path) -> None:
    """All its checks, of every operation and along every link, for a few seconds; `make fuzz` goes on for longer."""
    with running(tmp_path) as service:
        done = fuzz(service, tmp_path, "--max-examples", "5", "--seed", "1")
        alive = service.call()

    assert 0 == done.returncode, done.stdout
    assert "15 selected / 15 total" in done.stdout
    assert "16 selected / 16 total" in done.stdout
    assert any(one.endswith("200 with cards") for one in answers(tmp_path))
    assert 200 == alive.status


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_schema_is_one(name: str) -> None:
    """JSON Schema of the draft that OpenAPI 3.1 uses."""
    Draft202012Validator.check_schema(SCHEMAS[name])
