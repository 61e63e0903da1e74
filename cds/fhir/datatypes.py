"""The few FHIR datatypes that rules read, one and many alike where senders mix them."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

Number = Annotated[float, Meta(ge=-1e18, le=1e18)]  # no measurement is beyond; sums stay finite
Integer = Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]  # FHIR datatypes, integer: 32 bits
Comparator = Literal["<", "<=", ">=", ">", "ad"]


class Coding(Struct, gc=False):
    """A code, its system and its name (FHIR datatypes, Coding); the name is read where the code is unknown."""

    system: str | None = None
    code: str | None = None
    display: str | None = None


class CodeableConcept(Struct, gc=False):
    """A concept; `concept` is R5's CodeableReference around one."""

    coding: list[Coding] | None = None
    text: str | None = None
    concept: "CodeableConcept | None" = None


Concepts = CodeableConcept | list[CodeableConcept] | None


class Reference(Struct, gc=False):
    """A literal reference."""

    reference: str | None = None


class NamedReference(Reference, gc=False):
    """A reference with what it calls its target."""

    display: str | None = None


class CodeableReference(Struct, gc=False):
    """R5: a concept or a reference."""

    concept: CodeableConcept | None = None
    reference: Reference | None = None


class Quantity(Struct, gc=False):
    """A value with its unit (FHIR datatypes, Quantity)."""

    value: Number | None = None
    comparator: Comparator | None = None
    unit: str | None = None
    system: str | None = None
    code: str | None = None


class Period(Struct, gc=False):
    """Start and end as written."""

    start: str | None = None
    end: str | None = None
