"""The lists of one language as phrases, each with its meaning."""

from collections.abc import Iterable, Iterator

import msgspec

from cds.knowledge.spoken import Spoken
from cds.words.patterns import SURE, Phrases, spellings


def compiled(language: str, spoken: Spoken) -> Phrases:
    """All phrases of a language; a wrong one raises KnowledgeError."""
    phrases = Phrases(f"words/{language}.toml", spoken.words, spoken.misspelt)
    for meaning, texts in _by_meaning(spoken):
        for text in texts:
            phrases.add(text, meaning)
    return phrases


def _by_meaning(spoken: Spoken) -> Iterator[tuple[str, Iterable[str]]]:
    """The more telling one first: of two matches as long it is the one that counts."""
    twitch = spoken.twitch
    yield from (("twitch:eyelid", twitch.eyelid), ("twitch:tongue", twitch.tongue), ("twitch:face", twitch.face))
    yield "twitch", twitch.anywhere
    yield "twitch:bare", twitch.bare
    for name, texts in spoken.signs.items():
        yield f"sign:{name}", texts
    yield "family", spoken.family
    yield "look:far", spoken.look_alikes.far
    yield "look:firm", spoken.look_alikes.firm
    yield "look:loose", spoken.look_alikes.loose
    yield "look:other", spoken.look_alikes.other
    for kind, texts in msgspec.to_builtins(spoken.cues).items():
        yield f"cue:{kind}", texts  # as the file names it


def stems_of_twitches(spoken: Spoken) -> frozenset[str]:
    """Parts of words of which every text that mentions a twitch holds at least one: a quick look before it is read."""
    twitch = spoken.twitch
    return _stems_of((*twitch.eyelid, *twitch.tongue, *twitch.face, *twitch.anywhere, *twitch.bare), spoken)


def stems_of_signs(spoken: Spoken) -> frozenset[str]:
    """The same for every text that mentions a sign."""
    return _stems_of([text for texts in spoken.signs.values() for text in texts], spoken)


def _stems_of(texts: Iterable[str], spoken: Spoken) -> frozenset[str]:
    misspelt = {spelling for word in spoken.misspelt.of for spelling in spellings(word)}
    stems = {stem for text in texts for stem in _rarest(text, spoken, misspelt)}
    return frozenset(stems)


def _rarest(text: str, spoken: Spoken, misspelt: set[str]) -> set[str]:
    """The stems of the part of a phrase whose words are the longest: it cannot be missing."""
    parts = [set(_words(part, spoken)) for part in text.replace(" & ", " ").split()]
    part = max(parts, key=lambda words: (min(map(len, words)), -len(words)))
    return {stem for word in part for stem in _begin(word, misspelt)}


def _words(part: str, spoken: Spoken) -> Iterator[str]:
    for word in part.split("|"):
        if word.startswith("@"):
            for inner in spoken.words[word[1:]]:
                yield from _words(inner, spoken)
        else:
            yield from spellings(word.rstrip("*"))


def _begin(word: str, misspelt: set[str]) -> Iterator[str]:
    """The word; of one that may be misspelt its first letters, which must be right."""
    yield word[:SURE] if word in misspelt else word
