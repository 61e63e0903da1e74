"""Names of grave diseases in a text that no code says (N24): each rules out reassurance."""

import re
from collections.abc import Collection, Iterable, Mapping
from functools import cached_property

from msgspec.structs import replace

from cds.knowledge.spoken import Cues, LanguageWords, LookAlikes, Misspellings, Twitches
from cds.words.hearing import Hearing
from cds.words.lists import stems_of_family, stems_of_others
from cds.words.mention import Field, Polarity
from cds.words.quick import Quick
from cds.words.tokens import fold, tokens

OPEN = frozenset({Polarity.PRESENT, Polarity.DOUBT, Polarity.UNKNOWN})
OTHERS = frozenset({Polarity.PERSON, Polarity.HISTORY})  # "mother has", "family h/o"
NO_TWITCH = Twitches(anywhere=[], bare=[], eyelid=[], tongue=[], face=[])
OF_OTHERS = ("person", "history", "pronoun")  # the cues that say whose it is or was
_LONG = re.compile(r"[^\W\d_]{7,}(?![*\w])")  # words of a shorter name: one wrong letter may make another word


class DiseaseNames:
    """The names of all languages, also of those that are off: what is not read calms nobody."""

    def __init__(self, languages: Mapping[str, LanguageWords], of_family: Collection[str]) -> None:
        small = frozenset(name for words in languages.values() for name in words.diseases.small)
        self._languages, self._family_sets = languages, of_family
        self._kin = frozenset(fold(name) for words in languages.values() for name in words.diseases.kin)
        self._by_birth = frozenset(fold(word) for words in languages.values() for word in words.diseases.kin_by_birth)
        self._grave = _NamesHeard({name: _of_diseases(words) for name, words in languages.items()}, small)

    @cached_property
    def _of_family(self) -> "_NamesHeard":
        """Made at the first text about a relative: whose it is is not asked again."""
        return _NamesHeard({name: _of_relatives(words, self._family_sets) for name, words in self._languages.items()})

    def may_name_one(self, text: str) -> bool:
        """Whether a text names one that the patient has or may have; a denied, past or other person's is none.

        A motor neuron or muscle disease of a parent, sibling or child counts (N19): it rules out reassurance, too.
        """
        polarities = self._grave.polarities(text)
        if not polarities.isdisjoint(OPEN):
            return True
        if OTHERS.isdisjoint(polarities) or self._kin.isdisjoint(token.text for token in tokens(text)):
            return False
        return self.may_be_of_family(text)

    def may_be_of_family(self, text: str) -> bool:
        """Whether a text about a relative names a disease of the motor neurons or muscles, or may (N19)."""
        return not self._of_family.polarities(text).isdisjoint(OPEN)

    def is_near(self, relative: str) -> bool:
        """Whether a relative is called as a parent, a sibling or a child is: "mother", "natural mother"."""
        *born, last = [token.text for token in tokens(relative)] or [""]
        return last in self._kin and self._by_birth.issuperset(born)


class _NamesHeard:
    """The names in a list `family`, and what a text says of each."""

    def __init__(self, languages: Mapping[str, LanguageWords], small: frozenset[str] = frozenset()) -> None:
        self._languages = languages
        self._stems = {name: stems_of_family(words) for name, words in languages.items()}
        self._quick = Quick(frozenset().union(*self._stems.values()))
        self._hearing = Hearing(languages, small)

    @cached_property
    def _quick_by_language(self) -> dict[str, Quick]:
        """Made at the first text that holds a stem of a name: few charts have one."""
        return {name: Quick(self._stems[name] | stems_of_others(words)) for name, words in self._languages.items()}

    def polarities(self, text: str) -> frozenset[Polarity]:
        """In the languages in which the text holds a stem of a name, or of what is none: others are not needed."""
        if not self._quick.may(text):
            return frozenset()
        languages = [name for name, quick in self._quick_by_language.items() if quick.may(text)]
        return frozenset(mention.polarity for mention in self._hearing.hear(text, languages, Field.FAMILY))


def _names(words: LanguageWords, sets: Iterable[str] | None = None) -> list[str]:
    names = words.diseases.names
    return [text for name in (names if sets is None else sets) for text in names[name]]


def _of_relatives(words: LanguageWords, sets: Collection[str]) -> LanguageWords:
    """The words for a text about a relative: of a family history only a no counts, not that it is one and past."""
    no_cues: dict[str, list[str]] = {kind: [] for kind in Cues.__struct_fields__ if kind.startswith(OF_OTHERS)}
    of_diseases = _of_diseases(words)
    return replace(
        of_diseases,
        family=[*words.family, *_names(words, sets)],
        cues=replace(of_diseases.cues, **no_cues),
    )


def _parts(text: str) -> frozenset[str]:
    return frozenset(word for part in text.split() for word in part.split("|"))


def _of_diseases(words: LanguageWords) -> LanguageWords:
    """The words with names of diseases only; of long ones a letter may be wrong, and what is asked for is in doubt."""
    diseases, names = words.diseases, _names(words)
    # "MND excluded", "no family history" and "never had a" tell nothing of a twitch, but of a disease.
    told_apart = {*map(fold, names), *diseases.kin, *diseases.of_twitches}
    long_words = {word for text in names for word in _LONG.findall(text)}
    return replace(
        words,
        twitch=NO_TWITCH,
        signs={},
        family=names,
        look_alikes=LookAlikes(fit=[], far=[], firm=[], loose=[], other=diseases.none),
        cues=replace(
            words.cues,
            history=[text for text in words.cues.history if text not in diseases.of_twitches],
            history_year=[],
            doubt_all=[*words.cues.doubt_all, *diseases.to_exclude],
            pseudo=[text for text in words.cues.pseudo if {text, *_parts(text)}.isdisjoint(told_apart)],
        ),
        misspelt=Misspellings(of=[*words.misspelt.of, *sorted(long_words)], never=words.misspelt.never),
    )
