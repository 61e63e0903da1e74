"""The few FHIR datatypes that rules read, one and many alike where senders mix them."""

import re
from typing import Annotated

from msgspec import Meta, Raw, Struct, field

Number = Annotated[float, Meta(ge=-1e18, le=1e18)]  # no measurement is beyond; sums stay finite
Integer = Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]  # FHIR datatypes, integer: 32 bits
COMPARATORS = frozenset({"<", "<=", ">=", ">", "ad"})
EQUAL = "="  # no comparator of FHIR, and says nothing else
_NUMBER = re.compile(r"-?\d{1,15}(?:\.\d{1,15})?", re.ASCII)
_POINT_OR_GROUP = re.compile(r"-?[1-9]\d{0,2}\.\d{3}", re.ASCII)


class Coding(Struct, gc=False):
    """A code, its system and its name (FHIR datatypes, Coding); the name is read where the code is unknown.

    `extension` stays unread but for a diagnosis of ICD-10-GM.
    """

    system: str | None = None
    code: str | None = None
    display: str | None = None
    extension: Raw = Raw(b"null")


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
    reference: NamedReference | None = None


class Annotation(Struct, gc=False):
    """A note, with its day."""

    text: str | None = None
    time: str | None = None


class Quantity(Struct, gc=False):
    """A value with its unit (FHIR datatypes, Quantity), also where a number is sent as text.

    A comparator that FHIR does not know leaves no value: what it says of the number is not known.
    """

    stated: Number | str | None = field(default=None, name="value")
    sign: str | None = field(default=None, name="comparator")
    unit: str | None = None
    system: str | None = None
    code: str | None = None

    @property
    def value(self) -> float | None:
        """The number."""
        if self.sign and self.sign not in COMPARATORS and self.sign != EQUAL:
            return None
        return number(self.stated) if isinstance(self.stated, str) else self.stated

    @property
    def grouped(self) -> float | None:
        """What a number that is sent as text says if its point separates thousands ("12.500"), where it may."""
        is_text = isinstance(self.stated, str) and _POINT_OR_GROUP.fullmatch(self.stated.strip()) is not None
        return round(value * 1000) if is_text and (value := self.value) is not None else None

    @property
    def comparator(self) -> str | None:
        """The comparator, if it says anything."""
        return self.sign if self.sign in COMPARATORS else None


def number(text: str) -> float | None:
    """The number that a text is, from its first to its last character; None if it is anything else."""
    return float(text) if _NUMBER.fullmatch(text.strip()) else None


class Period(Struct, gc=False):
    """Start and end as written."""

    start: str | None = None
    end: str | None = None


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
