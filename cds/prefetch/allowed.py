"""Which FHIR servers may be contacted: exact origin, path prefix on whole segments, one way to write either."""

import re
from collections.abc import Iterable
from ipaddress import ip_address
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

from msgspec import Struct

PORTS = {"http": 80, "https": 443}
HIGHEST_PORT = 65_535
_PRINTABLE = re.compile(r"[!-\[\]-~]+")  # ASCII without space and backslash
_AUTHORITY = re.compile(r"(?P<host>\[[0-9a-f:.]+\]|[a-z0-9._-]+?)(?::(?P<port>[0-9]{1,5})?)?", re.IGNORECASE)
_SEGMENT = re.compile(r"(?:[\w.~!$&'()*+,=:@-]|%[0-9a-f]{2})+", re.IGNORECASE | re.ASCII)
_HIDDEN = re.compile(r"[/\\%;?#\x00-\x20\x7f]")


class Base(Struct, frozen=True):
    """The base of a FHIR server, in the one way to write it."""

    scheme: str
    host: str
    port: int
    path: tuple[str, ...]

    @property
    def url(self) -> str:
        """The address, without a slash at its end."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == PORTS[self.scheme] else f":{self.port}"
        return "".join((f"{self.scheme}://{name}{port}", *(f"/{segment}" for segment in self.path)))

    def covers(self, base: "Base") -> bool:
        """Whether the other is this one, or is below it."""
        same = (self.scheme, self.host, self.port) == (base.scheme, base.host, base.port)
        return same and self.path == base.path[: len(self.path)]

    def resolve(self, link: str, page: str) -> str | None:
        """A link found on a page of this server as an address on the same base, or None if it leads elsewhere."""
        try:
            absolute = urljoin(page, link) if _PRINTABLE.fullmatch(link) else ""
        except ValueError:
            return None
        address, _, query = absolute.partition("?")
        target = parse(address)
        if target is None or not self.covers(target) or "#" in query:
            return None
        return absolute


def parse(url: str) -> Base | None:
    """The base that an address names; None for all that could be read in two ways (RFC 3986)."""
    if not _PRINTABLE.fullmatch(url) or "?" in url or "#" in url:
        return None
    try:
        return _base(urlsplit(url))
    except ValueError:
        return None


def _base(parts: SplitResult) -> Base | None:
    authority, path = _AUTHORITY.fullmatch(parts.netloc), _segments(parts.path)
    if parts.scheme not in PORTS or authority is None or path is None:
        return None
    host, port = _host(authority["host"]), int(authority["port"] or PORTS[parts.scheme])
    return Base(parts.scheme, host, port, path) if host and port <= HIGHEST_PORT else None


def _host(name: str) -> str | None:
    """A name in lower case, or an address in its shortest form; a dot at the end would be a second way to write it."""
    if name.startswith("["):
        return ip_address(name[1:-1]).compressed
    return None if name.startswith(".") or name.endswith(".") or ".." in name else name.lower()


def _segments(path: str) -> tuple[str, ...] | None:
    """The segments of a path; None if one is empty, a dot segment, or hides a separator behind an encoding."""
    segments = tuple(path.removesuffix("/").removeprefix("/").split("/")) if path.strip("/") else ()
    if (not segments and path not in ("", "/")) or not all(map(_is_plain, segments)):
        return None
    return segments


def _is_plain(segment: str) -> bool:
    plain = unquote(segment, errors="replace")
    return bool(_SEGMENT.fullmatch(segment)) and plain.strip(".") != "" and not _HIDDEN.search(plain)


class AllowList:
    """The FHIR servers of the setting, narrowed for each client."""

    def __init__(self, addresses: Iterable[str]) -> None:
        """Take the addresses of the setting; raises ValueError with the first that could be read in two ways."""
        self.bases: tuple[Base, ...] = tuple(map(_listed, addresses))

    def find(self, server: str | None, narrowed: Iterable[str] | None) -> tuple[Base, Base] | None:
        """The listed base that allows a server, and the server itself; None if it must not be contacted."""
        requested = parse(server) if server else None
        if requested is None or (narrowed is not None and not _is_covered(requested, narrowed)):
            return None
        return next(((base, requested) for base in self.bases if base.covers(requested)), None)


def _listed(url: str) -> Base:
    base = parse(url)
    if base is None:
        raise ValueError(url)
    return base


def _is_covered(requested: Base, allowed: Iterable[str]) -> bool:
    return any(base.covers(requested) for base in map(parse, allowed) if base is not None)
