"""What an unknown code, text or unit may be, by the likeness of names; a person decides."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from msgspec import Struct

from cds.fhir.units import factor
from cds.knowledge.codes import Concept
from cds.knowledge.ingredients import fold
from cds.knowledge.load import Knowledge
from cds.knowledge.maps.names import Names
from cds.recall.model import Key, Kind, Type

LEAST = {Type.RESULT: 0.5, Type.OBSERVATION: 0.6, Type.MEDICINE: 0.6, Type.PROBLEM: 0.6}
LEAST_UNIT = 0.5
CODED = ("sct", "cm", "who")
SERUM = "serum"
_WORD = re.compile(r"[^\W_]+")


class Suggestion(Struct, frozen=True):
    """A code or unit of ours; `likeness` from 0 to 1."""

    system: str
    code: str
    display: str
    likeness: float


class Suggestions:
    """Compares names by the letter triples that they share (Dice's coefficient)."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge
        self._names = Names(knowledge)
        self._tests = _Index(_tests(knowledge))
        self._medicines = _Index(_medicines(knowledge))
        self._problems = _Index(_problems(knowledge))

    def of(self, key: Key, names: Iterable[str]) -> Suggestion | None:
        """The most alike, if one is alike enough and nothing in the names contradicts it."""
        if key.kind is Kind.UNIT:
            return self._unit(key)
        if key.kind not in (Kind.CODE, Kind.TEXT):
            return None
        same = self._knowledge.codes.find(self._knowledge.codes.parent_of(key.system), key.code)
        if same is not None:
            return Suggestion(same.system, same.code, same.display, 1.0)
        texts = [*names, *([key.text] if key.text else []), *([key.code] if key.code else [])]
        indexes = {
            Type.RESULT: self._tests,
            Type.OBSERVATION: self._tests,
            Type.MEDICINE: self._medicines,
            Type.PROBLEM: self._problems,
        }
        scored = [hit for name in texts if (hit := indexes[key.type].nearest(name)) is not None]
        best = max(scored, key=lambda hit: hit[0], default=None)
        if best is None or best[0] < LEAST[key.type] or self._names.objection(best[1], texts):
            return None
        likeness, concept = best
        return Suggestion(concept.system, concept.code, concept.display, likeness)

    def _unit(self, key: Key) -> Suggestion | None:
        analyte = self._knowledge.analytes[key.about]
        best: tuple[float, str] = (0.0, "")
        for unit in sorted({*self._knowledge.unit_names.units, analyte.unit, *analyte.same_as}):
            if factor(unit, analyte.unit, analyte.molar_mass, analyte.valence) is not None:
                best = max(best, (_likeness(_letters(key.text), _letters(unit)), unit))
        likeness, unit = best
        return Suggestion("http://unitsofmeasure.org", unit, unit, likeness) if likeness >= LEAST_UNIT else None


class _Index:
    """Names of concepts, found by their triples."""

    def __init__(self, pairs: Iterable[tuple[str, Concept]]) -> None:
        self._candidates = [(_triples(name), concept) for name, concept in pairs]
        self._by_triple: dict[str, list[int]] = {}
        for number, (triples, _) in enumerate(self._candidates):
            for triple in triples:
                self._by_triple.setdefault(triple, []).append(number)

    def nearest(self, name: str) -> tuple[float, Concept] | None:
        """The concept whose name is most alike; the first of several."""
        triples = _triples(name)
        shared = Counter(number for triple in triples for number in self._by_triple.get(triple, ()))
        best = max(
            (
                (2 * count / (len(triples) + len(self._candidates[number][0])), -number)
                for number, count in shared.items()
            ),
            default=None,
        )
        return None if best is None else (best[0], self._candidates[-best[1]][1])


def _tests(knowledge: Knowledge) -> Iterator[tuple[str, Concept]]:
    """Each name of an analyte, for its code in serum or plasma, and the name of each code."""
    for name, analyte in knowledge.analytes.items():
        codes = knowledge.codes.of_analyte(name)
        for concept in codes:
            yield re.sub(r"\[[^\]]*\]", " ", concept.display), concept
        for word in analyte.words:
            yield word, _usual(codes, ionised="ioni" in word, adjusted="correct" in word or "adjust" in word)


def _usual(codes: list[Concept], *, ionised: bool, adjusted: bool) -> Concept:
    group = "calcium_ionized" if ionised else "calcium_corrected" if adjusted else "calcium_total"
    preferred = [concept for concept in codes if group in concept.groups] or codes
    return next((concept for concept in preferred if SERUM in concept.display.lower()), preferred[0])


def _medicines(knowledge: Knowledge) -> Iterator[tuple[str, Concept]]:
    """The words of each ingredient, for its shortest name among the codes of RxNorm or ATC."""
    by_name: dict[str, Concept] = {}
    for short in ("atc", "rx"):
        for concept in knowledge.codes.of_system(knowledge.systems[short]):
            if concept.ingredient and concept.display.casefold() == concept.ingredient.casefold():
                by_name[concept.ingredient] = concept
    for row in knowledge.ingredients.rows:
        if row.ingredient in by_name:
            yield from ((form, by_name[row.ingredient]) for form in row.forms)


def _problems(knowledge: Knowledge) -> Iterator[tuple[str, Concept]]:
    for short in CODED:
        for concept in knowledge.codes.of_system(knowledge.systems[short]):
            if concept.sets and concept.display:
                yield re.sub(r"\([^()]*\)$", "", concept.display), concept


def _triples(text: str) -> frozenset[str]:
    words = [f"  {word} " for word in _WORD.findall(fold(text))]
    return frozenset(word[at : at + 3] for word in words for at in range(len(word) - 2))


def _letters(unit: str) -> str:
    return re.sub(r"[^a-z0-9%]", "", fold(unit))


def _likeness(first: str, second: str) -> float:
    here, there = _triples(first), _triples(second)
    return 2 * len(here & there) / (len(here) + len(there)) if here and there else 0.0
