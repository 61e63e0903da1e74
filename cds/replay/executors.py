"""Who does the tasks: this process, or several. If one ends, only the task in progress is lost."""

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from typing import Protocol

from cds.errors import Unfinished
from cds.replay.worker import Setup, Worker

TRIES = 3  # of a task whose process came to an end
Task = tuple[str, int]


class Executor(Protocol):
    """Does tasks in any order."""

    def each(self, tasks: Iterable[Task]) -> Iterator[int]:
        """What each task says when it is done."""

    def close(self) -> None:
        """Nothing more is to be done."""


class SerialExecutor:
    """This process does all of them."""

    def __init__(self, setup: Setup) -> None:
        self._worker = Worker(setup)

    def each(self, tasks: Iterable[Task]) -> Iterator[int]:
        """One after the other."""
        for name, number in tasks:
            yield self._worker.tasks[name](number)

    def close(self) -> None:
        """Done."""
        self._worker.close()


class ProcessExecutor:
    """So many processes; one that ends on the way is replaced, and its task is done again."""

    def __init__(
        self,
        workers: int,
        do: Callable[[Task], int],
        begin: Callable[..., None],
        arguments: tuple[object, ...],
    ) -> None:
        self._workers, self._do, self._begin, self._arguments = workers, do, begin, arguments
        self._pool = self._made()

    def _made(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(
            self._workers, mp_context=get_context("spawn"), initializer=self._begin, initargs=self._arguments
        )

    def each(self, tasks: Iterable[Task]) -> Iterator[int]:
        """As they are done; raises Unfinished where processes end again and again."""
        tasks_left = list(tasks)
        for _ in range(TRIES):
            waiting, tasks_left = self._handed(tasks_left)
            for future in as_completed(waiting):
                try:
                    yield future.result()
                except BrokenProcessPool:
                    tasks_left.append(waiting[future])
            if not tasks_left:
                return
            self._pool.shutdown()
            self._pool = self._made()
        name, number = tasks_left[0]
        raise Unfinished(f"worker processes ended {TRIES} times, last at {name} {number}: is there enough memory?")

    def _handed(self, tasks: list[Task]) -> tuple[dict[Future[int], Task], list[Task]]:
        """The tasks that were taken, and those that came too late."""
        waiting: dict[Future[int], Task] = {}
        for place, task in enumerate(tasks):
            try:
                waiting[self._pool.submit(self._do, task)] = task
            except BrokenProcessPool:
                return waiting, tasks[place:]
        return waiting, []

    def close(self) -> None:
        """Let them go; what has not begun is not begun."""
        self._pool.shutdown(cancel_futures=True)


_MINE: list[Worker] = []


def begin(setup: Setup) -> None:
    """A new process: ready for tasks, and it ends when its parent does, however that ends."""
    _MINE[:] = [Worker(setup)]
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=follow, args=(parent.join,), daemon=True).start()


def follow(parent_ends: Callable[[], object], end: Callable[[int], object] = os._exit) -> None:
    """End with the parent."""
    parent_ends()
    end(1)


def do(task: Task) -> int:
    """One task, in a process that has begun."""
    name, number = task
    return _MINE[0].tasks[name](number)


def executor_of(setup: Setup, workers: int) -> Executor:
    """This process alone, or so many others."""
    return SerialExecutor(setup) if workers == 1 else ProcessExecutor(workers, do, begin, (setup,))
