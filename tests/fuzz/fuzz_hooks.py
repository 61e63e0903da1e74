"""What schemathesis loads: charts among the valid bodies, and a count of the answers to each operation."""

import atexit
import json
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import schemathesis
from chart_requests import CALLS, requests
from hypothesis import strategies as some
from interface import COUNTS, described
from jsonschema import Draft202012Validator
from schemathesis import Case, GenerationMode, HookContext, Response
from schemathesis.core.failures import AcceptedNegativeData, Failure

from cds.hooks.feedback import RFC_3339

ONE_LINE = r"^[^\x00-\x1f\x7f]*$"
CHARTS_IN_FOUR = (True, True, True, False)
_seen: Counter[str] = Counter()


@schemathesis.hook
def flatmap_case(_: HookContext, case: Case[Any]) -> some.SearchStrategy[Case[Any]]:
    """Three of four valid calls are about a chart: of the schema alone hardly one has anything to say."""
    valid = case.meta is not None and case.meta.generation.mode is GenerationMode.POSITIVE
    if not (valid and case.operation.path.startswith(CALLS)):
        return some.just(case)
    hook = case.operation.path.removeprefix(CALLS)

    def told(with_chart: bool) -> some.SearchStrategy[Case[Any]]:
        return requests(hook).map(lambda body: _about(case, body)) if with_chart else some.just(case)

    return some.sampled_from(CHARTS_IN_FOUR).flatmap(told)


def _about(case: Case[Any], body: dict[str, Any]) -> Case[Any]:
    case.body = body
    return case


@schemathesis.hook
def filter_failure(_: HookContext, failure: Failure, case: Case[Any], response: Response) -> bool:
    """Feedback that is taken on purpose though it is not as described is no failure: see FeedbackItem."""
    about_feedback = isinstance(failure, AcceptedNegativeData) and case.operation.path.endswith("/feedback")
    return not (about_feedback and _tolerated().is_valid(case.body))


@cache
def _tolerated() -> Draft202012Validator:
    """Feedback with words of all characters but control characters, and times of any offset."""
    components = described()["components"]
    item = components["schemas"]["FeedbackItem"]
    _widen(item)
    item["properties"]["outcomeTimestamp"]["pattern"] = f"^(?:{RFC_3339.pattern})$"
    return Draft202012Validator({"$ref": "#/components/schemas/Feedback", "components": components})


def _widen(schema: Any) -> None:
    if isinstance(schema, dict) and "pattern" in schema:
        schema["pattern"] = ONE_LINE
    for one in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        _widen(one)


@schemathesis.hook
def after_call(_: HookContext, case: Case[Any], response: Response) -> None:
    """Count the answer: by operation, status, and whether it holds a card."""
    asked = case.operation.label if case.method == case.operation.method.upper() else "other methods"
    cards = " with cards" if b'"cards":[{' in response.content else ""
    _seen[f"{asked} {response.status_code}{cards}"] += 1


@atexit.register
def _keep() -> None:
    Path(COUNTS).write_text(json.dumps(dict(sorted(_seen.items()))), "utf-8")
