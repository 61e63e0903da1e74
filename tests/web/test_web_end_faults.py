"""Whatever fails while the service ends, it ends: a kernel that allows no filter, a step that breaks."""

import asyncio
import signal
import socket
from typing import Any, cast

import pytest

from cds.settings import load
from cds.web.listener import begin_no_more, listen, until_empty
from cds.web.process import Server, config_of


class Guarded:
    """A socket whose options this process may not set, as for an unprivileged user in some containers."""

    def setsockopt(self, *_: object) -> None:
        raise PermissionError(1, "Operation not permitted")


async def no_application(scope: Any, receive: Any, send: Any) -> None:
    """Answers nothing."""


def test_a_filter_that_is_not_allowed_stops_no_end() -> None:
    """The end goes on without it; a connection of the last moment may then be reset."""
    begin_no_more(cast("socket.socket", Guarded()))


def test_an_empty_queue_is_waited_for_twice_at_most() -> None:
    """With the filter or without, nobody who is connected is left."""
    with listen("127.0.0.1", 0) as listener:
        begin_no_more(listener)

        assert len(list(until_empty(listener))) <= 3


@pytest.mark.parametrize("step", ["drain", "before_the_end"])
def test_a_step_that_breaks_stops_no_end(step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process would serve for ever as not ready otherwise."""

    def broken(*_: object) -> None:
        raise RuntimeError

    async def asked() -> bool:
        server = Server(config_of(no_application, load({"TWITCH_CDS_DEMO": "true"})), drain_seconds=0)
        monkeypatch.setattr(server, "drain", broken if step == "drain" else lambda: None)
        monkeypatch.setattr(server, "before_the_end", broken)
        server.asked(signal.SIGTERM)
        assert server._ending is not None
        await asyncio.gather(server._ending, return_exceptions=True)
        return server.should_exit

    assert asyncio.run(asked())
