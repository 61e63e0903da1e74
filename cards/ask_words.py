"""The words of the app "Ask the patient" and of its questions, loaded from the wording files of one language."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from msgspec import Struct

from cards.errors import WordingError
from cards.form_words import FILE, FormWords, read_form_words, read_words
from cards.words import ENGLISH

PAGE_FILE = "ask.toml"


class PageWords(Struct, frozen=True, forbid_unknown_fields=True):
    """The words around the form, with what became of the answers, what is wrong with one, and why nothing goes on."""

    page: dict[str, str]
    outcome: dict[str, str]
    problem: dict[str, str]
    why: dict[str, str]
    group: dict[str, str]


class AskWords(Struct, frozen=True):
    """All words of the app."""

    questions: FormWords
    pages: PageWords

    def text(self, item: str) -> str:
        """The question of an item."""
        return self.questions.text(item)

    def short(self, item: str) -> str:
        """The item as a line of a list."""
        return self.questions.item[item].short or self.text(item)

    def answer(self, item: str, list_name: str | None, code: str) -> str:
        """What an answer is called."""
        return self.questions.answer(item, list_name, code)


def load_ask_words(
    needed: Mapping[str, tuple[str | None, tuple[str, ...]]], groups: Iterable[str], folder: Path = ENGLISH
) -> AskWords:
    """The words, or a WordingError that names what is missing. `needed`: the list and the answers of each item."""
    words = AskWords(read_form_words(folder), read_words(folder, PAGE_FILE, PageWords))
    _same(FILE, "item", needed, words.questions.item)
    for item, (list_name, codes) in needed.items():
        answers = words.questions.lists.get(list_name, {}) if list_name else words.questions.item[item].answers
        _same(FILE, f"{item}.answers", codes, answers)
    _same(PAGE_FILE, "group", groups, words.pages.group)
    return words


def _same(file: str, key: str, needed: Iterable[str], present: Iterable[str]) -> None:
    needed, present = set(needed), set(present)
    if missing := needed - present:
        raise WordingError(file, f"{key}.{min(missing)}", "missing")
    if unknown := present - needed:
        raise WordingError(file, f"{key}.{min(unknown)}", "not known to the service")
