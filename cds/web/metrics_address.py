"""`/metrics` on an address of its own: the totals of all workers of this machine, whichever answers, and if none does.

A proxy would ask one replica at random, and numbers are nobody's business on the way that calls take.
"""

import logging
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from threading import Thread
from typing import Any

from cds.errors import StartError

PATH = "/metrics"
CONTENT_TYPE = "text/plain; version=1.0.0"
PATIENCE = 10.0  # seconds for a request to arrive and its answer to leave
log = logging.getLogger("twitch-cds")


class _Server(ThreadingTCPServer):
    """Answers each request in a thread of its own. The HTTPServer of the library would first ask DNS for its name."""

    daemon_threads = allow_reuse_address = True

    def __init__(self, address: tuple[str, int], page: Callable[[], bytes]) -> None:
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self.page = page
        super().__init__(address, _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - the library's signature
        """One line in the log; the next request is answered as if nothing had been."""
        log.warning("metrics request failed", exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    """Knows one path and one method."""

    server: _Server
    server_version, sys_version, timeout = "twitch-cds", "", PATIENCE

    def do_GET(self) -> None:
        """Send the page."""
        is_found = self.path.partition("?")[0] == PATH
        body = self.server.page() if is_found else b"The numbers are at /metrics.\n"
        self.send_response(200 if is_found else 404)
        self.send_header("Content-Type", CONTENT_TYPE if is_found else "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Prometheus asks every few seconds: no lines for that."""


@contextmanager
def serving_metrics(address: tuple[str, int] | None, page: Callable[[], bytes]) -> Iterator[None]:
    """Answer there, from a thread of this process, as long as the block runs; with no address do nothing."""
    if address is None:
        yield
        return
    with _open(address, page) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
        host, port = server.server_address[:2]
        log.info("metrics", extra={"fields": {"address": f"http://{_in_url(str(host))}:{port}{PATH}"}})
        try:
            yield
        finally:
            server.shutdown()


def _open(address: tuple[str, int], page: Callable[[], bytes]) -> _Server:
    try:
        return _Server(address, page)
    except OSError as problem:
        where = f"{_in_url(address[0])}:{address[1]}"
        reason = os.strerror(problem.errno) if problem.errno and problem.errno > 0 else "no such address"
        text = f"cannot serve /metrics on {where}: {reason}. Choose another TWITCH_CDS_METRICS_ADDRESS."
        raise StartError(text) from problem


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host
