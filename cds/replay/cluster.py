"""The tasks of a replay on a Dask cluster that is there already.

Dask hands them out, and hands them out again where a worker is lost.
"""

import logging
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import ExitStack

from distributed import CancelledError, Client, Future, KilledWorker, as_completed, get_worker
from msgspec import DecodeError

from cds.errors import Unfinished, UsageError
from cds.evaluate.places import is_url
from cds.replay import keep
from cds.replay.alike import ALIKE, ensure_alike
from cds.replay.executors import Task
from cds.replay.worker import Setup, Worker
from cds.settings import environment, load
from cds.store.keys import has_key

CONNECTING = "30s"  # until an address is given up
DASKS_OWN = ("distributed", "distributed.client")
_MINE: dict[Setup, Worker] = {}
_ONE = threading.Lock()  # an engine does one call after the other, however many threads a worker has


class Cluster:
    """The workers of a Dask scheduler. What they do leaves files, so that only its size comes back."""

    def __init__(self, address: str, setup: Setup) -> None:
        """Raises UsageError if no scheduler answers there."""
        self._setup, self._address = setup, address
        for name in DASKS_OWN:  # what goes wrong is told once, in one line
            logging.getLogger(name).setLevel(logging.CRITICAL)
        try:
            self._client = Client(address, timeout=CONNECTING, set_as_default=False, name="twitch-cds")  # type: ignore[no-untyped-call]
        except (OSError, ValueError) as problem:
            raise UsageError(f"--scheduler {address}: no Dask scheduler answers there") from problem

    def each(self, tasks: Iterable[Task]) -> Iterator[int]:
        """As they are done; raises Unfinished where workers end again and again, or the scheduler does."""
        if not self._client.scheduler_info()["workers"]:
            sys.stderr.write(f"twitch-cds: waiting for a worker of {self._address}\n")
        waiting = self.handed_out(tasks)
        for future in as_completed(list(waiting), loop=self._client.loop):  # type: ignore[no-untyped-call]
            yield self._result(future, waiting.pop(future))

    def handed_out(self, tasks: Iterable[Task]) -> dict["Future[int]", Task]:
        """What the scheduler has of them."""
        return {self._client.submit(do, self._setup, task, pure=False): task for task in tasks}

    def _result(self, future: "Future[int]", task: Task) -> int:
        name, number = task
        try:
            size = future.result()
        except KilledWorker as problem:
            raise Unfinished(
                f"workers of {self._address} ended repeatedly, last at {name} {number}: is there enough memory?"
            ) from problem
        except CancelledError as problem:
            raise Unfinished(
                f"the scheduler {self._address} ended. Run the same command again, with another scheduler if "
                "necessary: it continues from here"
            ) from problem
        except (ImportError, RuntimeError) as problem:
            raise UsageError(
                f"--scheduler {self._address}: its scheduler and workers need this version of twitch-cds[cluster]"
            ) from problem
        future.release()  # type: ignore[no-untyped-call]
        return size

    def close(self) -> None:
        """Let go of the cluster; it stays."""
        self._client.close()  # type: ignore[no-untyped-call]


def do(setup: Setup, task: Task) -> int:
    """One task, in a process of the cluster."""
    name, number = task
    with _ONE:
        if setup not in _MINE:
            worker = worker_like_the_leader(setup, get_worker().address)
            while _MINE:
                _MINE.popitem()[1].close()
            _MINE[setup] = worker
        return _MINE[setup].tasks[name](number)


def worker_like_the_leader(setup: Setup, who: str) -> Worker:
    """Raises UsageError if this process does not see the same files, or would answer otherwise."""
    try:
        leader = keep.read(setup.work / ALIKE, dict[str, str])
    except (FileNotFoundError, DecodeError) as problem:
        hint = "" if is_url(str(setup.work)) else ". It needs a file system that all machines share, or --work URL"
        raise UsageError(f"the worker {who} does not see {setup.work}{hint}") from problem
    if not has_key(load(environment())):
        raise UsageError(f"the worker {who} has no hash key: give each machine the same TWITCH_CDS_HASH_KEY")
    worker = Worker(setup)
    with ExitStack() as otherwise:
        otherwise.callback(worker.close)
        ensure_alike(leader, worker.likeness, who)
        otherwise.pop_all()
    return worker
