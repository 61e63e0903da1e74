"""The listening socket, which all workers share: opened once, and closed without losing anybody.

Closing a listening socket resets the connections that the kernel has made and nobody has accepted. So before the end
no new ones are begun, and those that are queued are accepted.
"""

import os
import socket
import struct
import sys
from array import array
from collections.abc import Iterator
from contextlib import suppress

from cds.errors import StartError

BACKLOG = 2048
IS_LINUX = sys.platform == "linux"
LOOK = 0.02  # seconds between two looks at the queue of connections that nobody has accepted
LOOKS = 500  # in which the queue must have become shorter: else no process accepts any more
SO_ATTACH_FILTER = 26  # asm-generic/socket.h; the module socket has no name for it
QUEUE_IN_TCP_INFO = 24  # tcpi_unacked, which is the length of the queue if the socket listens (linux/tcp.h)
# A classic BPF program (linux/filter.h): load the TCP flags, look at SYN and ACK, drop the packet if SYN stands alone.
DROP_NEW = ((0x30, 0, 0, 13), (0x54, 0, 0, 0x12), (0x15, 0, 1, 0x02), (0x06, 0, 0, 0), (0x06, 0, 0, 0xFFFFFFFF))


def listen(host: str, port: int) -> socket.socket:
    """Open the listening socket, or say why it cannot be opened."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as problem:
        reason = os.strerror(problem.errno) if problem.errno else "no such address"
        way_out = "Choose another port (--port N, or make run PORT=N)."
        raise StartError(f"cannot listen on {host}:{port}: {reason}. {way_out}") from problem
    listener.set_inheritable(True)
    return listener


def address_of(listener: socket.socket) -> str:
    """The URL of a listening socket."""
    host, port, *_ = listener.getsockname()
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def begin_no_more(listener: socket.socket) -> None:
    """Have the kernel begin no new connection; what is under way goes on. New callers are refused after the close.

    Only Linux can do this, and only where the process may set a filter; elsewhere a connection that comes in the last
    moment is reset.
    """
    if IS_LINUX:
        program = array("B", b"".join(struct.pack("HBBI", *step) for step in DROP_NEW))
        address, _ = program.buffer_info()
        with suppress(OSError):
            listener.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HP", len(DROP_NEW), address))


def queued(listener: socket.socket) -> int:
    """How many connections nobody has accepted yet; only Linux tells."""
    if IS_LINUX:
        info = listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, QUEUE_IN_TCP_INFO + 4)
        return int.from_bytes(info[QUEUE_IN_TCP_INFO:], sys.byteorder)
    return 0


def until_empty(listener: socket.socket) -> Iterator[None]:
    """One turn for each look at the queue, until it was found empty twice: between two a handshake can end.

    A process that is overloaded accepts as fast as it answers, so there is no limit while the queue becomes shorter.
    """
    shortest, looks = BACKLOG, 0
    while looks < LOOKS:
        yield
        length = queued(listener)
        if length == shortest == 0:
            return
        looks = 0 if length < shortest else looks + 1
        shortest = min(length, shortest)
