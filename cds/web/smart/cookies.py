"""Cookies of the app: sealed by us, each for one path, gone with their time; a long one is cut into several."""

from collections.abc import Mapping
from itertools import takewhile

from fastapi import Response

NAME, KEPT = "ask", "kept"
PIECE = 3500  # browsers keep 4,096 bytes of a cookie, its name and attributes included
MOST_PIECES = 6


class TooLong(ValueError):  # noqa: N818 - says what it is
    """More than browsers are asked to keep."""


class Cookies:
    """Sets and reads cookies for a service under one address."""

    def __init__(self, *, is_secure: bool, name: str = NAME) -> None:
        """Over https cookies may be sent from inside the frame of an EHR; over http (this machine) they may not."""
        self._name = name
        self._attributes = "HttpOnly; Secure; SameSite=None; Partitioned" if is_secure else "HttpOnly; SameSite=Lax"

    def put(self, answer: Response, path: str, text: str, seconds: int) -> None:
        """Have the browser keep a text for a path, in the place of what it keeps there."""
        pieces = [text[start : start + PIECE] for start in range(0, len(text), PIECE)]
        if len(pieces) > MOST_PIECES:
            raise TooLong
        for number in range(MOST_PIECES):
            piece = pieces[number] if number < len(pieces) else ""
            max_age = seconds if piece else 0
            answer.headers.append(
                "set-cookie", f"{self._name}{number}={piece}; Path={path}; Max-Age={max_age}; {self._attributes}"
            )

    def drop(self, answer: Response, path: str) -> None:
        """Have the browser forget what it keeps for a path."""
        self.put(answer, path, "", 0)

    def read(self, cookies: Mapping[str, str]) -> str:
        """What the browser keeps for the path it asks for."""
        return "".join(takewhile(bool, (cookies.get(f"{self._name}{number}", "") for number in range(MOST_PIECES))))
