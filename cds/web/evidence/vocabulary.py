"""The page of words: every phrase recognised in texts, by language, and what it means (second edition N14-N19)."""

from collections.abc import Iterator, Mapping

import msgspec
from msgspec import Struct

from cards.heard_words import HeardWords
from cards.template import fill
from cds.knowledge.load import Knowledge
from cds.knowledge.spoken import LanguageWords


class Phrases(Struct, frozen=True):
    """Some phrases, and what each of them gives."""

    gives: str
    phrases: tuple[str, ...]


class Language(Struct, frozen=True, rename="camel"):
    """The words of a language, and whether they are used at this site."""

    key: str
    name: str
    is_on: bool
    lists: tuple[Phrases, ...]


class Vocabulary(Struct, frozen=True, rename="camel"):
    """All words that are heard; `@name` in a phrase stands for a list of words."""

    languages: tuple[Language, ...]
    knowledge: str


def vocabulary(knowledge: Knowledge, meanings: HeardWords) -> Vocabulary:
    """What the shipped lists say, of every language, also of those that are off."""
    return Vocabulary(
        languages=tuple(
            Language(
                name,
                meanings.languages[name],
                name in knowledge.languages,
                tuple(_lists(language, meanings, knowledge.names.spoken)),
            )
            for name, language in knowledge.spoken.items()
        ),
        knowledge=knowledge.version,
    )


def _lists(language: LanguageWords, meanings: HeardWords, signs: Mapping[str, str]) -> Iterator[Phrases]:
    lists = meanings.lists
    for place, texts in msgspec.to_builtins(language.twitch).items():
        yield Phrases(meanings.places[place], tuple(texts))
    for sign, texts in language.signs.items():
        gives = lists.symptom if sign in language.additional else lists.sign
        yield Phrases(fill(gives, {"sign": signs[sign]}), tuple(texts))
    yield Phrases(lists.family, tuple(language.family))
    for name, texts in language.diseases.names.items():
        yield Phrases(fill(lists.disease, {"name": name}), tuple(texts))
    for kind, gives in meanings.diseases.items():
        yield Phrases(gives, tuple(language.diseases.beside[kind]))
    for kind, texts in msgspec.to_builtins(language.look_alikes).items():
        yield Phrases(meanings.looks[kind], tuple(texts))
    for kind, texts in msgspec.to_builtins(language.cues).items():
        yield Phrases(fill(lists.cue, {"text": meanings.cues[meanings.cue(kind)], "kind": kind}), tuple(texts))
    for name, gives in meanings.headings.items():
        yield Phrases(gives, tuple(language.headings.lists[name]))
    for name, texts in language.words.items():
        yield Phrases(fill(lists.words, {"name": name}), tuple(texts))
