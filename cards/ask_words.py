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

    def answer(self, item: str, listed: str | None, code: str) -> str:
        """What an answer is called."""
        return self.questions.answer(item, listed, code)


def load_ask_words(
    needed: Mapping[str, tuple[str | None, tuple[str, ...]]], groups: Iterable[str], folder: Path = ENGLISH
) -> AskWords:
    """The words, or a WordingError that names what is missing. `needed`: the list and the answers of each item."""
    words = AskWords(read_form_words(folder), read_words(folder, PAGE_FILE, PageWords))
    _same(FILE, "item", needed, words.questions.item)
    for item, (listed, codes) in needed.items():
        held = words.questions.lists.get(listed, {}) if listed else words.questions.item[item].answers
        _same(FILE, f"{item}.answers", codes, held)
    _same(PAGE_FILE, "group", groups, words.pages.group)
    return words


def _same(file: str, key: str, needed: Iterable[str], held: Iterable[str]) -> None:
    needed, held = set(needed), set(held)
    if missing := needed - held:
        raise WordingError(file, f"{key}.{min(missing)}", "missing")
    if unknown := held - needed:
        raise WordingError(file, f"{key}.{min(unknown)}", "not known to the service")
