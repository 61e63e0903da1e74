"""Questionnaires and the answers to them: the few elements that are read (FHIR R4, with STU3's and R5's shapes)."""

from msgspec import Raw, Struct

from cds.fhir.base import Owned, Resource
from cds.fhir.datatypes import Coding, Number, Quantity, Reference


class Answer(Struct, gc=False, rename="camel"):
    """One answer, and the items below it."""

    value_boolean: bool | None = None
    value_coding: Coding | None = None
    value_quantity: Quantity | None = None
    value_decimal: Number | None = None
    value_integer: Number | None = None
    value_string: str | None = None
    value_date: str | None = None
    value_date_time: str | None = None
    item: "list[AnsweredItem] | None" = None


class AnsweredItem(Struct, gc=False, rename="camel"):
    """One item of a response; R5 has no `answer` of another shape, STU3 the same."""

    link_id: str | None = None
    definition: str | None = None
    text: str | None = None
    answer: list[Answer] | None = None
    item: "list[AnsweredItem] | None" = None


class QuestionnaireResponse(Owned, tag="QuestionnaireResponse", rename="camel"):
    """The answers that somebody gave. `questionnaire` is a canonical, in STU3 a reference."""

    questionnaire: Reference | str | None = None
    status: str | None = None
    authored: str | None = None
    author: Reference | None = None
    source: Reference | None = None
    contained: list[Raw] | None = None
    item: list[AnsweredItem] | None = None


class QuestionItem(Struct, gc=False, rename="camel"):
    """One item of a Questionnaire: what its question is coded as."""

    link_id: str | None = None
    code: list[Coding] | None = None
    item: "list[QuestionItem] | None" = None


class Questionnaire(Resource, tag="Questionnaire"):
    """The questions; only their codes are read."""

    url: str | None = None
    item: list[QuestionItem] | None = None
