"""Who has what a phrase says: the patient, somebody else, or nobody can tell (N14)."""

from cds.words.asked import Asked
from cds.words.patterns import Match
from cds.words.reach import BEFORE, LIST_REACH

LAST = 4  # words between a person and the end of the clause that is about that person


class Owners(Asked):
    """The persons around one phrase."""

    def _of_person(self, at: Match) -> bool:
        if self._people("person-always", at) or any(
            self._is_owner(at, person) for person in self._anywhere("person-all", at)
        ):
            return True
        if any(self._is_owner(at, cue) for cue in self._after("person-post", at)):
            return True
        headed = [cue for kind in ("person", "person-always") for cue in self._of(kind) if self._is_headed(cue, at)]
        people = self._people_of_clause(at)
        return bool(headed) or any(self._has_it(person, at) for person in people) or self._is_next_clause_of_person(at)

    def _is_owner(self, at: Match, cue: Match) -> bool:
        """Whether it is a person's behind it, and not only seen by that person or begun when something befell it."""
        if any(
            self._in.words(cue.end, other_cue.first) <= 1
            for other_cue in self._of("person-never")
            if other_cue.first >= cue.end
        ):
            return False
        return not any(self._stands(kind, at.end, cue.first) for kind in ("person-never", "openers"))

    def _people(self, kind: str, at: Match) -> list[Match]:
        """The persons before it, as near as a cue may be; who speaks ends nothing here: "the son reports twitching"."""
        return [
            cue
            for cue in self._of(kind)
            if cue.end <= at.first
            and self._in.words(cue.end, at.first) <= BEFORE
            and self._in.is_one_sentence(cue.end, at.first)
            and not self._is_other_subject(cue, at)
        ]

    def _is_other_subject(self, person: Match, at: Match) -> bool:
        """Whether something between says of whom it is; not the verb right behind: "her friend complains of"."""
        verb_starts = {cue.first for cue in self._of("person-verbs") if cue.first == person.end}
        enders = [cue.first for cue in self._of("enders") if person.end <= cue.first < at.first]
        is_patient = self._is_patient(person.end, at.first) or self._stands("first-person", person.end, at.end)
        return is_patient or any(place not in verb_starts for place in enders)

    def _people_of_clause(self, at: Match) -> list[Match]:
        return [cue for cue in self._people("person", at) if self._in.is_one_clause(cue.end, at.first)]

    def _has_it(self, person: Match, at: Match) -> bool:
        if self._stands("person-never", person.end, at.first):
            return False
        verbs = [cue for cue in self._of("person-verbs") if person.end <= cue.first and cue.end <= at.first]
        return any(self._in.words(person.end, cue.first) <= 1 for cue in verbs)

    def _is_next_clause_of_person(self, at: Match) -> bool:
        """ "brother has ALS, had twitching": the clause begins with a verb, so the person before it is its subject."""
        verbs = [cue for cue in self._before("person-verbs", at) if self._in.begins(cue.first)]
        people = [person for person in self._before("person", at, LIST_REACH) if self._has_it(person, at)]
        return any(
            person.end < verb.first and self._in.is_one_clause(verb.end, at.first)
            for verb in verbs
            for person in people
        )

    def _is_beside_person(self, at: Match) -> bool:
        """Whether another person stands before it in its clause and nothing says that the patient has it.

        The verb may come last: "dessen Frau ein Zucken bemerkt hat".
        """
        people = [] if self._is_noticed(at) else self._people_of_clause(at)
        return self._is_she(at) or any(
            not self._stands("person-never", person.end, at.first)
            and not any(self._in.is_one_clause(opener.first, person.first) for opener in self._begun(person))
            for person in people
        )

    def _is_noticed(self, at: Match) -> bool:
        """Whether the clause goes on with what somebody did who has it not: who noticed it, or reports it."""
        after = (cue for cue in self._of("person-never") if cue.first >= at.end)
        return any(self._in.is_one_clause(at.end, cue.first) for cue in after)

    def _is_she(self, at: Match) -> bool:
        """ "brings his daughter's form: she has twitching": who "she" is cannot be told behind another person."""
        clause = self._in.clause(at.first)
        if not any(cue.first == clause for cue in self._of("pronoun")):
            return False
        return any(
            person.end < clause
            and self._in.words(person.end, clause) <= LAST
            and self._in.is_one_clause(person.end, clause - 1)
            and self._in.is_one_sentence(person.end, clause)
            and not self._stands("person-never", person.end, clause)
            for person in self._of("person")
        )

    def _begun(self, person: Match) -> list[Match]:
        """What begins a clause of its own before a person: "since her mother died"."""
        return [cue for cue in self._of("openers") if self._begin <= cue.first < person.first]
