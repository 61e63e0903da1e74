"""The loop of tests that wait: its time goes on only while nothing happens."""

import asyncio
import threading

import loop_clock
import pytest


def test_waiting_is_skipped_in_its_order_and_length() -> None:
    """An hour is over at once, after half an hour is."""

    async def story() -> list[float]:
        woken = list[float]()

        async def nap(seconds: float) -> None:
            await asyncio.sleep(seconds)
            woken.append(loop_clock.seconds())

        await asyncio.gather(nap(3600), nap(1800))
        return woken

    assert [1800, 3600] == [round(one) for one in loop_clock.run(story())]


def test_a_timeout_ends_what_would_never_end() -> None:
    """After the time that it says, however long."""

    async def story() -> float:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(600):
                await asyncio.Event().wait()
        return loop_clock.seconds()

    assert 600 == round(loop_clock.run(story()))


def test_work_in_a_thread_is_waited_for() -> None:
    """No time passes meanwhile, however slow the machine is: no timeout ends it."""
    turned = threading.Event()

    async def story() -> tuple[str, float]:
        def work() -> str:
            turned.wait(0.2)  # many turns of the loop
            return "done"

        async with asyncio.timeout(1):
            return await asyncio.to_thread(work), loop_clock.seconds()

    assert ("done", 0.0) == loop_clock.run(story())
