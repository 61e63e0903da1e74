"""What the site calls a code, held against what it is to be read as: another analyte, specimen, kind or medicine."""

import re
import unicodedata
from collections.abc import Iterable

from cds.knowledge.codes import Concept
from cds.knowledge.ingredients import fold
from cds.knowledge.load import Knowledge
from cds.knowledge.model import CALCIUM_KINDS, OtherTests

_WORD = re.compile(r"[^\W_]+")
_PER_LITRE = re.compile(r"\bi?u ?/ ?m?l\b")


class Names:
    """Tells what speaks against reading something with these names as a concept."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge
        self._tests = OtherNames(knowledge.phrases.other_tests)

    def objection(self, concept: Concept, names: Iterable[str]) -> str | None:
        """Why they are of something else, in words; None if nothing says so."""
        for name in names:
            reason = self._of_test(concept, name) if concept.analyte else self._of_medicine(concept, name)
            if reason is not None:
                return reason
        return None

    def _of_test(self, concept: Concept, name: str) -> str | None:
        analyte = concept.analyte or ""
        analyte_named = self._knowledge.analyte_words.analyte(name)
        label = self._knowledge.analytes[analyte].label
        if analyte_named is not None and analyte_named != analyte:
            return f"its name says {self._knowledge.analytes[analyte_named].label}, the target is {label}"
        if (other_test := self._tests.other(name)) is not None:
            return f"its name says `{other_test}`, which is another test than {label}"
        kind = next((kind for group, kind in CALCIUM_KINDS.items() if group in concept.groups), None)
        kind_named = self._tests.kind(name)
        if kind_named not in (None, kind) and not (kind is None and kind_named == "unadjusted"):
            return f"its name says {kind_named}, the target is {f'{kind} ' if kind else ''}{label}"
        return None

    def _of_medicine(self, concept: Concept, name: str) -> str | None:
        ingredients = self._knowledge.ingredients.find(name)
        if not concept.groups or not concept.ingredient or not ingredients:
            return None
        ingredient = fold(concept.ingredient)
        if any(
            fold(concept.ingredient) in ingredient or ingredient in fold(concept.ingredient) for concept in ingredients
        ):
            return None
        return f"its name says {ingredients[0].ingredient}, the target is {concept.ingredient}"


class OtherNames:
    """Words by which the name of a test says that it is of another specimen, or of another kind."""

    def __init__(self, words: OtherTests) -> None:
        self._begin = tuple(fold(word) for word in words.begin)
        self._whole_words = frozenset(fold(word) for word in words.whole)
        self._within = tuple(fold(word) for word in words.within)
        self._kinds = {kind: tuple(map(fold, words_of_kind)) for kind, words_of_kind in words.kinds.items()}

    def other(self, name: str) -> str | None:
        """The word that says so."""
        plain = _plain(name)
        if within := next((word for word in self._within if word in plain), None):
            return within
        tokens = _WORD.findall(plain)
        return next((token for token in tokens if token in self._whole_words or token.startswith(self._begin)), None)

    def kind(self, name: str) -> str | None:
        """The kind that it names."""
        tokens = _WORD.findall(_plain(name))
        kinds = (kind for kind, begin in self._kinds.items() if any(token.startswith(begin) for token in tokens))
        return next(kinds, None)


def _plain(name: str) -> str:
    return _PER_LITRE.sub(" ", fold(unicodedata.normalize("NFKC", name)))
