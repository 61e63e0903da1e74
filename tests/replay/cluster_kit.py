"""A Dask cluster of processes on the loopback address, each of which can be killed."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from service.waiting import wait_until

from cds.evaluate.places import at

KEY = "0123456789abcdef" * 4
SCHEDULER = re.compile(r"Scheduler at:\s+(tcp://127\.0\.0\.1:\d+)")
WORKER = re.compile(r"Registered to:")
STORE = re.compile(r"Running on (http://127\.0\.0\.1:\d+)")


class Process:
    """A program that says in its log when it is ready."""

    def __init__(self, folder: Path, name: str, command: list[str], more: Mapping[str, str]) -> None:
        self._log = folder / f"{name}.log"
        clean = {name: value for name, value in os.environ.items() if "TWITCH_CDS" not in name}
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *command], stdout=log, stderr=log, cwd=folder, env={**clean, **more}
            )

    def said(self, words: re.Pattern[str]) -> re.Match[str]:
        """Wait until it has said something, and fail with all it said if it ended instead."""
        wait_until(lambda: self._found(words) is not None or self._process.poll() is not None)
        found = self._found(words)
        assert found is not None, self._log.read_text("utf-8", "replace")
        return found

    def _found(self, words: re.Pattern[str]) -> re.Match[str] | None:
        return words.search(self._log.read_text("utf-8", "replace"))

    def pause(self) -> None:
        """It is there, and does nothing more."""
        self._process.send_signal(signal.SIGSTOP)

    def kill(self) -> None:
        """SIGKILL, and it is gone."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGKILL)
        self._process.wait()


class Dask:
    """A scheduler and its workers."""

    def __init__(self, folder: Path, workers: int, more: Mapping[str, str]) -> None:
        self._folder, self._more, self._count = folder, {"TWITCH_CDS_HASH_KEY": KEY, **more}, 0
        bare = ["--no-dashboard", "--host", "127.0.0.1"]
        self.scheduler = Process(
            folder, "scheduler", ["dask", "scheduler", "--port", "0", "--no-show", *bare], self._more
        )
        self.workers: list[Process] = []
        try:
            self.address = self.scheduler.said(SCHEDULER)[1]
            for worker in [self.begin() for _ in range(workers)]:
                worker.said(WORKER)
        except BaseException:
            self.end()
            raise

    def begin(self) -> Process:
        """One more worker, which is on its way."""
        self._count += 1
        name = f"worker-{self._count}"
        bare = ["--no-dashboard", "--no-nanny", "--host", "127.0.0.1", "--nthreads", "1", "--local-directory", "."]
        self.workers.append(Process(self._folder, name, ["dask", "worker", self.address, *bare], self._more))
        return self.workers[-1]

    def end(self) -> None:
        """No process of it is left."""
        for one in (*self.workers, self.scheduler):
            one.kill()


@contextmanager
def dask(folder: Path, workers: int, **more: str) -> Iterator[Dask]:
    """A cluster; `more` is in the environment of its processes."""
    folder.mkdir()
    made = Dask(folder, workers, {"TWITCH_CDS_DATA_DIR": str(folder), **more})
    try:
        yield made
    finally:
        made.end()


@contextmanager
def s3_store(folder: Path) -> Iterator[dict[str, str]]:
    """An S3-compatible store; what processes need to know of it."""
    store = Process(folder, "store", ["moto.server", "-H", "127.0.0.1", "-p", "0"], {})
    try:
        yield {
            "AWS_ENDPOINT_URL": store.said(STORE)[1],
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
        }
    finally:
        store.kill()


@contextmanager
def s3_export(export: Path, folder: Path, patch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """Such a store that this process knows, with an export at `s3://charts/export`."""
    with s3_store(folder) as store:
        for name, value in store.items():
            patch.setenv(name, value)
        bucket = at("s3://charts")
        bucket.mkdir()
        for path in export.iterdir():
            (bucket / "export" / path.name).write_bytes(path.read_bytes())
        yield store
