"""One write for one answer."""

import asyncio
from asyncio import Transport
from collections.abc import Iterable
from typing import Any, cast

from cds.web.batched_transport import BatchedTransport


class Told:
    """A transport that remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[Any] = []

    def writelines(self, pieces: Iterable[bytes]) -> None:
        self.told.append(list(pieces))

    def close(self) -> None:
        self.told.append("closed")

    def is_closing(self) -> bool:
        return "closed" in self.told


def events(*then: str) -> tuple[list[Any], bool]:
    """Write a head and a body, then do something; what the transport was told, and whether it says that it closes."""
    told = Told()

    async def run() -> bool:
        one = BatchedTransport(cast(Transport, told), asyncio.get_running_loop())
        one.write(b"head")
        one.write(b"body")
        for name in then:
            getattr(one, name)()
        before = one.is_closing()
        told.told.append("turn")
        await asyncio.sleep(0)
        return bool(before)

    return told.told, asyncio.run(run())


def test_what_is_written_in_one_turn_goes_out_as_one_at_its_end() -> None:
    """A stream whose head waits for its first piece is not held up for longer."""
    assert (["turn", [b"head", b"body"]], False) == events()


def test_an_answer_that_is_whole_goes_out_at_once() -> None:
    """Nothing is left for the end of the turn."""
    assert ([[b"head", b"body"], "turn"], False) == events("flush")


def test_a_connection_is_closed_after_all_is_written() -> None:
    """What the transport says of itself is passed on."""
    assert ([[b"head", b"body"], "closed", "turn"], True) == events("close")
