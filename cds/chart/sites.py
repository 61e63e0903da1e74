"""Where a twitch is by the words of its site, where no code of a site says it (4b Eyelid-only, N15)."""

from collections.abc import Collection, Iterable, Iterator, Mapping

from cds.chart.spoken import EYELID
from cds.fhir.concepts import texts
from cds.fhir.datatypes import CodeableConcept
from cds.knowledge.spoken import SiteWords
from cds.words.tokens import Kind, tokens

TONGUE, FACE = "tongue", "face"


class Sites:
    """The words of places.

    Those that make a twitch a sign count in every language: a site holds no sentence that could deny them. An eyelid
    makes a card later, and counts in the languages that are on only (N14).
    """

    def __init__(self, words: Mapping[str, SiteWords], languages: Collection[str]) -> None:
        self._tongue = _folded(word for language_words in words.values() for word in language_words.tongue)
        self._face = _folded(word for language_words in words.values() for word in language_words.face)
        self._eyelids = [
            (_folded(language_words.eyelid), _folded((*language_words.eyelid, *language_words.beside)))
            for language, language_words in words.items()
            if language in languages
        ]

    def of(self, site: CodeableConcept) -> frozenset[str]:
        """The tongue, the face, or nothing but an eyelid."""
        return frozenset(place for text in texts(site) for place in self._places(_folded([text])))

    def _places(self, said: frozenset[str]) -> Iterator[str]:
        if said & self._tongue:
            yield TONGUE
        if said & self._face:
            yield FACE
        if any(said & eyelid and said <= known for eyelid, known in self._eyelids):
            yield EYELID


def _folded(texts: Iterable[str]) -> frozenset[str]:
    return frozenset(token.text for text in texts for token in tokens(text) if token.kind is Kind.WORD)
