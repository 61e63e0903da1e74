"""`twitch-cds serve` as a process of its own: real connections, real signals."""

import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from service.process import STARVED

CALL = "/cds-services/muscle-twitch-patient-view"
REQUEST = Path(__file__).parents[2] / "fhir_fixtures/requests/patient-view.json"


def fetch(address: str, method: str, path: str, body: bytes | None = None) -> tuple[int, Any]:
    """Make one request over a real connection."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=600)
    try:
        connection.request(method, path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


@contextmanager
def running(*options: str, **settings: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The service as a process of its own, on a free port."""
    command = [sys.executable, "-W", "error", "-m", "cds", "serve", "--port", "0", *options]
    clean = {name: value for name, value in os.environ.items() if "TWITCH_CDS" not in name}
    environment = {**clean, **{f"TWITCH_CDS_{name.upper()}": value for name, value in settings.items()}}
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={
                "TWITCH_CDS_DATA_DIR": folder,
                "TWITCH_CDS_DRAIN_SECONDS": "0",
                "TWITCH_CDS_WORKER_TIMEOUT_SECONDS": STARVED,
                **environment,
            },
        ) as process,
    ):
        try:
            assert process.stdout
            yield process.stdout.readline().split()[3], process
        finally:
            process.terminate()
            process.wait(600)


def test_the_real_service_answers_a_real_call() -> None:
    """Health, discovery and a hook call on a chart that twitches, then a quiet end."""
    with running("--demo") as (address, process):
        ready, _ = fetch(address, "GET", "/health/ready")
        _, found = fetch(address, "GET", "/cds-services")
        status, answer = fetch(address, "POST", CALL, REQUEST.read_bytes())
        process.terminate()
        _, log = process.communicate(timeout=600)

    assert (200, 200) == (ready, status)
    assert "muscle-twitch-patient-view" in [service["id"] for service in found["services"]]
    assert answer["cards"]
    assert 0 == process.returncode
    assert ["request"] * 2 == [json.loads(line)["event"] for line in log.splitlines()]


def test_two_workers_answer_and_count_together() -> None:
    """Each worker is built from the environment; their numbers add up."""
    with running("--demo", "--workers", "2") as (address, _):
        statuses = [fetch(address, "POST", CALL, b"{}")[0] for _ in range(8)]
        connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=600)
        connection.request("GET", "/metrics")
        numbers = connection.getresponse().read().decode()
        connection.close()

    assert [400] * 8 == statuses
    lines = [line for line in numbers.splitlines() if line.startswith("twitch_cds_calls_total")]
    assert ["0.0", "8.0"] == sorted(line.rpartition(" ")[2] for line in lines)
    up = [line for line in numbers.splitlines() if line.startswith("twitch_cds_up{")]
    assert [f'twitch_cds_up{{part="{part}"}} 1.0' for part in ("audit", "store", "trust")] == sorted(up)


def test_limits_hold_on_a_real_connection() -> None:
    """A body too large is 413 however it is announced, a body that stalls is 408, and the service goes on."""
    with running("--demo", max_body_bytes="1024", body_timeout_ms="200") as (address, _):
        whole = fetch(address, "POST", CALL, b" " * 3_000_000)[0]
        pieces = raw(address, "Transfer-Encoding: chunked", b"800\r\n" + b" " * 2048 + b"\r\n0\r\n\r\n")
        stalled = raw(address, "Content-Length: 10", b"{")
        garbage = raw(address, "Content-Length: ten", b"")
        alive = fetch(address, "GET", "/health/live")[0]

    assert (413, 200) == (whole, alive)
    assert [b"HTTP/1.1 413", b"HTTP/1.1 408", b"HTTP/1.1 400"] == [answer[:12] for answer in (pieces, stalled, garbage)]
    assert b"connection: close" in stalled.lower()


def raw(address: str, header: str, body: bytes) -> bytes:
    """Send what no client library would, and read the answer's beginning."""
    place = urlsplit(address)
    with socket.create_connection((place.hostname or "", place.port or 0), timeout=600) as connection:
        connection.sendall(
            f"POST {CALL} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{header}\r\n\r\n".encode() + body
        )
        return connection.recv(4096)
