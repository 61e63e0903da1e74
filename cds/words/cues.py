"""What is said of a phrase: the cues around it, each with its reach (ConText; second edition N14)."""

from collections.abc import Iterable

from cds.words.asked import BESIDE, NOES
from cds.words.boxes import Ticked, ticked
from cds.words.masks import CUE, places
from cds.words.mention import Polarity
from cds.words.owners import Owners
from cds.words.patterns import Match
from cds.words.reach import AFTER, BEFORE, HEADING, LIST_REACH
from cds.words.sentences import WINDOW, Sentences
from cds.words.tokens import Kind

TIMED_WITHIN = 4
NEXT_QUESTION = 4  # words of a question that follows an answer without a mark between
ANSWERED_BEHIND = "?:-"
DENYING = ("absent", "absent-far")  # what may deny the word behind it: "neg MRI"
MENTIONED = ("twitch", "sign:", "family")
YES = "cue:yes"
TIES = ("timed", "still", "first-person", "own", "affirmed", "patient", "speakers")  # when it is, and whose


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
        reach = range(at.first - WINDOW, at.end + WINDOW)
        near = [match for place in reach for match in self._at.get(place, ())]
        self.steps += len(reach) + len(near)
        return Around(self.sentences, at, near)


class Around(Owners):
    """What is said around one phrase."""

    def polarity(self, *, is_sign: bool) -> Polarity:
        """What is said of it: the first that holds; what cannot be placed is not present but unclear."""
        at = self._at
        if self._of_person(at):
            return Polarity.PERSON
        if self._is_hypothetical(at) or (is_sign and self._is_instruction(at)):
            return Polarity.HYPOTHETICAL
        if (answer := self._ticked(at) or self._answered(at)) is not None:
            return answer
        negated = self._negated(at, is_sign=is_sign)
        if negated is not None and negated is not Polarity.PRESENT:
            return negated
        if self._is_history(at):
            return Polarity.HISTORY
        if self._is_doubted(at):
            return Polarity.DOUBT if is_sign else Polarity.UNKNOWN
        is_unclear = self._is_topic(at) if is_sign else self._is_unclear(at)
        return Polarity.UNKNOWN if is_unclear else Polarity.PRESENT

    def _is_unclear(self, at: Match) -> bool:
        """Whether nobody can tell whose a twitch is, whether it is over, or whether it is only to be looked for."""
        return self._is_beside_person(at) or self._is_instruction(at) or self._is_topic(at) or self._may_be_over(at)

    def _may_be_over(self, at: Match) -> bool:
        """Whether the next clause begins with what says that something is over: "twitching, gone by the evening"."""
        after = self._after("absent-post", at, LIST_REACH)
        return any(
            self._in.begins(cue.first)
            and self._in.is_one_clause(at.end, cue.first - 1)
            and not any(other_cue.first == cue.first for kind in DENYING for other_cue in self._of(kind))
            and not any(at.end <= other_cue.first and other_cue.end <= cue.first for other_cue in self._mentions)
            for cue in after
        )

    @property
    def is_tied(self) -> bool:
        """Whether its sentence ties it to a time or to the patient."""
        return any(self._begin <= cue.first and cue.end <= self._last for kind in TIES for cue in self._of(kind))

    @property
    def is_sudden(self) -> bool:
        """Whether the sentence says that it came suddenly."""
        return any(self._begin <= cue.first and cue.end <= self._last for cue in self._of("sudden"))

    # ---- whether it is said at all

    def _is_hypothetical(self, at: Match) -> bool:
        if any(self._is_same_list(cue, at) for cue in self._before("hypothetical", at)):
            return True
        if any(self._is_headed(cue, at, HEADING) for cue in self._of("heading")):
            return True
        return bool(self._before("hypothetical-far", at, LIST_REACH) or self._anywhere("hypothetical-all", at))

    def _is_topic(self, at: Match) -> bool:
        """Whether it is only spoken of: explained, asked in general, read; and nothing in the sentence affirms it."""
        return bool(self._before("topic", at, LIST_REACH)) and not self._stands("affirmed", self._begin, self._last)

    def _is_instruction(self, at: Match) -> bool:
        """Whether somebody is told to look for it: the sentence or the clause begins with what is to be done."""
        return any(self._in.begins(cue.first) for cue in self._before("instruction", at, LIST_REACH))

    def _is_same_list(self, cue: Match, at: Match) -> bool:
        return self._in.is_one_clause(cue.end, at.first) or self._is_joined(cue, at)

    def _ticked(self, at: Match) -> Polarity | None:
        """What its check box says: an empty one, that nothing is told; a ticked one leaves it to the other cues."""
        if not self._in.has_boxes:
            return None
        yes, no = (frozenset(match.first for match in self._of(kind)) for kind in ("yes", "absent-end"))
        said = ticked(self._in, at.first, at.end, yes, no)
        return {Ticked.NO: Polarity.ABSENT, Ticked.EMPTY: Polarity.HYPOTHETICAL}.get(said) if said else None

    def _answered(self, at: Match) -> Polarity | None:
        """What an answer says: nothing behind a question or a colon is unclear; a yes leaves it to the other cues."""
        here = self._in.tokens
        is_headed = at.first > 0 and at.end < len(here) and here[at.end].kind is Kind.COLON
        if is_headed and not self._in.words(at.end, self._last):
            return Polarity.UNKNOWN  # a line of a form that nobody filled; alone it is a title
        if (beside := self._answered_beside(at)) is not None:
            return beside
        question = next((place for place in range(at.end, len(here)) if here[place].kind is Kind.ASKED), None)
        if question is None or question > self._last or not self._is_screened(at):
            return None
        answers = [
            match for kind in ("yes", "absent-end") for match in self._of(kind) if self._is_answer(match, question)
        ]
        if any(match.meaning == YES for match in answers):
            return None
        return Polarity.ABSENT if answers else Polarity.UNKNOWN

    def _answered_beside(self, at: Match) -> Polarity | None:
        """Whether a no stands right behind its question mark, in a row of questions too: "twitching? n cramps? y"."""
        if not self._is_mark(at.end, "?"):
            return None
        noes = [cue for kind in NOES for cue in self._of(kind) if cue.first == at.end + 1]
        return (
            Polarity.ABSENT if any(self._ends_answer(cue.end, "?") or self._is_all_of_it(cue) for cue in noes) else None
        )

    def _is_all_of_it(self, cue: Match) -> bool:
        """Whether an answer is a short clause that tells of nothing else: "never had it"."""
        here = self._in
        end = next((place for place in range(cue.end, len(here.tokens)) if here.is_mark(place)), len(here.tokens))
        is_dash = not here.tokens[cue.first].counts  # a dash alone is a no only where nothing follows it
        tells = is_dash or any(cue.end <= match.first < end for match in self._mentions)
        return here.words(cue.end, end) < BESIDE and not tells

    def _ends_answer(self, end: int, mark: str) -> bool:
        """Whether an answer ends there: a clause does, or what is asked next is short, with the same mark behind it."""
        if self._in.is_clause_end(end):
            return True
        here = self._in.tokens
        behind = next((place for place in range(end, len(here)) if here[place].kind is not Kind.WORD), None)
        return behind is not None and here[behind].text == mark and self._in.words(end, behind) <= NEXT_QUESTION

    def _is_mark(self, place: int, mark: str) -> bool:
        return 0 <= place < len(self._in.tokens) and self._in.tokens[place].text == mark

    def _is_other_answer(self, cue: Match, at: Match) -> bool:
        """Whether a no before a phrase answers another question, and the phrase is asked for itself."""
        return any(self._is_mark(cue.first - 1, mark) and self._is_mark(at.end, mark) for mark in ANSWERED_BEHIND)

    def _is_screened(self, at: Match) -> bool:
        """Whether a question asks for it, and not about what is there: "any twitching?", but "is my twitching MND?"."""
        screens = [match for match in self._of("screen") if match.end <= at.first and self._begin <= match.first]
        return any(self._in.begins(match.first) and not self._stands("own", match.first, at.end) for match in screens)

    def _is_answer(self, cue: Match, question: int) -> bool:
        behind = question < cue.first and not self._in.words(question, cue.first)
        return behind and (cue.meaning == YES or self._in.is_clause_end(cue.end))

    # ---- whether it is denied

    def _negated(self, at: Match, *, is_sign: bool) -> Polarity | None:
        if self._is_negated_after(at, is_sign=is_sign):
            return Polarity.ABSENT
        worst: Polarity | None = None
        for kind in ("absent", "absent-far"):
            for cue in self._before(kind, at, LIST_REACH):
                polarity = self._negated_by(cue, at, far=kind == "absent-far", is_sign=is_sign)
                if polarity is Polarity.ABSENT:
                    return polarity
                worst = polarity or worst
        return worst

    def _negated_by(self, cue: Match, at: Match, *, far: bool, is_sign: bool) -> Polarity | None:
        """What one negative word before a phrase says: in its clause no, past a comma only in a list that is joined."""
        if (
            self._is_other_answer(cue, at)
            or self._is_affirmed_beside(cue, at)
            or self._has_begun(at)
            or (not far and self._is_headline(cue, at))
        ):
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

    def _has_begun(self, at: Match) -> bool:
        """ "never had twitching until May, now daily": until when it was not, and in a later clause that it is now."""
        ends = self._after("until", at)
        return any(
            until.end <= now.first and self._reaches_sentence(until.end, now.first)
            for until in ends
            for now in self._of("still")
            if not self._in.is_one_clause(until.end, now.first)
        )

    def _is_affirmed_beside(self, cue: Match, at: Match) -> bool:
        """ "no weakness with the twitching": what is denied stands before the "with"."""
        between = [match for match in self._mentions if cue.end <= match.first and match.end < at.first]
        return any(
            match.first >= mention.end and match.end <= at.first for match in self._of("beside") for mention in between
        )

    def _is_headline(self, cue: Match, at: Match) -> bool:
        """Whether what a negative word is about stands before a colon: "to exclude MND: wasting, fasciculations"."""
        colon = self._colon(cue, LIST_REACH)
        return colon is not None and colon < at.first and self._in.words(cue.end, colon) > 0

    def _is_right_behind_colon(self, cue: Match, at: Match, *, far: bool) -> bool:
        here = self._in.tokens
        colon = far and cue.end < len(here) and here[cue.end].kind is Kind.COLON
        return colon and self._in.is_one_clause(cue.end + 1, at.first)

    def _is_joined(self, cue: Match, at: Match, kind: str = "joiners") -> bool:
        """Whether the list that a cue begins and a phrase is in is joined by or (N14)."""
        _, last = self._in.limits(cue.first, at.end)
        ends = [match.first for kind_ in ("enders", "speakers") for match in self._of(kind_) if cue.end < match.first]
        last = min([last, *ends])
        return any(
            cue.end <= match.first < last and (match.first < at.first or self._in.words(at.end, match.first) <= BEFORE)
            for match in self._of(kind)
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

    def _is_negated_after(self, at: Match, *, is_sign: bool) -> bool:
        """What stands after it says no: past a comma only as the last words of a clause, and unless it came back."""
        if any(self._in.is_one_clause(match.end, at.first) for match in self._before("cause", at, 2)):
            return False  # it is the cause that was not found
        if self._anywhere_after("absent-list", at):
            return True
        after = [cue for cue in self._after("absent-post", at, LIST_REACH) if self._is_near_end(at, cue)]
        after = [cue for cue in after if self._is_near(at, cue) or self._is_answer_to(at, cue)]
        after = [cue for cue in after if not self._is_of_next(cue)]
        after += [cue for cue in self._after("absent-end", at, 2) if self._in.is_clause_end(cue.end)]
        after += [cue for cue in self._anywhere_after("absent-all", at) if self._is_its_verb(at, cue)]
        for cue in after:
            between = [match for match in self._mentions if at.end <= match.first and match.end <= cue.first]
            if between and not self._are_joined(at, cue, [] if is_sign else between):
                continue
            undone = [match for match in self._of("not-over") if at.end <= match.first and self._is_about(cue, match)]
            if not undone:
                return True
        return False

    def _is_of_next(self, cue: Match) -> bool:
        """Whether a no behind a dash is said of the sign that follows it: "twitching - no weakness"."""
        is_dash = self._in.tokens[cue.first].text == "-"
        return (
            is_dash and any(match.first == cue.end for match in self._mentions) and not self._ends_answer(cue.end, "-")
        )

    def _anywhere_after(self, kind: str, at: Match) -> list[Match]:
        return self._after(kind, at, LIST_REACH)

    def _is_its_verb(self, at: Match, cue: Match) -> bool:
        """Whether a verb that says that it is over belongs to it, whatever is told between: "the twitching he had"."""
        one_clause = self._in.is_one_clause(at.end, cue.first) or self._in.begins(cue.first)
        return one_clause and not self._stands("openers", at.end, cue.first)

    def _is_near_end(self, at: Match, cue: Match) -> bool:
        """Within one clause; past a comma only as its last words, or before a time: ", resolved 2 months ago"."""
        if self._in.is_one_clause(at.end, cue.first) or self._in.is_clause_end(cue.end):
            return True
        return any(match.first == cue.end for match in self._of("timed"))

    def _is_near(self, at: Match, cue: Match) -> bool:
        """Few words behind it, or in a short clause of its own: "of the right arm, at the end gone"."""
        clause = self._in.clause(cue.first)
        is_short_clause = clause > at.end and self._in.words(clause, cue.first) < BESIDE
        return self._in.words(at.end, clause if is_short_clause else cue.first) <= AFTER

    def _is_answer_to(self, at: Match, cue: Match) -> bool:
        """Whether it answers a line of a form, however long that is: "twitching in your arms or your legs: no"."""
        is_colon = self._in.tokens[cue.first].kind is Kind.COLON
        return is_colon and self._in.begins(at.first) and self._in.is_one_clause(at.end, cue.first)

    def _is_about(self, cue: Match, undone: Match) -> bool:
        """Whether "not", "but" or "again" stands right before or shortly after the words that say that it is over."""
        if undone.end <= cue.first:
            return self._in.words(undone.end, cue.first) <= 1
        return cue.end <= undone.first and self._reaches_sentence(cue.end, undone.first)

    def _reaches_sentence(self, first: int, end: int) -> bool:
        return self._in.words(first, end) <= AFTER and self._in.is_one_sentence(first, end)

    def _are_joined(self, at: Match, cue: Match, between: list[Match]) -> bool:
        """Whether what stands between is of the same list: joined by a word, or nothing but what is `between`."""
        joins = (*self._of("joiners"), *self._of("also"))
        if any(at.end <= match.first and match.end <= cue.first for match in joins):
            return True
        list_places = places(between)
        words = [place for place in range(at.end, cue.first) if self._in.tokens[place].counts]
        return all(place in list_places for place in words)

    # ---- whether it is past, or in doubt

    def _is_history(self, at: Match) -> bool:
        before = self._before("history", at)
        if any(self._in.is_one_clause(cue.end, at.first) for cue in before):
            return True
        if any(self._is_headed(cue, at) for cue in self._of("history")):
            return True
        if any(self._begin <= match.first < self._last for match in self._of("still")):
            return False
        years = [match for match in self._anywhere("history-year", at) if self._in.is_one_clause(match.first, at.first)]
        return bool(years or self._after("history-post", at) or self._anywhere("history-all", at))

    def _is_doubted(self, at: Match) -> bool:
        """Words of doubt, or a question mark at it; doubt about the cause is none about the twitch."""
        if self._is_asked(at) or self._after("doubt-post", at, 1):
            return True
        if any(cue.first == at.end and self._in.is_clause_end(cue.end) for cue in self._of("doubt")):
            return True  # "fasciculations possible"
        if self._anywhere("unknown", at):
            return True
        unsure = [cue for cue in self._of("doubt-all") if self._is_behind(at, cue)]
        if any(not self._is_about_cause(cue) for cue in (*unsure, *self._before("doubt-all", at, LIST_REACH))):
            return True
        for cue in self._before("doubt", at):
            near = self._in.words(cue.end, at.first) <= 2 or self._stands("joiners", cue.end, at.first)
            about = [match for match in self._of("about-cause") if cue.end <= match.first and match.end <= at.end]
            if near and not about and self._in.is_one_clause(cue.end, at.first):
                return True
        return False

    def _is_behind(self, at: Match, cue: Match) -> bool:
        """Whether it stands behind it in the sentence: "... but cannot be certain" is said of what stands before."""
        return cue.first >= at.end and self._in.is_one_sentence(at.end, cue.first)

    def _is_about_cause(self, cue: Match) -> bool:
        """Whether a cause, an onset or a disease is what is unsure: it stands beside the doubt, in its clause."""
        for match in self._of("about-cause"):
            first, end = (cue.end, match.first) if cue.end <= match.first else (match.end, cue.first)
            if first > end or self._is_beside(first, end):
                return True
        return False

    def _is_beside(self, first: int, end: int) -> bool:
        """Whether few words stand between, or a comma alone: "I do not know, why"."""
        words = self._in.words(first, end)
        return self._in.is_one_sentence(first, end) and (
            not words or (words <= BESIDE and self._in.is_one_clause(first, end))
        )
