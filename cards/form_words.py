"""The words of our own Questionnaire (second edition N22), from the wording file of one language."""

import tomllib
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct

from cards.errors import WordingError
from cards.words import ENGLISH

FILE = "questions.toml"
T = TypeVar("T")


class ItemWords(Struct, frozen=True, forbid_unknown_fields=True):
    """The text of one item, its answers by their codes, and how it reads as one line of a list."""

    text: str
    short: str = ""
    answers: dict[str, str] = {}


class FormWords(Struct, frozen=True, forbid_unknown_fields=True):
    """The words of all items, of the lists of answers that several of them share, and of what the record answers."""

    lists: dict[str, dict[str, str]]
    item: dict[str, ItemWords]
    about: dict[str, str] = {}

    def about_patient(self, key: str) -> str:
        """A question about age or sex, which decides what else is asked."""
        if key not in self.about:
            raise WordingError(FILE, f"about.{key}", "missing")
        return self.about[key]

    def text(self, item: str) -> str:
        """What an item asks."""
        return self._of(item).text

    def answer(self, item: str, list_name: str | None, code: str) -> str:
        """What an answer is called: by its list if it has one, else by its item."""
        words = self.lists.get(list_name, {}) if list_name else self._of(item).answers
        if code not in words:
            raise WordingError(FILE, f"{list_name or item}.{code}", "missing")
        return words[code]

    def _of(self, item: str) -> ItemWords:
        if item not in self.item:
            raise WordingError(FILE, f"item.{item}", "missing")
        return self.item[item]


def read_form_words(folder: Path = ENGLISH) -> FormWords:
    """The words of the form in the language of a folder."""
    return read_words(folder, FILE, FormWords)


def read_words(folder: Path, file: str, kind: type[T]) -> T:
    """One wording file, or a WordingError that says what is wrong with it."""
    try:
        return msgspec.convert(tomllib.loads((folder / file).read_text("utf-8")), kind)
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as problem:
        raise WordingError(file, "the file", str(problem)) from problem
