"""Whether what stands around a twitch is understood: what is not does not open the gate (second edition N14).

The lists of cues can never be complete. Where a sentence holds several words that no list knows, and nothing in it ties
the twitch to the patient, a place or a time, it may be told of a machine, a lecture, an animal or somebody else: that
is unclear, and never a no.
"""

from collections.abc import Collection, Iterable, Mapping

from cds.words.cues import TIES
from cds.words.masks import CUE
from cds.words.patterns import Match, Phrases
from cds.words.sentences import Sentences

MANY = 2  # words of a sentence that no list knows
TIED = frozenset(CUE + kind for kind in TIES)


class Understood:
    """The words of one text that the lists of some languages know, looked up when they are first asked for."""

    def __init__(self, sentences: Sentences, languages: Collection[Phrases], matches: Iterable[Match]) -> None:
        self._in = sentences
        self._languages = languages
        self._matches = list(matches)
        self._known_places: Mapping[int, bool] | None = None  # the places of known words, and whether they name a site

    def is_lost(self, start: int, end: int) -> bool:
        """Whether the sentence of the words between two places of the text is not understood."""
        places = [place for place, token in enumerate(self._in.tokens) if start <= token.start and token.end <= end]
        first, behind = places[0], places[-1] + 1
        begin, last = self._in.limits(first, behind)
        known_places = self._looked_up()
        if sum(place not in known_places for place in range(begin, last)) < MANY:
            return False
        clause = range(self._in.clause(first), self._clause_end(behind))
        return not any(known_places.get(place) for place in clause) and not any(
            match.meaning in TIED and begin <= match.first and match.end <= last for match in self._matches
        )

    def _clause_end(self, place: int) -> int:
        while not self._in.is_clause_end(place):
            place += 1
        return place

    def _looked_up(self) -> Mapping[int, bool]:
        if self._known_places is None:
            known_places = {place: False for match in self._matches for place in range(match.first, match.end)}
            for phrases in self._languages:
                for place, is_site in phrases.known(self._in.tokens):
                    known_places[place] = known_places.get(place, False) or is_site
            self._known_places = known_places
        return self._known_places
