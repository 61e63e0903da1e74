"""How far the words around a phrase reach: forwards, backwards, within a clause, until something ends them (N14)."""

from cds.words.masks import CUE, told
from cds.words.patterns import Match
from cds.words.sentences import Sentences

BEFORE, AFTER = 6, 4  # words
LIST_REACH = 24  # words of a list that begins with a negative word
HEADING = 3  # words between a heading and its colon: "effects of the drug:"


class Reach:
    """What stands around one phrase, and how far it reaches."""

    def __init__(self, sentences: Sentences, at: Match, near: list[Match]) -> None:
        self._in = sentences
        self._at = at
        self._begin, self._last = sentences.limits(at.first, at.end)
        self._mentions = [match for match in near if not match.meaning.startswith(CUE)]
        self._cues: dict[str, list[Match]] = {}
        for cue in told(near):
            self._cues.setdefault(cue.meaning.removeprefix(CUE), []).append(cue)

    def _of(self, kind: str) -> list[Match]:
        return self._cues.get(kind, [])

    def _before(self, kind: str, at: Match, reach: int = BEFORE) -> list[Match]:
        """The cues of a kind that reach a phrase that stands after them."""
        return [cue for cue in self._of(kind) if cue.end <= at.first and self._reaches(cue.end, at.first, reach)]

    def _after(self, kind: str, at: Match, reach: int = AFTER) -> list[Match]:
        """The cues of a kind that reach a phrase that stands before them."""
        cues = [cue for cue in self._of(kind) if cue.first >= at.end]
        return [cue for cue in cues if self._reaches_back(at.end, cue.first, reach)]

    def _anywhere(self, kind: str, at: Match) -> list[Match]:
        """The cues of a kind in the sentence, on either side, that nothing ends."""
        return [*self._before(kind, at, LIST_REACH), *self._after(kind, at, LIST_REACH)]

    def _reaches(self, first: int, end: int, reach: int) -> bool:
        near = self._in.words(first, end) <= reach and self._in.is_one_sentence(first, end)
        return near and not self._is_ended(first, end)

    def _reaches_back(self, first: int, end: int, reach: int) -> bool:
        """Whether a cue that begins at `end` reaches back; an ender right before it belongs to it: "now resolved"."""
        near = self._in.words(first, end) <= reach and self._in.is_one_sentence(first, end)
        return near and not any(first <= cue.first < end and cue.end != end for cue in self._of("enders"))

    def _stands(self, kind: str, first: int, end: int) -> bool:
        """Whether a cue of a kind begins between."""
        return any(first <= cue.first < end for cue in self._of(kind))

    def _is_ended(self, first: int, end: int) -> bool:
        """Whether something between a cue and a phrase ends its reach; a speaker does not right behind the cue."""
        if any(first <= cue.first and cue.end <= end for cue in self._of("enders")) or self._is_patient(first, end):
            return True
        return any(first < cue.first and cue.end <= end for cue in self._of("speakers"))

    def _is_patient(self, first: int, end: int) -> bool:
        """Whether a clause between begins with the patient: "sister calls: patient confused, twitching"."""
        return any(first <= cue.first and cue.end <= end and self._in.begins(cue.first) for cue in self._of("patient"))

    def _is_headed(self, cue: Match, at: Match, most: int = 0) -> bool:
        """Whether a cue is a heading, a colon behind it: "mother: weakness", "PMH: a, b, c"."""
        colon = self._colon(cue, most)
        return colon is not None and colon < at.first and self._reaches(cue.end, at.first, LIST_REACH)

    def _colon(self, cue: Match, most: int) -> int | None:
        """The colon behind a heading, with so many words between at most."""
        place = next((place for place in range(cue.end, len(self._in.tokens)) if self._in.is_mark(place)), None)
        if place is None or not self._in.is_colon(place) or self._in.words(cue.end, place) > most:
            return None
        return place
