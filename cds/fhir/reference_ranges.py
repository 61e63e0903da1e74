"""What a laboratory calls usual, and for whom."""

from msgspec import Struct

from cds.fhir.datatypes import CodeableConcept, Concepts, Quantity


class ReferenceRange(Struct, gc=False, rename="camel"):
    """A laboratory's range and whom it applies to."""

    low: Quantity | None = None
    high: Quantity | None = None
    type: CodeableConcept | None = None
    applies_to: Concepts = None
    age: "AgeRange | None" = None


class AgeRange(Struct, gc=False):
    """The ages a range is meant for."""

    low: Quantity | None = None
    high: Quantity | None = None
