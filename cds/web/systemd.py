"""Telling systemd how the service is (`Type=notify`, sd_notify(3)): a datagram to the socket that it has named."""

import os
import socket
from collections.abc import Mapping
from contextlib import suppress

READY, STOPPING, ALIVE = "READY=1", "STOPPING=1", "WATCHDOG=1"


class Notifier:
    """Speaks to systemd; where there is none, to nobody."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        name = environment.get("NOTIFY_SOCKET", "")
        self._address = "\0" + name[1:] if name.startswith("@") else name  # the abstract kind
        limit = environment.get("WATCHDOG_USEC", "")
        is_ours = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        self._every = int(limit) / 2e6 if limit.isdigit() and is_ours else None
        self._due = 0.0

    def tell(self, state: str) -> None:
        """Send one line; a systemd that does not listen stops nothing."""
        if self._address:
            with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as wire:
                wire.sendto(state.encode(), self._address)

    def alive(self, now: float) -> None:
        """Say that the process works, twice within the time after which systemd would end it."""
        if self._every is not None and now >= self._due:
            self._due = now + self._every
            self.tell(ALIVE)
