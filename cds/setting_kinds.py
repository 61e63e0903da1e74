"""How the value of one setting is read: each kind raises a ValueError that says what it must be, never the value."""

import re
from collections.abc import Callable
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

SHORTEST_KEY = 32
MOST_PORT = 65_535


def text(value: str) -> str:
    """Any text."""
    return value


def boolean(value: str) -> bool:
    """A yes or a no, in the words that are usual."""
    words = {"1": True, "true": True, "on": True, "yes": True, "0": False, "false": False, "off": False, "no": False}
    if value.lower() not in words:
        raise ValueError("must be true or false")
    return words[value.lower()]


def whole(least: int, most: int) -> Callable[[str], int]:
    """A whole number within bounds."""

    def parse(value: str) -> int:
        if not re.fullmatch(r"[0-9]{1,12}", value) or not least <= int(value) <= most:
            raise ValueError(f"must be a whole number from {least} to {most}")
        return int(value)

    return parse


def one_of(*words: str) -> Callable[[str], str]:
    """One of a few words."""

    def parse(value: str) -> str:
        if value.lower() not in words:
            raise ValueError(f"must be one of {', '.join(words)}")
        return value.lower()

    return parse


def zone(value: str) -> str:
    """The name of a time zone."""
    try:
        ZoneInfo(value)
    except (ValueError, KeyError, OSError) as problem:
        raise ValueError("must be a time zone of the IANA database, such as Europe/Berlin") from problem
    return value


def base_url(value: str) -> str:
    """An address without query."""
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment or "@" in value:
        raise ValueError("must be an absolute http or https address without query, such as https://cds.example.org")
    return value.rstrip("/")


def origin(value: str) -> str:
    """One origin of a browser."""
    if not re.fullmatch(r"https?://(\[[0-9a-f:]+\]|[a-z0-9.-]+)(:[0-9]{1,5})?", value):
        raise ValueError(
            "must be origins (scheme, host, port; no path) separated by commas, such as https://ehr.example.org"
        )
    return value


def languages(value: str) -> tuple[str, ...]:
    """Languages whose words are known."""
    names = tuple(name.strip().lower() for name in value.split(",") if name.strip())
    if not names or not set(names) <= {"en", "de", "es", "fr"}:
        raise ValueError("must be languages from en, de, es, fr, separated by commas")
    return names


def origins(value: str) -> tuple[str, ...]:
    """Origins with commas between."""
    return tuple(origin(part.strip().lower()) for part in value.split(",") if part.strip())


def base_urls(value: str) -> tuple[str, ...]:
    """Addresses with commas between."""
    return tuple(base_url(part.strip()) for part in value.split(",") if part.strip())


def database_url(value: str) -> str:
    """The address of a database."""
    if not re.match(r"(sqlite|postgresql)(\+[a-z0-9]+)?://", value):
        raise ValueError("must be a sqlite:// or postgresql:// address")
    return value


def weakness_of(key: str) -> str | None:
    """Why a secret is easily guessed; nothing when it is not: by its length, or as one character repeated."""
    if len(key.encode()) < SHORTEST_KEY:
        return f"must have at least {SHORTEST_KEY} bytes"
    return "must not be one character repeated: `openssl rand -hex 32` makes a good one" if len(set(key)) == 1 else None


def key(value: str) -> str:
    """A secret that cannot be guessed."""
    if weakness := weakness_of(value):
        raise ValueError(weakness)
    return value


def address(value: str) -> tuple[str, int]:
    """Host and port, an IPv6 address in brackets."""
    match = re.fullmatch(r"(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]+)):([0-9]{1,5})", value)
    if match is None or int(match[3]) > MOST_PORT:
        raise ValueError("must be host:port, such as 127.0.0.1:9464 or [::1]:9464")
    return match[1] or match[2], int(match[3])
