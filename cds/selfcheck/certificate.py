"""The certificate that clients see: a chain they can follow, and days that are left."""

import socket
import ssl
from collections.abc import Iterator
from datetime import datetime
from urllib.parse import urlsplit

from cds.selfcheck.line import Line, failed, passed, skipped
from cds.selfcheck.subject import Subject, words
from cds.urls import is_loopback

FEWEST_DAYS = 14
SECONDS = 5.0
DAY = 86_400


def check_certificate(subject: Subject) -> Iterator[Line]:
    """Chain and expiry; http is right on this machine only."""
    parts = urlsplit(subject.url)
    host = parts.hostname or ""
    if subject.is_tls:
        yield _of(host, parts.port or 443, subject.context, subject.now())
    elif is_loopback(host):
        yield skipped("certificate", "plain http on this machine", "check the public https address too")
    else:
        yield failed("certificate", "the address is plain http", "put a proxy with TLS before it (deploy/nginx.conf)")


def _of(host: str, port: int, context: ssl.SSLContext, now: datetime) -> Line:
    try:
        with (
            socket.create_connection((host, port), SECONDS) as connection,
            context.wrap_socket(connection, server_hostname=host) as secured,
        ):
            return _judged(str(secured.getpeercert()["notAfter"]), secured.version(), now)  # type: ignore[index]
    except ssl.SSLCertVerificationError as problem:
        advice = "send the whole chain, for this name; a private authority is given with --ca FILE"
        return failed("certificate", f"it is not trusted: {problem.verify_message}", advice)
    except OSError as problem:
        return failed(
            "certificate", f"no TLS connection: {words(problem)}", "check name, port and TLS version (1.2 or newer)"
        )


def _judged(ends: str, version: str | None, now: datetime) -> Line:
    days = (ssl.cert_time_to_seconds(ends) - now.timestamp()) / DAY
    why = f"trusted, {days:.0f} days left, {version}"
    return passed("certificate", why) if days >= FEWEST_DAYS else failed("certificate", why, "renew it now")
