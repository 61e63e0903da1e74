"""Reading concepts, one or many, whatever the FHIR release calls them."""

from collections.abc import Iterable, Iterator

from cds.fhir.datatypes import CodeableConcept, CodeableReference, Concepts


def each(concepts: Concepts) -> Iterator[CodeableConcept]:
    """The concepts of an element that may hold one or many."""
    if isinstance(concepts, CodeableConcept):
        yield concepts.concept or concepts
    else:
        for concept in concepts or ():
            yield concept.concept or concept


def plain(concept: CodeableConcept | None) -> CodeableConcept | None:
    """The concept itself, also when R5 wraps it in a CodeableReference."""
    return concept.concept or concept if concept is not None else None


def of_reference(reference: CodeableReference | None) -> CodeableConcept | None:
    """The concept of a CodeableReference, if it has one."""
    return reference.concept if reference is not None else None


def words(value: CodeableConcept | str | None) -> Iterator[str]:
    """What a status is called: R4 has it as a concept with codes, names and text, STU3 as a code."""
    if isinstance(value, str):
        yield value
    elif value is not None:
        codings = value.coding or ()
        yield from (coding.code for coding in codings if coding.code)
        yield from (coding.display for coding in codings if coding.display)
        if value.text:
            yield value.text


def texts(concept: CodeableConcept | None) -> Iterator[str]:
    """What a concept says in words: its text, and the names of its codes."""
    if concept is not None:
        if concept.text:
            yield concept.text
        yield from (coding.display for coding in concept.coding or () if coding.display)


def codes(concepts: Iterable[CodeableConcept]) -> set[str]:
    """All codes, whatever their system (for small required value sets)."""
    return {coding.code for concept in concepts for coding in concept.coding or () if coding.code}
