"""The numbers on an address of their own: for Prometheus, whichever worker answers calls."""

import http.client
import json
import logging
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from service.process import running

from cds import cli
from cds.errors import StartError
from cds.settings import load
from cds.web import ended
from cds.web.metrics import text_of_all
from cds.web.metrics_address import serving_metrics

LOOPBACK = ("127.0.0.1", 0)


def ask(address: str, path: str = "/metrics", method: str = "GET") -> tuple[int, bytes]:
    """Status and body of one request."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=600)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


@pytest.fixture
def address_of(caplog: pytest.LogCaptureFixture) -> Iterator[Callable[[], str]]:
    """Where the numbers are served, as the log says it."""
    with caplog.at_level(logging.INFO, "twitch-cds"):
        yield lambda: next(one.__dict__["fields"]["address"] for one in caplog.records if one.msg == "metrics")


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_the_page_is_made_anew_for_each_request(host: str, address_of: Callable[[], str]) -> None:
    """On both kinds of address, under one path, whatever the query."""
    pages = iter([b"one 1\n", b"one 2\n"])
    with serving_metrics((host, 0), lambda: next(pages)):
        answers = [ask(address_of(), path) for path in ("/metrics", "/metrics?x=1", "/", "/cds-services")]

    assert [(200, b"one 1\n"), (200, b"one 2\n")] == answers[:2]
    assert {(404, b"The numbers are at /metrics.\n")} == set(answers[2:])


def test_other_methods_are_refused(address_of: Callable[[], str]) -> None:
    """Nothing can be sent there."""
    with serving_metrics(LOOPBACK, bytes):
        assert 501 == ask(address_of(), method="POST")[0]


def test_a_request_that_fails_is_logged_and_the_next_is_answered(
    address_of: Callable[[], str], caplog: pytest.LogCaptureFixture
) -> None:
    """No traceback on stderr; the numbers do not go away for good."""
    pages: Iterator[bytes] = iter([b"one 1\n"])

    def page() -> bytes:
        if len(failures) == 0:
            failures.append(1)
            raise FileNotFoundError
        return next(pages)

    failures: list[int] = []
    with serving_metrics(LOOPBACK, page):
        with pytest.raises(http.client.RemoteDisconnected):
            ask(address_of())
        assert (200, b"one 1\n") == ask(address_of())

    assert ["metrics request failed"] == [one.msg for one in caplog.records if one.levelno == logging.WARNING]


def test_without_an_address_nothing_is_listened_on(caplog: pytest.LogCaptureFixture) -> None:
    """The service's own address has the numbers then."""
    with caplog.at_level(logging.INFO, "twitch-cds"), serving_metrics(None, bytes):
        assert [] == caplog.records


@pytest.mark.parametrize(
    ("host", "reason"), [("127.0.0.1", "Address already in use"), ("no.invalid", "no such address")]
)
def test_an_address_that_cannot_be_listened_on_stops_the_start(host: str, reason: str) -> None:
    """One sentence, which names the setting."""
    with socket.create_server(LOOPBACK) as taken:
        port = taken.getsockname()[1]
        expected = f"cannot serve /metrics on {host}:{port}: {reason}. Choose another TWITCH_CDS_METRICS_ADDRESS."

        with pytest.raises(StartError, match=expected), serving_metrics((host, port), bytes):
            raise AssertionError


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_taken_address_ends_the_command_before_anything_is_announced(
    workers: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit status 1 and one line; with several workers none is started."""
    with socket.create_server(LOOPBACK) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        values = {"DEMO": "true", "DATA_DIR": str(tmp_path), "METRICS_ADDRESS": address}
        for name, value in values.items():
            monkeypatch.setenv(f"TWITCH_CDS_{name}", value)

        assert 1 == cli.main(["serve", "--port", "0", "--workers", workers])

    told = capsys.readouterr()
    assert "" == told.out
    assert told.err.splitlines()[-1].startswith("twitch-cds: cannot serve /metrics on 127.0.0.1:")


@pytest.mark.parametrize("workers", ["1", "2"])
def test_the_totals_of_all_workers_are_there_and_not_on_the_address_of_clients(workers: str, tmp_path: Path) -> None:
    """Every call is counted, whichever worker answered it; clients find nothing at /metrics."""
    with running(tmp_path, "--workers", workers, metrics_address="127.0.0.1:0") as service:
        statuses = [service.call(b"{}").status for _ in range(8)]
        elsewhere = service.fetch("GET", "/metrics").status
        told = [json.loads(line) for line in service.written().splitlines()]
        address = next(line["address"] for line in told if line["event"] == "metrics")
        status, page = ask(address)

    assert ([400] * 8, 404, 200) == (statuses, elsewhere, status)
    lines = [line for line in page.decode().splitlines() if line.startswith("twitch_cds_calls_total")]
    assert ["0.0", "8.0"] == sorted(line.rpartition(" ")[2] for line in lines)


def test_when_no_worker_lives_the_page_says_only_what_their_parent_counts(tmp_path: Path) -> None:
    """The address answers all the same: that no part is up can be told from it."""
    lines = [line for line in text_of_all(tmp_path).decode().splitlines() if not line.startswith("#")]

    assert [f'twitch_cds_workers_ended_total{{cause="{cause}"}} 0.0' for cause in ended.CAUSES] == lines


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("127.0.0.1:9464", ("127.0.0.1", 9464)),
        ("[::1]:0", ("::1", 0)),
        ("monitoring.example.org:80", ("monitoring.example.org", 80)),
    ],
)
def test_the_setting_is_host_and_port(value: str, expected: tuple[str, int]) -> None:
    """An IPv6 address stands in brackets."""
    assert expected == load({"TWITCH_CDS_METRICS_ADDRESS": value}).metrics_address
