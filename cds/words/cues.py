"""What is said of a phrase: the cues around it, each with its reach (ConText; second edition N14)."""

from collections.abc import Iterable

from cds.words.masks import CUE, places, told
from cds.words.mention import Polarity
from cds.words.patterns import Match
from cds.words.sentences import WINDOW, Sentences
from cds.words.tokens import Kind

BEFORE, AFTER = 6, 4  # words
LIST_REACH = 24  # words of a list that begins with a negative word
TIMED_WITHIN = 4
BESIDE = 3
MENTIONED = ("twitch", "sign:", "family")
YES = "cue:yes"


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


class Around:
    """What is said around one phrase."""

    def __init__(self, sentences: Sentences, at: Match, near: list[Match]) -> None:
        self._in = sentences
        self._at = at
        self._begin, self._last = sentences.limits(at.first, at.end)
        self._mentions = [match for match in near if not match.meaning.startswith(CUE)]
        self._cues: dict[str, list[Match]] = {}
        for cue in told(near):
            self._cues.setdefault(cue.meaning.removeprefix(CUE), []).append(cue)

    def polarity(self, *, is_sign: bool) -> Polarity:
        """What is said of it: the first that holds; what cannot be placed is not present but unclear."""
        at = self._at
        if self._of_person(at):
            return Polarity.PERSON
        if self._is_hypothetical(at):
            return Polarity.HYPOTHETICAL
        if (answer := self._answered(at)) is not None:
            return answer
        negated = self._negated(at, is_sign=is_sign)
        if negated is not None and negated is not Polarity.PRESENT:
            return negated
        if self._is_history(at):
            return Polarity.HISTORY
        if self._is_doubted(at):
            return Polarity.DOUBT if is_sign else Polarity.UNKNOWN
        return Polarity.UNKNOWN if self._is_beside_person(at) and not is_sign else Polarity.PRESENT

    @property
    def is_sudden(self) -> bool:
        """Whether the sentence says that it came suddenly."""
        return any(self._begin <= cue.first and cue.end <= self._last for cue in self._of("sudden"))

    # ---- the kinds of cues

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
        near = self._in.words(first, end) <= reach and self._in.is_one_sentence(first, end)
        return near and not self._stands("enders", first, end)

    def _stands(self, kind: str, first: int, end: int) -> bool:
        """Whether a cue of a kind begins between."""
        return any(first <= match.first < end for match in self._of(kind))

    def _is_ended(self, first: int, end: int) -> bool:
        """Whether something between a cue and a phrase ends its reach; a speaker does not right behind the cue."""
        if any(first <= match.first and match.end <= end for match in self._of("enders")):
            return True
        return any(first < match.first and match.end <= end for match in self._of("speakers"))

    # ---- who has it

    def _of_person(self, at: Match) -> bool:
        if self._people("person-always", at) or any(
            self._is_owner(at, match) for match in self._anywhere("person-all", at)
        ):
            return True
        if any(self._is_owner(at, cue) for cue in self._after("person-post", at)):
            return True
        headed = [cue for kind in ("person", "person-always") for cue in self._of(kind) if self._is_headed(cue, at)]
        people = self._people_of_clause(at)
        return bool(headed) or any(self._has_it(match, at) for match in people) or self._is_next_clause_of_person(at)

    def _is_owner(self, at: Match, cue: Match) -> bool:
        """Whether it is a person's behind it, and not only seen by that person or begun when something befell it."""
        return not any(self._stands(kind, at.end, cue.first) for kind in ("person-never", "openers"))

    def _people(self, kind: str, at: Match) -> list[Match]:
        """The persons before it, as near as a cue may be; who speaks ends nothing here: "the son reports twitching"."""
        return [
            cue
            for cue in self._of(kind)
            if cue.end <= at.first
            and self._in.words(cue.end, at.first) <= BEFORE
            and self._in.is_one_sentence(cue.end, at.first)
            and not self._stands("enders", cue.end, at.first)
        ]

    def _people_of_clause(self, at: Match) -> list[Match]:
        return [cue for cue in self._people("person", at) if self._in.is_one_clause(cue.end, at.first)]

    def _is_headed(self, cue: Match, at: Match) -> bool:
        """Whether a person, or what is past, is a heading, a colon behind it: "mother: weakness", "PMH: a, b, c"."""
        colon = cue.end < len(self._in.tokens) and self._in.tokens[cue.end].kind is Kind.COLON
        return colon and cue.end < at.first and self._reaches(cue.end, at.first, LIST_REACH)

    def _has_it(self, person: Match, at: Match) -> bool:
        if self._stands("person-never", person.end, at.first):
            return False
        verbs = [match for match in self._of("person-verbs") if person.end <= match.first and match.end <= at.first]
        return any(self._in.words(person.end, match.first) <= 1 for match in verbs)

    def _is_next_clause_of_person(self, at: Match) -> bool:
        """ "brother has ALS, had twitching": the clause begins with a verb, so the person before it is its subject."""
        verbs = [match for match in self._before("person-verbs", at) if self._in.begins(match.first)]
        people = [person for person in self._before("person", at, LIST_REACH) if self._has_it(person, at)]
        return any(
            person.end < verb.first and self._in.is_one_clause(verb.end, at.first)
            for verb in verbs
            for person in people
        )

    def _is_beside_person(self, at: Match) -> bool:
        """Whether another person stands before it in its clause and nothing says that the patient has it."""
        people = self._people_of_clause(at)
        return any(
            not self._stands("person-never", person.end, at.first)
            and not any(self._in.is_one_clause(match.first, person.first) for match in self._begun(person))
            for person in people
        )

    def _begun(self, person: Match) -> list[Match]:
        """What begins a clause of its own before a person: "since her mother died"."""
        return [match for match in self._of("openers") if self._begin <= match.first < person.first]

    # ---- whether it is said at all

    def _is_hypothetical(self, at: Match) -> bool:
        if any(self._is_same_list(cue, at) for cue in self._before("hypothetical", at)):
            return True
        return bool(self._before("hypothetical-far", at, LIST_REACH) or self._anywhere("hypothetical-all", at))

    def _is_same_list(self, cue: Match, at: Match) -> bool:
        return self._in.is_one_clause(cue.end, at.first) or self._is_joined(cue, at)

    def _answered(self, at: Match) -> Polarity | None:
        """What an answer says: nothing behind a question or a colon is unclear; a yes leaves it to the other cues."""
        here = self._in.tokens
        is_headed = at.first > 0 and at.end < len(here) and here[at.end].kind is Kind.COLON
        if is_headed and not self._in.words(at.end, self._last):
            return Polarity.UNKNOWN  # a line of a form that nobody filled; alone it is a title
        question = next((place for place in range(at.end, len(here)) if here[place].kind is Kind.ASKED), None)
        if question is None or question > self._last or not self._is_screened(at):
            return None
        answers = [
            match for kind in ("yes", "absent-end") for match in self._of(kind) if self._is_answer(match, question)
        ]
        if any(match.meaning == YES for match in answers):
            return None
        return Polarity.ABSENT if answers else Polarity.UNKNOWN

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
        if self._is_affirmed_beside(cue, at) or self._has_begun(at):
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
        return self._in.words(at.end, cue.first) <= AFTER

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
        if self._anywhere("unknown", at):
            return True
        unsure = [cue for cue in self._of("doubt-all") if self._is_behind(at, cue)]
        if any(not self._is_about_cause(cue) for cue in (*unsure, *self._before("doubt-all", at, LIST_REACH))):
            return True
        for cue in self._before("doubt", at):
            near = self._in.words(cue.end, at.first) <= 2 or self._stands("joiners", cue.end, at.first)
            about = [match for match in self._of("about-cause") if cue.first <= match.first and match.end <= at.first]
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

    def _is_asked(self, at: Match) -> bool:
        here = self._in.tokens
        if at.first > 0 and here[at.first - 1].kind is Kind.ASKED:
            return not (at.first > 1 and here[at.first - 2].counts and here[at.first - 2].text.startswith("cause"))
        end = at.end + (at.end < len(here) and here[at.end].text == "(")
        if end < len(here) and here[end].kind is Kind.ASKED:
            return end + 1 == len(here) or not here[end + 1].counts
        return False
