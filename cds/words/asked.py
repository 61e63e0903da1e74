"""Whether a question mark asks for a phrase, or for what stands beside it (second edition N14)."""

from cds.words.patterns import Match
from cds.words.reach import Reach
from cds.words.tokens import Kind

BESIDE = 3  # words
NOES = ("absent-end", "absent", "absent-far", "absent-all")
ANSWERS = ("yes", *NOES, "pseudo", "still", "timed", "affirmed")  # what may follow a question: "twitching? never stops"


class Asked(Reach):
    """The question marks around one phrase."""

    def _is_asked(self, at: Match) -> bool:
        here = self._in.tokens
        if any(self._in.is_one_clause(match.end, at.first) for match in self._before("cause", at, 2)):
            return False  # it is the cause that is asked for
        if at.first > 0 and here[at.first - 1].kind is Kind.ASKED:
            return not self._asks_before(at.first - 1)
        end = at.end + (at.end < len(here) and here[at.end].text == "(")
        if end < len(here) and here[end].kind is Kind.ASKED:
            return end + 1 == len(here) or not here[end + 1].counts or self._asks_of(end)
        return False

    def _asks_before(self, mark: int) -> bool:
        """Whether a question mark is said of the word before it: "cause? twitching", "MND? twitching"."""
        here = self._in.tokens
        if mark == 0 or not here[mark - 1].counts:
            return False
        is_joined = here[mark - 1].end == here[mark].start and here[mark].end != here[mark + 1].start
        return is_joined or self._is_cause(mark - 1)

    def _asks_of(self, mark: int) -> bool:
        """Whether a question mark is joined to the phrase before it, and neither cause nor answer follows."""
        here = self._in.tokens
        is_joined = here[mark - 1].end == here[mark].start and here[mark].end != here[mark + 1].start
        behind = range(mark + 1, mark + 1 + BESIDE)
        answers = any(cue.first in behind for kind in ANSWERS for cue in self._of(kind))
        return is_joined and not answers and not any(self._is_cause(place) for place in behind)

    def _is_cause(self, place: int) -> bool:
        return any(cue.first <= place < cue.end for cue in self._of("about-cause"))
