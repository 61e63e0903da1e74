"""The form as the service publishes it, and responses that somebody fills in against it."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from cards.form_words import read_form_words
from cds.chart.facts import Chart
from cds.chart.reader import Reader
from cds.chart.scope import Scope
from cds.fhir import resources as fhir
from cds.form.questionnaire import Author
from charts.dates import TODAY
from charts.seam import engine

Json = dict[str, Any]
BASE = "https://cds.example.org"
ENGINE = engine(TODAY)
FORM = ENGINE.knowledge.form
AUTHOR = Author(FORM, read_form_words(), ENGINE.knowledge.systems, BASE)
QUESTIONNAIRE = AUTHOR.questionnaire()
CODE_SYSTEM = AUTHOR.code_system()
DECODER = msgspec.json.Decoder(fhir.Any)
YES = {"system": "http://terminology.hl7.org/CodeSystem/v2-0532", "code": "Y"}


def items(*some: Json) -> Iterator[Json]:
    """All items, the inner ones too."""
    for one in some or QUESTIONNAIRE["item"]:
        yield one
        yield from items(*inner) if (inner := one.get("item")) else ()


def item(name: str) -> Json:
    """One item."""
    return next(one for one in items() if one["linkId"] == name)


def option(name: str, code: str) -> Json:
    """An answer of a list, as the Questionnaire offers it."""
    offered = (one["valueCoding"] for one in item(name)["answerOption"])
    return next({key: one[key] for key in ("system", "code", "display")} for one in offered if one["code"] == code)


def answers(name: str, *given: Any) -> list[Json]:
    """The answers to an item, each in the type that the Questionnaire says."""
    kind = item(name)["type"]
    if kind == "choice":
        return [{"valueCoding": option(name, one)} for one in given]
    if kind == "quantity":
        unit = next(one for one in item(name)["extension"] if one["url"].endswith("-unitOption"))["valueCoding"]
        return [{"valueQuantity": {"value": one, **{key: unit[key] for key in ("system", "code")}}} for one in given]
    types = {"integer": "valueInteger", "date": "valueDate", "string": "valueString"}
    return [{types[kind]: one} for one in given]


def filled(given: Mapping[str, Any], **elements: Any) -> Json:
    """A response with these answers in the order and the nesting of the Questionnaire."""
    return {
        "resourceType": "QuestionnaireResponse",
        "id": "f",
        "questionnaire": f"{QUESTIONNAIRE['url']}|{QUESTIONNAIRE['version']}",
        "status": "completed",
        "subject": {"reference": "Patient/golden"},
        "source": {"reference": "Patient/golden"},
        "authored": TODAY.isoformat(),
        "item": [made for one in QUESTIONNAIRE["item"] for made in _filled(one, given)],
        **elements,
    }


def _filled(asked: Json, given: Mapping[str, Any]) -> Iterator[Json]:
    named = {"linkId": asked["linkId"], "text": asked["text"]}
    inner = [made for part in asked.get("item", ()) for made in _filled(part, given)]
    if asked["type"] == "group":
        yield from ([{**named, "item": inner}] if inner else [])
    elif asked["linkId"] in given:
        value = given[asked["linkId"]]
        made = answers(asked["linkId"], *(value if isinstance(value, list) else [value]))
        made[0] |= {"item": inner} if inner else {}
        yield {**named, "answer": made}


def read(response: Json) -> Chart:
    """The chart of one response."""
    reader = Reader(ENGINE.namer, ENGINE.routes, Scope("golden", ENGINE.now(), TODAY.toordinal(), 24))
    reader.add([DECODER.decode(json.dumps(response))])
    return reader.finish()
