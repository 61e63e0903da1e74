"""Which browser pages may call, and which may not."""

from typing import Any

import pytest
from web_fakes import CALL, Client, FakeEngine, around, started

from cds.settings import load

SANDBOX = "https://sandbox.cds-hooks.org"


def preflight(client: Client, path: str, origin: str, **more: str) -> Any:
    """Ask as a browser asks before a call."""
    headers = {"origin": origin, "access-control-request-method": "POST"} | {
        k.replace("_", "-"): v for k, v in more.items()
    }
    return client("OPTIONS", path, headers=headers)


@pytest.mark.parametrize("path", ["/cds-services", CALL, f"{CALL}/feedback", "/demo/fhir/Patient/1", "/nothing"])
@pytest.mark.parametrize("origin", [SANDBOX, "http://localhost:8080", "http://127.0.0.1:3000", "http://[::1]:1"])
def test_preflights_pass_on_every_path(path: str, origin: str) -> None:
    """The sandbox and this machine may ask anywhere, without a token."""
    client, _ = started()

    answer = preflight(client, path, origin)

    assert 204 == answer.status_code
    assert origin == answer.headers["access-control-allow-origin"]
    assert {"Authorization", "Content-Type"} <= set(answer.headers["access-control-allow-headers"].split(", "))
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert "access-control-max-age" in answer.headers
    assert "access-control-allow-credentials" not in answer.headers
    assert "access-control-allow-private-network" not in answer.headers


def test_private_network_access_is_granted_when_asked_for() -> None:
    """A public page may call a service on this machine."""
    client, _ = started()

    answer = preflight(client, CALL, SANDBOX, access_control_request_private_network="true")

    assert "true" == answer.headers["access-control-allow-private-network"]


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "http://localhost.evil.example", "https://sandbox.cds-hooks.org.evil.example"],
)
def test_strangers_are_granted_nothing(origin: str) -> None:
    """A foreign page's preflight and call carry no grant, and caches are told that it depends."""
    client, _ = started()

    answers = [preflight(client, CALL, origin), client.call(origin=origin)]

    assert [204, 200] == [answer.status_code for answer in answers]
    assert not any(name.startswith("access-control") for answer in answers for name in answer.headers)
    assert all("Origin" in answer.headers["vary"] for answer in answers)


def test_outside_demo_only_listed_origins_are_granted() -> None:
    """Neither the sandbox nor loopback is let in by default; a listed origin is, in any letter case of the setting."""
    settings = load({"TWITCH_CDS_ALLOWED_ORIGINS": "https://EHR.example.org"})
    client = Client(around(FakeEngine(), settings))
    origins = ["https://ehr.example.org", SANDBOX, "http://localhost:8080"]

    granted = ["access-control-allow-origin" in preflight(client, CALL, origin).headers for origin in origins]

    assert [True, False, False] == granted
