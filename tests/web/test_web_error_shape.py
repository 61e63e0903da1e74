"""Every answer of the product that is not 2xx has one shape."""

import json

import pytest
from fhir.resources.R4B.operationoutcome import OperationOutcome
from web_fakes import SERVICE, Client, FakeEngine, around, demo, started

from cds.settings import Settings, load

PATHS = (
    "/",
    "/nothing",
    "/cds-services",
    "/cds-services/",
    f"/cds-services/{SERVICE}",
    f"/cds-services/{SERVICE}/",
    f"/cds-services/{SERVICE}/feedback",
    "/cds-services/%00",
    "/cds-services/..%2f..",
    "/demo/fhir",
    "/demo/fhir/",
    "/demo/fhir/Nothing",
    "/demo/fhir/Patient/nobody",
    "/evidence",
    "/evidence/nothing",
    "/health/live",
    "/health/other",
    "/metrics",
    "/docs",
    "/openapi.json",
)
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW")


def shape_of(body: bytes) -> list[str]:
    """The members of the one issue of an OperationOutcome."""
    outcome = json.loads(body)
    assert OperationOutcome.model_validate(outcome)
    (issue,) = outcome["issue"]
    return [name for name in ("severity", "code", "details") if name in issue]


@pytest.mark.parametrize("settings", [demo(), load({})], ids=["demo", "closed"])
@pytest.mark.parametrize("method", METHODS)
def test_whatever_is_asked_a_refusal_is_one_operation_outcome(method: str, settings: Settings) -> None:
    """Any method on any path: below 500, and an OperationOutcome unless it worked."""
    client = Client(around(FakeEngine(), settings))
    for path in PATHS:
        answer = client(method, path)
        assert answer.status_code < 500, (method, path)
        if answer.status_code >= 300 and method != "HEAD":
            assert ["severity", "code", "details"] == shape_of(answer.content), (method, path)
            assert answer.headers["content-type"].startswith("application/"), (method, path)
        assert "nosniff" == answer.headers["x-content-type-options"], (method, path)


def test_nothing_redirects() -> None:
    """A redirect would be built from the Host header, which anybody can choose."""
    client, _ = started()

    assert [] == [path for path in PATHS if 300 <= client("GET", path).status_code < 400]
