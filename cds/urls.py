"""What a URL leads to: this machine or another, over TLS or not. Read in one place, for settings, clients and pages."""

import re
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

LOCAL = "localhost"
LOOPBACK_ORIGIN = re.compile(r"https?://(localhost|127\.0\.0\.1|\[::1\])(:[0-9]{1,5})?")


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        return host == LOCAL or ip_address(host).is_loopback
    except ValueError:
        return False


def is_local_name(host: str) -> bool:
    """Whether a name stands for this machine by itself (RFC 6761)."""
    return host == LOCAL or host.endswith("." + LOCAL)


def is_private_on_the_way(url: str) -> bool:
    """Whether what goes to an address cannot be read on its way: TLS, or never off this machine."""
    parts = urlsplit(url)
    return parts.scheme == "https" or is_loopback(parts.hostname or "")


def origin_of(address: str) -> str:
    """Scheme, host and port of an address."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}".lower()


def problem_of(address: str) -> str | None:
    """Why an address is none; nothing when it is."""
    parts = _split(address)
    if parts is None or parts.scheme not in {"http", "https"} or not parts.hostname:
        return "is not an absolute address such as https://ehr.example.org/path"
    if "@" in parts.netloc or "#" in address or not address.isprintable() or " " in address:
        return "holds a user name, a fragment or a space"
    return None


def problem_of_keys(address: str) -> str | None:
    """Why keys may not be fetched from an address; nothing when they may."""
    if problem := problem_of(address):
        return problem
    if not is_private_on_the_way(address):
        return "must be https: whoever can change the answer on the way could sign in as this client"
    return None


def _split(address: str) -> SplitResult | None:
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return None
    return parts
