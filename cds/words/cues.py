"""What is said of a phrase: the cues around it, each with its reach (ConText; second edition N14)."""

from collections.abc import Iterable

from cds.words.mention import Polarity
from cds.words.patterns import Match
from cds.words.tokens import Kind, Token

CUE, PSEUDO = "cue:", "cue:pseudo"
BEFORE, AFTER = 6, 4  # words
WINDOW = 48  # tokens: no cue reaches further
LIST_REACH = 24  # words of a list that begins with a negative word
TIMED_WITHIN = 4
MENTIONED = ("twitch", "sign:", "family")


class Sentences:
    """The tokens of a text with their words, clauses and sentences counted."""

    def __init__(self, found: list[Token]) -> None:
        self.tokens = found
        self._words = [0]
        self._commas = [0]
        self._stops = [0]
        for place, token in enumerate(found):
            stop = token.kind is Kind.STOP or (token.kind is Kind.ASKED and _ends(found, place))
            self._words.append(self._words[-1] + token.counts)
            self._commas.append(self._commas[-1] + (token.kind in (Kind.COMMA, Kind.COLON)))
            self._stops.append(self._stops[-1] + stop)

    def words(self, first: int, end: int) -> int:
        """How many words stand between."""
        return self._words[end] - self._words[first]

    def is_one_sentence(self, first: int, end: int) -> bool:
        """Whether no sentence ends between."""
        return self._stops[end] == self._stops[first]

    def is_one_clause(self, first: int, end: int) -> bool:
        """Whether neither a sentence nor a clause ends between."""
        return self.is_one_sentence(first, end) and self._commas[end] == self._commas[first]

    def is_clause_end(self, end: int) -> bool:
        """Whether a clause or the text ends behind some tokens."""
        if end >= len(self.tokens):
            return True
        token = self.tokens[end]
        return token.kind in (Kind.COMMA, Kind.COLON, Kind.STOP) or token.text in "()-"

    def limits(self, first: int, end: int) -> tuple[int, int]:
        """The sentence around some tokens, as far as a cue may reach."""
        begin = first
        while begin > max(0, first - WINDOW) and self._stops[begin] == self._stops[begin - 1]:
            begin -= 1
        last, most = end, min(len(self.tokens), end + WINDOW)
        while last < most and self._stops[last + 1] == self._stops[last]:
            last += 1
        return begin, last


def _ends(found: list[Token], place: int) -> bool:
    """Whether a question mark ends a sentence: nothing, or another mark, follows it, or it closes a longer question."""
    return place + 1 < len(found) and found[place + 1].kind in (Kind.STOP, Kind.ASKED)


class Cues:
    """The cues of one text in one language, by where they stand."""

    def __init__(self, sentences: Sentences, matches: Iterable[Match]) -> None:
        self.sentences = sentences
        self.steps = 0
        self._at: dict[int, list[Match]] = {}
        for match in matches:
            if match.meaning.startswith((CUE, *MENTIONED)):
                self._at.setdefault(match.first, []).append(match)

    def around(self, at: Match) -> "Around":
        """The cues that may reach one phrase."""
        places = range(at.first - WINDOW, at.end + WINDOW)
        near = [match for place in places for match in self._at.get(place, ())]
        self.steps += len(places) + len(near)
        return Around(self.sentences, at, near)


class Around:
    """What is said around one phrase."""

    def __init__(self, sentences: Sentences, at: Match, near: list[Match]) -> None:
        self._in = sentences
        self._at = at
        self._cues: dict[str, list[Match]] = {}
        self._mentions: list[Match] = []
        masked = {place for one in near if one.meaning == PSEUDO for place in range(one.first, one.end)}
        for match in near:
            if not match.meaning.startswith(CUE):
                self._mentions.append(match)
            elif match.first not in masked or match.end - 1 not in masked:
                self._cues.setdefault(match.meaning.removeprefix(CUE), []).append(match)

    def polarity(self, *, is_sign: bool) -> Polarity:
        """What is said of it: the first that holds."""
        at = self._at
        if self._of_person(at):
            return Polarity.PERSON
        if self._is_hypothetical(at):
            return Polarity.HYPOTHETICAL
        negated = self._negated(at, is_sign=is_sign)
        if negated is not None and negated is not Polarity.PRESENT:
            return negated
        if self._is_history(at):
            return Polarity.HISTORY
        if self._is_doubted(at):
            return Polarity.DOUBT if is_sign else Polarity.UNKNOWN
        return Polarity.PRESENT

    @property
    def is_sudden(self) -> bool:
        """Whether the sentence says that it came suddenly."""
        begin, last = self._in.limits(self._at.first, self._at.end)
        return any(begin <= cue.first and cue.end <= last for cue in self._of("sudden"))

    # ---- the kinds of cues

    def _of(self, kind: str) -> list[Match]:
        return self._cues.get(kind, [])

    def _before(self, kind: str, at: Match, reach: int = BEFORE) -> list[Match]:
        """The cues of a kind that reach a phrase that stands after them."""
        return [cue for cue in self._of(kind) if cue.end <= at.first and self._reaches(cue.end, at.first, reach)]

    def _after(self, kind: str, at: Match, reach: int = AFTER) -> list[Match]:
        """The cues of a kind that reach a phrase that stands before them."""
        found = [cue for cue in self._of(kind) if cue.first >= at.end]
        return [cue for cue in found if self._reaches_back(at.end, cue.first, reach)]

    def _reaches(self, first: int, end: int, reach: int) -> bool:
        near = self._in.words(first, end) <= reach and self._in.is_one_sentence(first, end)
        return near and not self._is_ended(first, end)

    def _reaches_back(self, first: int, end: int, reach: int) -> bool:
        near = self._in.words(first, end) <= reach and self._in.is_one_sentence(first, end)
        return near and not any(first <= one.first < end for one in self._of("enders"))

    def _is_ended(self, first: int, end: int) -> bool:
        """Whether something between a cue and a phrase ends its reach; a speaker does not right behind the cue."""
        if any(first <= one.first and one.end <= end for one in self._of("enders")):
            return True
        return any(first < one.first and one.end <= end for one in self._of("speakers"))

    # ---- what they say

    def _of_person(self, at: Match) -> bool:
        if self._before("person-always", at) or self._after("person-post", at):
            return True
        people = [cue for cue in self._before("person", at) if self._in.is_one_clause(cue.end, at.first)]
        people += [cue for cue in self._of("person") if self._is_headed(cue, at)]
        return any(self._has_it(person, at) for person in people)

    def _is_headed(self, person: Match, at: Match) -> bool:
        """Whether a person, or what is past, stands as a heading before a colon: "mother: weakness"."""
        colon = person.end < len(self._in.tokens) and self._in.tokens[person.end].kind is Kind.COLON
        return colon and person.end < at.first and self._reaches(person.end, at.first, BEFORE)

    def _has_it(self, person: Match, at: Match) -> bool:
        if self._is_headed(person, at):
            return True
        if any(person.end <= one.first and one.end <= at.first for one in self._of("person-never")):
            return False
        verbs = [one for one in self._of("person-verbs") if person.end <= one.first and one.end <= at.first]
        return any(self._in.words(person.end, one.first) <= 1 for one in verbs)

    def _is_hypothetical(self, at: Match) -> bool:
        if any(self._is_same_list(cue, at) for cue in self._before("hypothetical", at)):
            return True
        return bool(self._before("hypothetical-far", at, LIST_REACH))

    def _is_same_list(self, cue: Match, at: Match) -> bool:
        return self._in.is_one_clause(cue.end, at.first) or self._is_joined(cue, at)

    def _negated(self, at: Match, *, is_sign: bool) -> Polarity | None:
        if self._is_negated_after(at):
            return Polarity.ABSENT
        worst: Polarity | None = None
        for kind in ("absent", "absent-far"):
            for cue in self._before(kind, at, LIST_REACH):
                said = self._negated_by(cue, at, far=kind == "absent-far", is_sign=is_sign)
                if said is Polarity.ABSENT:
                    return said
                worst = said or worst
        return worst

    def _negated_by(self, cue: Match, at: Match, *, far: bool, is_sign: bool) -> Polarity | None:
        """What one negative word before a phrase says: in its clause no, past a comma only in a list that is joined."""
        if self._is_affirmed_beside(cue, at):
            return None
        if self._in.is_one_clause(cue.end, at.first) or self._is_right_behind_colon(cue, at, far=far):
            return Polarity.ABSENT if self._in.words(cue.end, at.first) <= BEFORE or self._is_joined(cue, at) else None
        if self._is_timed(at):
            return Polarity.PRESENT
        if self._is_joined(cue, at) or (far and self._is_joined(cue, at, "also")):
            return Polarity.ABSENT
        if self._in.words(cue.end, at.first) > BEFORE and not far:
            return None
        if not is_sign or far:
            return Polarity.UNKNOWN
        return Polarity.PRESENT

    def _is_affirmed_beside(self, cue: Match, at: Match) -> bool:
        """ "no weakness with the twitching": what is denied stands before the "with"."""
        between = [one for one in self._mentions if cue.end <= one.first and one.end < at.first]
        return any(one.first >= other.end and one.end <= at.first for one in self._of("beside") for other in between)

    def _is_right_behind_colon(self, cue: Match, at: Match, *, far: bool) -> bool:
        here = self._in.tokens
        colon = far and cue.end < len(here) and here[cue.end].kind is Kind.COLON
        return colon and self._in.is_one_clause(cue.end + 1, at.first)

    def _is_joined(self, cue: Match, at: Match, kind: str = "joiners") -> bool:
        """Whether the list that a cue begins and a phrase is in is joined by or (N14)."""
        _, last = self._in.limits(cue.first, at.end)
        ends = [one.first for kind_ in ("enders", "speakers") for one in self._of(kind_) if cue.end < one.first]
        last = min([last, *ends])
        return any(
            cue.end <= one.first < last and (one.first < at.first or self._in.words(at.end, one.first) <= BEFORE)
            for one in self._of(kind)
        )

    def _is_timed(self, at: Match) -> bool:
        """Whether it is said to be new, or since when: then a negative word before a comma does not mean it."""
        here = self._in
        new = any(cue.end <= at.first and here.words(cue.end, at.first) <= 2 for cue in self._of("new"))
        return new or any(
            cue.first >= at.end
            and here.words(at.end, cue.first) < TIMED_WITHIN
            and here.is_one_clause(at.end, cue.first)
            for cue in self._of("timed")
        )

    def _is_negated_after(self, at: Match) -> bool:
        """What stands after it says no: past a comma only as the last words of a clause, and unless it came back."""
        after = [cue for cue in self._after("absent-post", at) if self._is_near_end(at, cue)]
        after += [cue for cue in self._after("absent-end", at, 2) if self._in.is_clause_end(cue.end)]
        for cue in after:
            between = [one for one in self._mentions if at.end <= one.first and one.end <= cue.first]
            if between and not self._are_joined(at, cue):
                continue
            undone = [one for one in self._of("not-over") if at.end <= one.first and self._is_about(cue, one)]
            if not undone:
                return True
        return False

    def _is_near_end(self, at: Match, cue: Match) -> bool:
        """Within one clause; past a comma only as its last words, or before a time: ", resolved 2 months ago"."""
        if self._in.is_one_clause(at.end, cue.first) or self._in.is_clause_end(cue.end):
            return True
        return any(one.first == cue.end for one in self._of("timed"))

    def _is_about(self, cue: Match, undone: Match) -> bool:
        """Whether "not", "but" or "again" stands right before or shortly after the words that say that it is over."""
        if undone.end <= cue.first:
            return self._in.words(undone.end, cue.first) <= 1
        return cue.end <= undone.first and self._reaches_sentence(cue.end, undone.first)

    def _reaches_sentence(self, first: int, end: int) -> bool:
        return self._in.words(first, end) <= AFTER and self._in.is_one_sentence(first, end)

    def _are_joined(self, at: Match, cue: Match) -> bool:
        joins = (*self._of("joiners"), *self._of("also"))
        return any(at.end <= one.first and one.end <= cue.first for one in joins)

    def _is_history(self, at: Match) -> bool:
        before = self._before("history", at)
        if any(self._in.is_one_clause(cue.end, at.first) or self._is_headed(cue, at) for cue in before):
            return True
        return bool(self._after("history-post", at))

    def _is_doubted(self, at: Match) -> bool:
        """Words of doubt close before it, or a question mark at it; doubt about the cause is none about the twitch."""
        if self._is_asked(at) or self._after("doubt-post", at, 1):
            return True
        for cue in self._before("doubt", at, 2):
            about = [one for one in self._of("about-cause") if cue.first <= one.first and one.end <= at.first]
            if not about and self._in.is_one_clause(cue.end, at.first):
                return True
        return False

    def _is_asked(self, at: Match) -> bool:
        here = self._in.tokens
        if at.first > 0 and here[at.first - 1].kind is Kind.ASKED:
            return not (at.first > 1 and here[at.first - 2].counts and here[at.first - 2].text.startswith("cause"))
        if at.end < len(here) and here[at.end].kind is Kind.ASKED:
            return at.end + 1 == len(here) or not here[at.end + 1].counts
        return False
