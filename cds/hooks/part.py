"""One JSON object within the body of feedback, which knows its place: an error names the place."""

from typing import Any

import msgspec
from msgspec import Raw

from cds.errors import BadFeedback, DuplicateName
from cds.hooks.members import LONG, Counting, Name

LONGEST = 255
_TEXT = msgspec.json.Decoder(str | None)
_ARRAY = msgspec.json.Decoder(list[Raw] | None)
_Members = dict[Name, Raw] | None
_OBJECT = msgspec.json.Decoder(_Members, dec_hook=lambda _kind, value: Name(value))
_NULL = Raw(b"null")


class Part:
    """Its members are read by name; an unknown one is ignored, and null counts as absent."""

    def __init__(self, raw: Raw, place: str) -> None:
        """Read an object, and refuse anything else; null is an object without members."""
        is_long = len(memoryview(raw)) >= LONG
        decoder = msgspec.json.Decoder(_Members, dec_hook=Counting()) if is_long else _OBJECT
        pairs = _read(decoder, raw, place, "must be a JSON object") or {}
        self.place = place
        self._members = {str.__str__(name): value for name, value in pairs.items()}
        if len(self._members) != len(pairs):
            raise DuplicateName

    def where(self, field: str) -> str:
        """The place of a member, such as `feedback[3].outcome`."""
        return f"{self.place}.{field}"

    def part(self, field: str) -> "Part":
        """A member that is an object; without members if it is absent."""
        return Part(self._members.get(field, _NULL), self.where(field))

    def parts(self, field: str, most: int) -> list["Part"]:
        """A member that is an array of objects, so many at most; empty if it is absent."""
        place = self.where(field)
        raws = _read(_ARRAY, self._members.get(field, _NULL), place, "must be an array") or []
        if len(raws) > most:
            raise BadFeedback(place, f"holds more than {most} items")
        return [Part(raw, f"{place}[{index}]") for index, raw in enumerate(raws)]

    def required(self, field: str) -> str:
        """A word that must be there."""
        word = self.word(field)
        if not word:
            raise BadFeedback(self.where(field))
        return word

    def word(self, field: str, longest: int = LONGEST) -> str | None:
        """A text of one line, or None if it is absent."""
        word = self.text(field, longest)
        if word is not None and not word.isprintable():
            raise BadFeedback(self.where(field), "holds characters that cannot be printed")
        return word

    def text(self, field: str, longest: int) -> str | None:
        """Any text, or None if it is absent."""
        place = self.where(field)
        text: str | None = _read(_TEXT, self._members.get(field, _NULL), place, "must be a string")
        if text is not None and len(text) > longest:
            raise BadFeedback(place, f"is longer than {longest} characters")
        return text


def _read(decoder: msgspec.json.Decoder[Any], raw: Raw, place: str, problem: str) -> Any:
    try:
        return decoder.decode(raw)
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadFeedback(place, problem) from error
