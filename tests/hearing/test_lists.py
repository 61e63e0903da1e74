"""The lists of words: a wrong one is found at start, and no phrase stands there that cannot be heard."""

import msgspec
import pytest
from listening import KNOWLEDGE
from msgspec.structs import replace

from cds.chart.spoken import Listener
from cds.errors import KnowledgeError
from cds.knowledge.spoken import LANGUAGES, LanguageWords

EN = KNOWLEDGE.spoken["en"]


@pytest.mark.parametrize("phrase", ["", "one & & two", "a & b & c & d", "@nothing here"])
@pytest.mark.parametrize("where", ["family", "a name of a disease", "no disease"])
def test_wrong_phrase(phrase: str, where: str) -> None:
    """A phrase without words, of too many parts or with an unknown list is an error at the start that names it."""
    wrong = {
        "family": replace(EN, family=[phrase]),
        "a name of a disease": replace(EN, diseases=replace(EN.diseases, names={"stroke": [phrase]})),
        "no disease": replace(EN, diseases=replace(EN.diseases, none=[phrase])),
    }
    with pytest.raises(KnowledgeError, match=r"words/en\.toml"):
        Listener(replace(KNOWLEDGE, spoken={**KNOWLEDGE.spoken, "en": wrong[where]}))


@pytest.mark.parametrize("language", LANGUAGES)
def test_additional_signs_are_signs(language: str) -> None:
    """The symptoms that only add are among the signs, and every language knows the same signs."""
    spoken = KNOWLEDGE.spoken[language]
    assert set() == set(spoken.additional) - spoken.signs.keys()
    assert EN.signs.keys() == spoken.signs.keys()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_is_once_in_its_list(language: str) -> None:
    """No list names a word twice."""
    for name, words in _lists(KNOWLEDGE.spoken[language]):
        twice = {one for one in words if words.count(one) > 1}
        assert set() == twice, f"{name}: {sorted(twice)}"


def _lists(spoken: LanguageWords) -> list[tuple[str, list[str]]]:
    found: list[tuple[str, list[str]]] = []
    for part, value in msgspec.to_builtins(spoken).items():
        if isinstance(value, dict):
            found += [(f"{part}.{name}", some) for name, some in value.items() if isinstance(some, list)]
        else:
            found.append((part, value))
    return found
