"""A wire to a server that can be cut, frozen and mended, as networks and servers do."""

import selectors
import socket
import threading
from types import TracebackType
from typing import Self

PIECE = 65_536
GRAIN = 0.02


class Wire:
    """Listens on a port of its own, and passes on what comes to the server and back."""

    def __init__(self, host: str, port: int) -> None:
        self._server = (host, port)
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._door.getsockname()[1])
        self._ends: dict[socket.socket, socket.socket] = {}
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._is_over = threading.Event()
        self.is_cut = False
        self.is_frozen = False
        self.takes_new = True
        self.taken = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_over.set()
        self._thread.join(10)
        self._door.close()

    def _run(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._door, selectors.EVENT_READ)
            while not self._is_over.is_set():
                self._step(selector)
            self._hang_up(selector)

    def _step(self, selector: selectors.BaseSelector) -> None:
        if self.is_cut:
            self._hang_up(selector)
        if self.is_frozen:
            self._is_over.wait(GRAIN)
            return
        for key, _ in selector.select(GRAIN):
            if key.fileobj is self._door:
                self._accept(selector)
            elif isinstance(key.fileobj, socket.socket) and key.fileobj in self._ends:
                self._pass_on(selector, key.fileobj)

    def _accept(self, selector: selectors.BaseSelector) -> None:
        if not self.takes_new:  # whoever knocks waits
            self._is_over.wait(GRAIN)
            return
        client, _ = self._door.accept()
        self.taken += 1
        if self.is_cut:
            client.close()
            return
        server = socket.create_connection(self._server)
        for one, other in ((client, server), (server, client)):
            self._ends[one] = other
            selector.register(one, selectors.EVENT_READ)

    def _pass_on(self, selector: selectors.BaseSelector, end: socket.socket) -> None:
        try:
            data = end.recv(PIECE)
            self._ends[end].sendall(data)
        except OSError:
            data = b""
        if not data:
            self._close(selector, end)

    def _close(self, selector: selectors.BaseSelector, end: socket.socket) -> None:
        for one in (end, self._ends[end]):
            selector.unregister(one)
            self._ends.pop(one, None)
            one.close()

    def _hang_up(self, selector: selectors.BaseSelector) -> None:
        while self._ends:
            self._close(selector, next(iter(self._ends)))
