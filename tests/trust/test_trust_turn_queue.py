"""Signatures are checked one in each turn of the loop, in a fair order, whoever leaves in between."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from cds.trust.turn_queue import TurnQueue


class Hall:
    """A queue, a clock that counts the turns of the loop, and who passed in which."""

    def __init__(self) -> None:
        self.queue = TurnQueue()
        self.passed: list[tuple[str, int]] = []
        self._turns = 0

    async def comes(self, name: str, client: str = "ehr") -> None:
        """Somebody passes as soon as possible."""
        await self.queue.turn(client)
        self.passed.append((name, self._turns))

    def run(self, visit: Coroutine[Any, Any, None]) -> None:
        """Let happen what happens, and count."""

        async def both() -> None:
            counting = asyncio.create_task(self._count())
            await asyncio.wait_for(visit, 600)
            counting.cancel()

        asyncio.run(both())

    @property
    def names(self) -> list[str]:
        """Who passed, in order."""
        return [name for name, _ in self.passed]

    async def _count(self) -> None:
        while True:
            self._turns += 1
            await asyncio.sleep(0)


@pytest.fixture
def hall() -> Hall:
    """An empty one."""
    return Hall()


async def all_of(*visits: Coroutine[Any, Any, None]) -> None:
    """They come at the same time."""
    await asyncio.gather(*visits)


def test_who_comes_alone_does_not_wait(hall: Hall) -> None:
    """Not even for one turn of the loop."""
    visit = hall.queue.turn("ehr")

    async def step() -> None:
        with pytest.raises(StopIteration):
            visit.send(None)

    asyncio.run(step())


def test_one_passes_in_each_turn_in_the_order_of_coming(hall: Hall) -> None:
    """So that whatever else is to be done is done between two."""
    names = [str(number) for number in range(20)]
    hall.run(all_of(*(hall.comes(name) for name in names)))

    assert names == hall.names
    assert len(names) == len({turn for _, turn in hall.passed})


def test_a_crowd_of_one_client_does_not_hold_up_another(hall: Hall) -> None:
    """Clients take turns; each one's own order stays."""
    crowd = [hall.comes(f"crowd {number}", "ehr") for number in range(50)]
    hall.run(all_of(*crowd, *(hall.comes(f"lab {number}", "lab") for number in range(2))))

    assert 52 == len(hall.passed)
    assert ["crowd 0", "crowd 1", "lab 0", "crowd 2", "lab 1", "crowd 3"] == hall.names[:6]


def test_who_leaves_the_queue_holds_up_nobody(hall: Hall) -> None:
    """As when the service ends: some while they wait, one in the very moment in which it is called."""

    async def visit() -> None:
        tasks = [asyncio.create_task(hall.comes(str(number))) for number in range(6)]
        await asyncio.sleep(0)
        tasks[2].cancel()
        tasks[4].cancel()
        asyncio.get_running_loop().call_soon(tasks[1].cancel)  # after the call of its name, before it can hear it
        await asyncio.gather(*tasks, return_exceptions=True)
        await hall.comes("later")

    hall.run(visit())

    assert ["0", "3", "5", "later"] == hall.names


def test_it_is_free_again_after_a_crowd(hall: Hall) -> None:
    """Nobody waits for those who are through."""

    async def visit() -> None:
        await all_of(*(hall.comes(str(number)) for number in range(3)))
        for _ in range(3):
            await asyncio.sleep(0)
        await hall.comes("alone")

    hall.run(visit())

    assert ["0", "1", "2", "alone"] == hall.names
