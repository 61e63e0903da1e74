"""Names of grave diseases in the text of a problem that no code says (N24): nothing calms beside one."""

from collections.abc import Mapping
from functools import cached_property

from msgspec.structs import replace

from cds.knowledge.spoken import LanguageWords, Twitches
from cds.words.hearing import Hearing
from cds.words.lists import stems_of_diseases
from cds.words.mention import Field, Polarity
from cds.words.quick import Quick

OPEN = frozenset({Polarity.PRESENT, Polarity.DOUBT, Polarity.UNKNOWN})
NO_TWITCH = Twitches(anywhere=[], bare=[], eyelid=[], tongue=[], face=[])


class DiseaseNames:
    """The names of all languages, also of those that are off: what is not read calms nobody."""

    def __init__(self, languages: Mapping[str, LanguageWords]) -> None:
        self._languages = languages
        self._quick = Quick(frozenset().union(*(stems_of_diseases(words) for words in languages.values())))

    @cached_property
    def _hearing(self) -> Hearing:
        """Made at the first text that holds a stem of a name: few charts have one."""
        return Hearing({name: _of_diseases(words) for name, words in self._languages.items()})

    def may_name_one(self, text: str) -> bool:
        """Whether a text names one that the patient has or may have; a denied, past or other person's is none."""
        if not self._quick.may(text):
            return False
        mentions = self._hearing.hear(text, self._hearing.languages, Field.FAMILY)
        return any(mention.polarity in OPEN for mention in mentions)


def _of_diseases(words: LanguageWords) -> LanguageWords:
    return replace(words, twitch=NO_TWITCH, signs={}, family=[*words.family, *words.grave])
