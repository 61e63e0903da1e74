"""The connection itself: a request head arrives whole, in time and in bounds, or its connection is closed.

uvicorn bounds neither time nor size of what httptools reads before the application is asked.
Its timers judge by what arrived, not by the clock alone (`cds.web.lag`).
"""

import re
import socket
from asyncio import Transport
from asyncio.events import TimerHandle
from typing import Any, cast

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from cds.errors import CallError, MalformedHttp, SlowHead, TooLargeHead, render
from cds.web.batched_transport import BatchedTransport
from cds.web.lag import GRACE, is_late
from cds.web.outgoing import SECURITY

MOST_HEAD = 64 * 1024
MOST_FRAMING = 4 * 2**20  # bytes of a request that are neither head nor body: chunk sizes, extensions, trailers
HEAD_END = b"\r\n\r\n"
UPGRADE = re.compile(rb"(?<=\r\n)upgrade(?=\s*:)", re.IGNORECASE)
OFFER, IGNORED = b"upgrade", b"x-grade"
LIMITED, LEAVE = "twitch-cds.limited", "twitch-cds.leave"


class Config(uvicorn.Config):
    """uvicorn's configuration, with the patience for heads; `draining` from when the process is asked to end."""

    draining = False

    def __init__(self, app: ASGIApp | str, *, head_seconds: float, **options: Any) -> None:
        super().__init__(app, http=Connection, **options)
        self.head_seconds = head_seconds


class Connection(HttpToolsProtocol):
    """One connection of a client; of what goes wrong before a request is whole, the application never hears."""

    config: Config
    _transport_out: BatchedTransport
    _timer: TimerHandle | None = None
    _in_head = False
    _in_body = False
    _unread = 0
    _reads = 0
    _reads_when_spared: int | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """The first head is awaited from now on."""
        self._transport_out = BatchedTransport(transport, self.loop)
        super().connection_made(cast(Transport, self._transport_out))
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is awaited any more."""
        self._head_is_here()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, within bounds."""
        self._reads += 1
        self._unread += len(data)
        super().data_received(data if self._in_body else _without_upgrade(data))
        if self.transport.is_closing():
            return
        if self._is_idle():
            self._await_head()
            self._check_size(MOST_HEAD)
        else:
            self._check_size(MOST_FRAMING)

    def on_message_begin(self) -> None:
        """A head begins; if its end is not in the same bytes, it is waited for from here on."""
        super().on_message_begin()
        self._in_head = True

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self._head_is_here()
        self._in_body = True
        super().on_headers_complete()
        if self.config.draining:
            self.drain()

    def on_message_complete(self) -> None:
        """What comes now is another request."""
        self._in_body = False
        super().on_message_complete()

    def on_body(self, body: bytes) -> None:
        """A piece of a body: counted by those who read it."""
        self._unread -= len(body)
        super().on_body(body)

    def on_response_complete(self) -> None:
        """The answer goes out; count anew for the next request."""
        self._transport_out.flush()
        self._unread = 0
        super().on_response_complete()

    def drain(self) -> None:
        """Say on the last answer that is owed that the connection ends with it."""
        if self.cycle is not None and not self.cycle.response_started:
            self.cycle.keep_alive = False

    def shutdown(self) -> None:
        """End: after the answer to what is under way, or soon if a first request may still come; else at once."""
        if not self._is_idle():
            super().shutdown()
        elif self._in_head or self.cycle is None or _bytes_wait(self.transport):
            self.loop.call_later(GRACE, self._end_if_idle)
        else:
            self.transport.close()

    def _end_if_idle(self) -> None:
        if self._is_idle() and not self._in_head and not _bytes_wait(self.transport):
            self.transport.close()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - the text is ours
        """What is no HTTP is refused in the same shape as everything else."""
        self._in_head = True
        self._refuse(MalformedHttp())

    def _is_idle(self) -> bool:
        """Whether no request is under way: what comes belongs to a head, or leads up to one."""
        return self._in_head or self.cycle is None or self.cycle.response_complete

    def _await_head(self) -> None:
        if self._timer is None:
            self._timer = self.loop.call_later(self.config.head_seconds, self._lose_patience)

    def timeout_keep_alive_handler(self) -> None:
        """End a connection that is idle; if the next request may have come while the loop was held up, read first."""
        timer, self.timeout_keep_alive_task = self.timeout_keep_alive_task, None
        if timer is not None and self._may_have_come(timer):
            self.timeout_keep_alive_task = self.loop.call_later(GRACE, self.timeout_keep_alive_handler)
        else:
            super().timeout_keep_alive_handler()

    def _head_is_here(self) -> None:
        self._in_head = False
        self._unread = 0
        self._reads_when_spared = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _lose_patience(self) -> None:
        timer, self._timer = self._timer, None
        if not self._is_idle():
            return
        if timer is not None and self._may_have_come(timer) and self._reads_when_spared in (None, self._reads):
            self._reads_when_spared = self._reads  # once; again only if the loop has still not come to read
            self._timer = self.loop.call_later(GRACE, self._lose_patience)
        else:
            self._refuse(SlowHead())

    def _may_have_come(self, timer: TimerHandle) -> bool:
        """Whether bytes wait to be read, or may be about to, because the loop was held up when the timer was due."""
        return is_late(timer.when(), self.loop.time()) or _bytes_wait(self.transport)

    def _check_size(self, most: int) -> None:
        if self._unread > most:
            self._refuse(TooLargeHead())

    def _refuse(self, error: CallError) -> None:
        """Say why, if there is a request that this is the answer to, and hang up."""
        if limited := self.app_state.get(LIMITED):
            limited(error.reason)
        if self._can_answer():
            self.transport.write(_answer(error))
        if self.cycle is not None:
            self.cycle.disconnected = True
        self.transport.close()

    def _can_answer(self) -> bool:
        """A head has begun, or a body is awaited whose request has no answer yet."""
        if self.cycle is None or self.cycle.response_complete:
            return self._in_head
        return self.cycle.more_body and not self.cycle.response_started


def _bytes_wait(transport: Transport) -> bool:
    """Whether the kernel holds bytes of this connection that nobody has read; none if it has ended."""
    wire = transport.get_extra_info("socket")
    try:
        with socket.fromfd(wire.fileno(), wire.family, wire.type) as copy:
            return bool(copy.recv(1, socket.MSG_PEEK))
    except OSError:
        return False


def _without_upgrade(data: bytes) -> bytes:
    """Ignore an offer to change the protocol (RFC 9110, 7.8): Java's client makes one with every request over http.

    httptools would drop the body of such a request.
    """
    end = data.find(HEAD_END)
    head = data if end < 0 else data[:end]
    if OFFER not in head.lower():
        return data
    return UPGRADE.sub(IGNORED, head) + data[len(head) :] if UPGRADE.search(head) else data


def _answer(error: CallError) -> bytes:
    """A whole HTTP answer."""
    body = render(error)
    headers = (
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
        *SECURITY,
    )
    lines = b"".join(name + b": " + value + b"\r\n" for name, value in headers)
    return STATUS_LINE[error.status] + lines + b"\r\n" + body
