"""Which addresses a registered client may name: for its keys https, or plain http on this machine."""

from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

LOCAL = "localhost"


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        return host == LOCAL or ip_address(host).is_loopback
    except ValueError:
        return False


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
    parts = urlsplit(address)
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        return "must be https: whoever can change the answer on the way could sign in as this client"
    return None


def _split(address: str) -> SplitResult | None:
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return None
    return parts
