"""The error tree: drawn, documented, and one shape for all."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fhir.resources.R4B.operationoutcome import OperationOutcome

from cds import errors
from cds.errors import (
    BadEnvelope,
    BadFeedback,
    CallError,
    CdsError,
    KnowledgeError,
    Overloaded,
    TooDeep,
    TooLarge,
    TooManyEntries,
    TwitchUnknown,
    Unexpected,
    UsageError,
    WrongHook,
    WrongMethod,
    reason_of,
    render,
)

DOCS = Path(__file__).parents[1] / "docs/errors.md"
ISSUE_TYPES = {
    "invalid",
    "structure",
    "required",
    "value",
    "invariant",
    "security",
    "login",
    "unknown",
    "expired",
    "forbidden",
    "suppressed",
    "processing",
    "not-supported",
    "duplicate",
    "multiple-matches",
    "not-found",
    "deleted",
    "too-long",
    "code-invalid",
    "extension",
    "too-costly",
    "business-rule",
    "conflict",
    "transient",
    "lock-error",
    "no-store",
    "exception",
    "timeout",
    "incomplete",
    "throttled",
    "informational",
}
MADE: dict[type[CallError], CallError] = {
    TooDeep: TooDeep(),
    BadEnvelope: BadEnvelope("context.patientId"),
    BadFeedback: BadFeedback("feedback[0].outcome"),
    WrongHook: WrongHook("patient-view"),
    WrongMethod: WrongMethod("GET, HEAD"),
    TwitchUnknown: TwitchUnknown(["conditions", "observations"]),
    TooLarge: TooLarge(1024),
    TooManyEntries: TooManyEntries(20_000),
    Unexpected: Unexpected("abc123"),
}


def below(kind: type[CdsError]) -> Iterator[type[CdsError]]:
    """All classes of the tree that `cds.errors` itself draws."""
    for child in kind.__subclasses__():
        if child.__module__ == errors.__name__:
            yield child
            yield from below(child)


CALL_ERRORS = [kind for kind in below(CdsError) if issubclass(kind, CallError) and kind is not CallError]


def made(kind: type[CdsError]) -> CdsError:
    """One error of each kind, with arguments where it takes some."""
    assert issubclass(kind, CallError)
    return MADE.get(kind) or kind()


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    """Every class is drawn, and nothing else."""
    tree: list[type[CdsError]] = [CdsError, *below(CdsError)]
    names = [kind.__name__ for kind in tree]
    drawn = re.findall(r"^[│├└─ ]*([A-Z][A-Za-z0-9]+)", errors.__doc__ or "", re.MULTILINE)[1:]

    assert names == drawn


@pytest.mark.parametrize("kind", CALL_ERRORS)
def test_every_answer_is_one_valid_operation_outcome(kind: type[CdsError]) -> None:
    """One issue, with a code of FHIR R4 and a text that says what to do next."""
    error = made(kind)

    outcome = json.loads(render(error))

    assert OperationOutcome.model_validate(outcome)
    (issue,) = outcome["issue"]
    assert {"severity", "code", "details"} == set(issue)
    assert issue["code"] in ISSUE_TYPES
    assert 400 <= error.status <= 599
    assert issue["details"]["text"].endswith(".")
    assert len(re.findall(r"\.(?= |$)", issue["details"]["text"])) >= 2


@pytest.mark.parametrize("kind", CALL_ERRORS)
def test_every_answer_is_documented(kind: type[CdsError]) -> None:
    """docs/errors.md names it with its status and its code."""
    error = made(kind)
    row = next(line for line in DOCS.read_text("utf-8").splitlines() if line.startswith(f"| {kind.__name__} |"))

    assert [str(error.status), error.code] == [row.split(" | ")[1], row.split(" | ")[2].split(", ")[0]]


def test_a_wrong_member_is_named_with_its_problem() -> None:
    """Missing and mistyped are told apart by the code."""
    missing, mistyped = BadEnvelope("hook"), BadEnvelope("context", "must be an object")

    assert ("required", "structure") == (missing.code, mistyped.code)
    assert "`hook` is missing" in missing.text
    assert "`context` must be an object" in mistyped.text


def test_an_open_twitch_question_names_what_is_missing() -> None:
    """The 412 lists the prefetch keys."""
    assert "`conditions`, `observations`" in made(TwitchUnknown).text


def test_headers_go_with_their_status() -> None:
    """405 has Allow, 503 has Retry-After, most have none."""
    assert [{"Allow": "GET, HEAD"}, {"Retry-After": "1"}, {}] == [
        dict(error.headers) for error in (made(WrongMethod), Overloaded(), made(TooDeep))
    ]


def test_errors_at_the_start_name_the_place() -> None:
    """File and key."""
    assert "limits.toml: potassium.low: must be a number" == str(
        KnowledgeError("limits.toml", "potassium.low", "must be a number")
    )
    assert "no such file" == UsageError("no such file").text


@pytest.mark.parametrize(
    ("problem", "expected"),
    [
        (PermissionError(13, "Permission denied", "/etc/x"), "Permission denied"),
        (OSError("a text that may quote anything"), "OSError"),
        (ValueError("what the file holds"), "ValueError"),
    ],
)
def test_why_a_file_cannot_be_used_is_told_in_the_words_of_the_system(problem: Exception, expected: str) -> None:
    """Never what else an exception says: it may quote what the file holds."""
    assert expected == reason_of(problem)
