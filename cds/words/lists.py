"""The lists of one language as phrases, each with its meaning."""

from collections.abc import Iterable, Iterator

import msgspec
from msgspec.structs import replace

from cds.knowledge.spoken import LanguageWords
from cds.words.patterns import SURE, Phrases, spellings


def compiled(language: str, language_words: LanguageWords) -> Phrases:
    """All phrases of a language; a wrong one raises KnowledgeError."""
    phrases = Phrases(f"words/{language}.toml", language_words.words, language_words.misspelt)
    for meaning, texts in _by_meaning(language_words):
        for text in texts:
            phrases.add(text, meaning)
    phrases.finish()
    return phrases


def check(language: str, language_words: LanguageWords) -> None:
    """Compile all phrases of a language, names of diseases too, and keep none; a wrong one raises KnowledgeError."""
    diseases = language_words.diseases
    names = [*diseases.none, *diseases.to_exclude, *(text for texts in diseases.names.values() for text in texts)]
    compiled(language, replace(language_words, family=[*language_words.family, *names]))


def _by_meaning(language_words: LanguageWords) -> Iterator[tuple[str, Iterable[str]]]:
    """The more telling one first: of two matches as long it is the one that counts."""
    twitch = language_words.twitch
    yield from (("twitch:eyelid", twitch.eyelid), ("twitch:tongue", twitch.tongue), ("twitch:face", twitch.face))
    yield "twitch", twitch.anywhere
    yield "twitch:bare", twitch.bare
    for name, texts in language_words.signs.items():
        yield f"sign:{name}", texts
    yield "family", language_words.family
    yield "look:far", language_words.look_alikes.far
    yield "look:fit", language_words.look_alikes.fit
    yield "look:firm", language_words.look_alikes.firm
    yield "look:loose", language_words.look_alikes.loose
    yield "look:other", language_words.look_alikes.other
    for kind, texts in msgspec.to_builtins(language_words.cues).items():
        yield f"cue:{kind}", texts  # as the file names it


def stems_of_twitches(language_words: LanguageWords) -> frozenset[str]:
    """Parts of words of which every text that mentions a twitch holds at least one: a quick look before it is read."""
    twitch = language_words.twitch
    return _stems_of((*twitch.eyelid, *twitch.tongue, *twitch.face, *twitch.anywhere, *twitch.bare), language_words)


def stems_of_signs(language_words: LanguageWords) -> frozenset[str]:
    """The same for every text that mentions a sign."""
    return _stems_of([text for texts in language_words.signs.values() for text in texts], language_words)


def stems_of_family(language_words: LanguageWords) -> frozenset[str]:
    """The same for every text that names a disease of the list `family`."""
    return _stems_of(language_words.family, language_words)


def stems_of_others(language_words: LanguageWords) -> frozenset[str]:
    """The same for every text that holds such words and means something else."""
    return _stems_of(language_words.look_alikes.other, language_words)


def _stems_of(texts: Iterable[str], language_words: LanguageWords) -> frozenset[str]:
    misspelt = {spelling for word in language_words.misspelt.of for spelling in spellings(word)}
    stems = {stem for text in texts for stem in _rarest(text, language_words, misspelt)}
    return frozenset(stems)


def _rarest(text: str, language_words: LanguageWords, misspelt: set[str]) -> set[str]:
    """The stems of the part of a phrase whose words are the longest: it cannot be missing."""
    parts = [set(_words(part, language_words)) for part in text.replace(" & ", " ").split()]
    part = max(parts, key=lambda words: (min(map(len, words)), -len(words)))
    return {stem for word in part for stem in _begin(word, misspelt)}


def _words(part: str, language_words: LanguageWords) -> Iterator[str]:
    for word in part.split("|"):
        if word.startswith("@"):
            for inner in language_words.words[word[1:]]:
                yield from _words(inner, language_words)
        else:
            yield from spellings(word.rstrip("*"))


def _begin(word: str, misspelt: set[str]) -> Iterator[str]:
    """The word; of one that may be misspelt its first letters, which must be right."""
    yield word[:SURE] if word in misspelt else word
