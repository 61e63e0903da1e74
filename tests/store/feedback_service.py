"""The real service as processes of its own, to be killed; and clients that go on until all is acknowledged."""

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from service.process import STARVED

PATH = "/cds-services/muscle-twitch-patient-view/feedback"


class Service:
    """`twitch-cds serve` with two workers, in a process group of its own."""

    def __init__(self, log: Path, **settings: str) -> None:
        self._log = log
        clean = {name: value for name, value in os.environ.items() if "TWITCH_CDS" not in name}
        given = {
            f"TWITCH_CDS_{name.upper()}": value
            for name, value in ({"drain_seconds": "0", "worker_timeout_seconds": STARVED} | settings).items()
        }
        self._environment = clean | given
        self._process: subprocess.Popen[str] | None = None
        self.place = ""

    def start(self) -> None:
        """Start it on a free port, and wait until it listens."""
        command = [sys.executable, "-m", "cds", "serve", "--demo", "--workers", "2", "--port", "0"]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=log, text=True, env=self._environment, start_new_session=True
            )
        assert self._process.stdout
        said = self._process.stdout.readline()
        assert said, self._log.read_text()[-2000:]
        self.place = urlsplit(said.split()[3]).netloc

    def kill(self) -> None:
        """kill -9 for all of its processes at once."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.communicate(timeout=600)
            self._process = None


@contextmanager
def service(log: Path, **settings: str) -> Iterator[Service]:
    """A running service; nothing of it is left afterwards."""
    made = Service(log, **settings)
    try:
        made.start()
        yield made
    finally:
        made.kill()


def body(card: str) -> bytes:
    """Two items of feedback of one card in one request."""
    item = {"card": card, "outcome": "overridden", "outcomeTimestamp": "2026-11-22T06:55:49.404Z"}
    later = item | {"outcomeTimestamp": "2026-11-22T06:56:00Z"}
    return json.dumps({"feedback": [item, later]}).encode()


class Crowd:
    """Clients that post one item after the other, each again until it is acknowledged, until they are told to stop."""

    def __init__(self, running: Service, size: int) -> None:
        self._service = running
        self._is_over = threading.Event()
        self._threads = [threading.Thread(target=self._post, args=(name,), daemon=True) for name in range(size)]
        self.acknowledged: list[str] = []
        self.refused: set[int] = set()

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        for thread in self._threads:
            thread.join(30)

    def _post(self, name: int) -> None:
        number = 0
        while not self._is_over.is_set():
            card = f"{name}-{number}"
            try:
                status = post(self._service.place, card)
            except (OSError, http.client.HTTPException):
                self._is_over.wait(0.02)
                continue
            if status == 200:
                self.acknowledged.append(card)
                number += 1
            else:
                self.refused.add(status)
                self._is_over.wait(0.02)


def post(place: str, card: str) -> int:
    """Post feedback over a connection of its own; the status."""
    connection = http.client.HTTPConnection(place, timeout=600)
    try:
        connection.request("POST", PATH, body(card), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()
