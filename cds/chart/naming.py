"""What a concept means here: its codes looked up, or its text where no known system codes it (4f)."""

import re
import unicodedata
from collections.abc import Iterable

from cds.chart.facts import Named
from cds.fhir.concepts import each
from cds.fhir.datatypes import CodeableConcept, Concepts
from cds.knowledge.codes import NOTHING, Concept
from cds.knowledge.load import Knowledge

LONGEST_PHRASE = 80
TWITCH_PHRASES = frozenset({"twitch", "eyelid"})
_SPACES = re.compile(r"\s+")


class Namer:
    """Looks concepts up in the knowledge."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.answers = knowledge.answers
        self.units = knowledge.unit_words
        self._find = knowledge.codes.find
        self._knows = knowledge.codes.knows
        self._known = knowledge.codes.all_codes
        self._twitches = frozenset(concept.code for concept in knowledge.codes.members("twitch"))
        self._plain_systems = knowledge.codes.systems
        self.lab_codes = knowledge.codes.lab_codes
        self._flat = knowledge.codes.flat_systems
        self._phrases: dict[str, frozenset[str]] = {}
        for kind, phrases in (
            ("twitch", knowledge.phrases.twitch),
            ("eyelid", knowledge.phrases.eyelid),
            ("red-flag", knowledge.phrases.red_flag),
            ("diet", knowledge.phrases.diet),
        ):
            for phrase in phrases:
                self._phrases[phrase] = self._phrases.get(phrase, NOTHING) | {kind}

    def names_twitch(self, concept: CodeableConcept | None) -> bool:
        """Whether a concept is coded as a twitch, or is one in words where nothing known codes it."""
        if concept is None:
            return False
        is_coded = False
        for coding in concept.coding or ():
            if coding.code in self._twitches:
                return True
            is_coded = is_coded or (bool(coding.code) and coding.system in self._plain_systems)
        return not is_coded and concept.text is not None and bool(self.phrases(concept) & TWITCH_PHRASES)

    def may_matter(self, concept: CodeableConcept | None) -> bool:
        """A quick look: whether a rule may read this concept. Most of a chart ends here."""
        if concept is None:
            return False
        is_coded = False
        for coding in concept.coding or ():
            if coding.code in self._known:
                return True
            if coding.system in self._flat:
                is_coded = is_coded or bool(coding.code)
            elif self._find(coding.system, coding.code) is not None:
                return True
        return not is_coded and concept.text is not None and bool(self.phrases(concept))

    def concepts(self, concept: CodeableConcept | None) -> tuple[Concept, ...]:
        """All known codes of a concept, in its order."""
        if concept is None or not concept.coding:
            return ()
        find, hits = self._find, []
        for coding in concept.coding:
            hit = find(coding.system, coding.code)
            if hit is not None:
                hits.append(hit)
        return tuple(hits)

    def sets(self, concepts: Iterable[CodeableConcept]) -> frozenset[str]:
        """The value sets of several concepts together."""
        return union(hit for concept in concepts for hit in self.concepts(concept))

    def each_sets(self, concepts: Concepts) -> tuple[frozenset[str], ...]:
        """The value sets of each concept of an element that may hold one or many."""
        return tuple([union(self.concepts(concept)) for concept in each(concepts)]) if concepts else ()

    def is_coded(self, concept: CodeableConcept | None) -> bool:
        """Whether a known system codes it, whatever the code."""
        for coding in concept.coding or () if concept is not None else ():
            if coding.code and self._knows(coding.system):
                return True
        return False

    def phrases(self, concept: CodeableConcept | None) -> frozenset[str]:
        """The phrase lists that hold the whole text of a concept which no known system codes."""
        if concept is None or not concept.text or len(concept.text) > LONGEST_PHRASE or self.is_coded(concept):
            return NOTHING
        return self._phrases.get(normalise(concept.text), NOTHING)

    def named(self, ref: str, concept: CodeableConcept | None) -> Named | None:
        """The concept with its resource, or None if no rule reads it."""
        if concept is None:
            return None
        concepts = self.concepts(concept)
        if concepts:
            return Named(ref, concepts, concepts[0].sets if len(concepts) == 1 else union(concepts))
        phrases = self.phrases(concept)
        return Named(ref, phrases=phrases, text=concept.text) if phrases else None


def union(concepts: Iterable[Concept]) -> frozenset[str]:
    """The value sets of all concepts."""
    return NOTHING.union(*(concept.sets for concept in concepts))


def normalise(text: str) -> str:
    """The text as 4f compares it: NFKC, lower case, hyphens as spaces, no outer punctuation, single spaces."""
    plain = unicodedata.normalize("NFKC", text).lower().replace("-", " ")
    return _SPACES.sub(" ", plain).strip(" .,;:")
