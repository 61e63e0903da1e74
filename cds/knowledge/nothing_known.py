"""Entries that say that a list is empty: "No known medications", "No information about problems" (N1, N48)."""

from collections.abc import Iterable, Mapping
from typing import Literal

from msgspec import Struct

from cds.fhir.concepts import texts
from cds.fhir.datatypes import CodeableConcept
from cds.knowledge.answers import Listed, fold, spellings

Statement = Literal["none", "unknown"]


class NothingKnown(Struct, frozen=True, eq=False):
    """The codes and whole texts of such entries, and which of both kinds each is; compared by identity."""

    codes: Mapping[tuple[str, str], Statement]
    texts: Mapping[str, Statement]

    def of(self, concepts: Iterable[CodeableConcept]) -> Statement | None:
        """What an entry says by its codes, else by its whole text; both is unknown. None if it names a thing."""
        all_concepts = list(concepts)
        codings = (coding for concept in all_concepts for coding in concept.coding or ())
        by_code = [self.codes.get((coding.system or "", coding.code or "")) for coding in codings]
        said = {statement for statement in by_code if statement is not None}
        if not said:
            by_text = [self.texts.get(fold(text)) for concept in all_concepts for text in texts(concept)]
            said = {statement for statement in by_text if statement is not None} if None not in by_text else set()
        if not said:
            return None
        return said.pop() if len(said) == 1 else "unknown"


def nothing_known(listed: Listed, systems: Mapping[str, list[str]]) -> NothingKnown:
    """The lists of the file, each code under all the names of its system."""
    codes: dict[tuple[str, str], Statement] = {}
    by_text: dict[str, Statement] = {}
    statements: tuple[tuple[Statement, list[str], list[str]], ...] = (
        ("none", listed.none, listed.none_texts),
        ("unknown", listed.unknown, listed.unknown_texts),
    )
    for statement, tokens, whole_texts in statements:
        for token in tokens:
            name, _, code = token.partition(":")
            codes |= {(url, code): statement for url in systems[name]}
        by_text |= {plain: statement for text in whole_texts for plain in spellings(text)}
    return NothingKnown(codes, by_text)
