"""Which cues are part of a longer phrase that says something else: "not" of "not sure", "no" of "no relief"."""

from collections.abc import Iterable, Iterator

from cds.words.patterns import Match

CUE, PSEUDO = "cue:", "cue:pseudo"
STILL, OVER = "cue:still", "cue:history-all"  # "none since" tells of no "since"
UNSURE = frozenset({"cue:doubt-all", "cue:doubt-post", "cue:unknown"})
NOT_UNSURE = ("cue:absent", "cue:hypothetical", "cue:screen", "cue:not-over")  # "not sure" denies nothing
AFTERWARDS = ("cue:absent-post", "cue:absent-all", "cue:absent-list", "cue:absent-end")
SAW = "cue:person-never"  # who only saw it does not have it, whatever else the words are part of
UNSURELY = ("cue:doubt", "cue:unknown")
SAYING = (*NOT_UNSURE, *UNSURELY, "cue:history", "cue:person", "cue:speakers")


def told(near: list[Match]) -> Iterator[Match]:
    """The cues that say something, of all that were found."""
    pseudo = [match for match in near if match.meaning == PSEUDO]
    cues = [match for match in near if match.meaning.startswith(CUE)]
    if pseudo:
        masked = places(pseudo)
        cues = [match for match in cues if not _is_masked(match, pseudo, masked)]
    unsure = places(match for match in cues if match.meaning in UNSURE)
    over = places(match for match in cues if match.meaning == OVER)
    for cue in cues:
        is_part = unsure and cue.meaning.startswith(NOT_UNSURE) and _is_within(cue, unsure)
        if not is_part and not (cue.meaning == STILL and cue.first in over):
            yield cue


def places(matches: Iterable[Match]) -> frozenset[int]:
    """The tokens of some matches."""
    return frozenset(place for match in matches for place in range(match.first, match.end))


def _is_masked(cue: Match, pseudo: list[Match], masked: frozenset[int]) -> bool:
    """Whether it is part of a phrase that is no cue; one of doubt only if that is longer: "not sure why"."""
    if not cue.meaning.startswith(SAYING) or cue.meaning == SAW:
        return False
    if cue.meaning.startswith(UNSURELY):
        return any(_is_longer(match, cue) for match in pseudo)
    return _is_within(cue, masked)


def _is_longer(match: Match, cue: Match) -> bool:
    return match.first <= cue.first and cue.end <= match.end and cue.end - cue.first < match.end - match.first


def _is_within(cue: Match, masked: frozenset[int]) -> bool:
    """Whether a cue is within them; of what stands behind a phrase the last word decides: ": no" of ": no relief"."""
    return cue.end - 1 in masked and (cue.first in masked or cue.meaning.startswith(AFTERWARDS))
