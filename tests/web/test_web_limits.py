"""Limits as settings: each refusal with its status, its way out and its number in the metrics."""

import asyncio
from typing import Any

import pytest
from web_fakes import CALL, Client, FakeEngine, Strangers, demo, started

from cds.account import NOBODY, Caller
from cds.errors import TooManyCalls
from cds.settings import load
from cds.web.app import create_app
from cds.web.heads import LIMITED
from cds.web.parts import Parts
from cds.web.rates import Rates

HOSPITAL = Caller(client="hospital")


def spent(rates: Rates, caller: Caller, calls: int) -> int:
    """How many of so many calls are let through."""
    let = 0
    for _ in range(calls):
        try:
            rates.spend(caller)
        except TooManyCalls:
            continue
        let += 1
    return let


def test_a_client_may_spend_two_seconds_of_its_rate_at_once_and_then_its_rate() -> None:
    """What is not spent does not pile up."""
    now = [100.0]
    rates = Rates(10, lambda: now[0])

    burst = spent(rates, HOSPITAL, 100)
    now[0] += 0.5
    after = spent(rates, HOSPITAL, 100)
    now[0] += 3600
    rested = spent(rates, HOSPITAL, 100)

    assert [20, 5, 20] == [burst, after, rested]


def test_each_client_has_its_own_bucket_and_its_own_rate() -> None:
    """One that calls too often takes nothing from others; a tenant is not a client."""
    rates = Rates(10, lambda: 0.0)

    assert 20 == spent(rates, HOSPITAL, 100)
    assert 0 == spent(rates, Caller(client="hospital", tenant="north"), 5)
    assert 6 == spent(rates, Caller(client="clinic", rate_per_second=3), 100)
    assert 2 == spent(rates, Caller(client="slow", rate_per_second=1), 100)
    assert 20 == spent(rates, NOBODY, 100)


def test_too_many_calls_are_429_before_anything_is_read() -> None:
    """Not even the headers are judged; the number is in the metrics."""
    client, engine = started(rate_per_second="1")

    statuses = [client.call(content_type="text/plain").status_code for _ in range(4)]
    refused = client.call()

    assert [415, 415, 429, 429] == statuses
    assert ("1", "throttled") == (refused.headers["retry-after"], refused.json()["issue"][0]["code"])
    assert [] == engine.asked
    assert 'refusals_total{client="demo",reason="rate"} 3.0' in client("GET", "/metrics").text
    assert 'refusals_total{client="demo",reason="media-type"} 2.0' in client("GET", "/metrics").text


class Keeper:
    """Keeps feedback."""

    is_up = True

    async def keep(self, *_: Any) -> None:
        """Do nothing."""


def test_feedback_is_paid_from_the_same_bucket() -> None:
    """Calls and feedback of one client are counted together."""
    engine = FakeEngine()
    parts = Parts(engine=engine, hook_handler=engine, verifier=Strangers(), keeper=Keeper())
    client = Client(create_app(parts, demo(rate_per_second="1")))

    statuses = [
        client.call(b'{"feedback":[]}', path=CALL + path).status_code for path in ("", "/feedback", "/feedback")
    ]

    assert [200, 200, 429] == statuses
    assert 'refusals_total{client="demo",reason="rate"} 1.0' in client("GET", "/metrics").text


def test_in_demo_mode_nobody_is_held_to_a_rate_unless_it_is_set() -> None:
    """There is no client whose calls could be told from another's."""
    assert [100_000, 50, 7] == [
        load(given).rate_per_second
        for given in ({"TWITCH_CDS_DEMO": "true"}, {}, {"TWITCH_CDS_DEMO": "true", "TWITCH_CDS_RATE_PER_SECOND": "7"})
    ]


@pytest.mark.parametrize(
    ("reason", "headers", "body"),
    [
        ("body-bytes", {}, b" " * 2_000),
        ("compressed", {"content_encoding": "gzip"}, b""),
        ("compressed", {"transfer_encoding": "gzip, chunked"}, b""),
        ("media-type", {"content_type": "text/html"}, b""),
    ],
)
def test_each_refusal_has_its_number(reason: str, headers: dict[str, str], body: bytes) -> None:
    """By the name of the limit that was passed."""
    client, _ = started(max_body_bytes="1024")

    assert client.call(body, **headers).status_code in (413, 415)
    assert f'refusals_total{{client="demo",reason="{reason}"}} 1.0' in client("GET", "/metrics").text


def test_the_lifespan_hands_the_counter_to_connections() -> None:
    """What they refuse is counted with the rest."""
    client, _ = started()

    async def run() -> None:
        async with client.app.router.lifespan_context(client.app) as state:
            assert state
            state[LIMITED]("head-time")

    asyncio.run(run())

    assert 'refusals_total{client="",reason="head-time"} 1.0' in client("GET", "/metrics").text
