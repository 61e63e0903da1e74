"""QuestionnaireResponses of the notation: answers to our own form by its items, and to the forms of others."""

import re
from typing import Any

from charts.codes import SYSTEMS, concept
from charts.dates import UNDATED, fhir_date
from charts.values import quantity

Json = dict[str, Any]
Line = dict[str, Any]
OWN = "https://cds.example.org"
YES_NO = frozenset({"Y", "N", "UNK"})
DATES = frozenset({"q.onset", "q.drugs.date"})
TEXTS = frozenset({"q.drugs.name"})
_CODED = re.compile(r"(?:\d{3,6}-\d|\d{6,18})(?: .*)?")


def own_form(line: Line, answers: Line) -> Json:
    """A response to our own Questionnaire; a list under an item is one answer each, a list of tables one group each."""
    made = _response(line, f"{OWN}/Questionnaire/muscle-twitching|1.0.0")
    return made | {"item": [one for item, given in answers.items() for one in _own_items(item, given)]}


def _own_items(item: str, given: Any) -> list[Json]:
    if isinstance(given, list) and given and isinstance(given[0], dict):
        groups = [[one for part, answer in group.items() for one in _own_items(part, answer)] for group in given]
        return [{"linkId": item, "item": group} for group in groups]
    values = given if isinstance(given, list) else [given]
    return [{"linkId": item, "answer": [_own_answer(item, one) for one in values]}]


def _own_answer(item: str, given: Any) -> Json:
    if isinstance(given, int | float):
        return {"valueQuantity": quantity(f"{given} h")} if item == "q.sleep" else {"valueInteger": given}
    if item in TEXTS:
        return {"valueString": given}
    if item in DATES:
        return {"valueDate": fhir_date(given)}
    system = SYSTEMS["eyn"] if given in YES_NO else f"{OWN}/CodeSystem/muscle-twitching"
    return {"valueCoding": {"system": system, "code": given}}


def other_form(line: Line, answers: Line) -> Json:
    """A response to somebody else's form: a key is a code (the linkId) or the text of the question."""
    made = _response(line, line.get("canonical", "https://forms.example.org/Questionnaire/intake"))
    items = [_item(number, key, given) for number, (key, given) in enumerate(answers.items(), 1)]
    for _ in range(line.get("depth", 0)):
        items = [{"linkId": "group", "item": items}]
    return made | {"item": items}


def _item(number: int, key: str, given: Any) -> Json:
    values = given if isinstance(given, list) else [given]
    item: Json = {"linkId": key.split(" ", maxsplit=1)[0] if _CODED.fullmatch(key) else f"i{number}"}
    if key.startswith("def:"):
        item["definition"] = f"http://example.org/StructureDefinition/form#{key[4:]}"
    elif not _CODED.fullmatch(key):
        item["text"] = key
    return item | {"answer": [_answer(one) for one in values if one != ""]}


def _answer(given: Any) -> Json:
    """A boolean, a number, a code after "=", a quantity after "#", else a text."""
    if isinstance(given, bool):
        return {"valueBoolean": given}
    if isinstance(given, int):
        return {"valueInteger": given}
    if isinstance(given, float):
        return {"valueDecimal": given}
    if given.startswith("="):
        return {"valueCoding": concept(given[1:])["coding"][0]}
    return {"valueQuantity": quantity(given[1:])} if given.startswith("#") else {"valueString": given}


def _response(line: Line, canonical: str) -> Json:
    made: Json = {
        "resourceType": "QuestionnaireResponse",
        "questionnaire": canonical,
        "status": line.get("status", "completed"),
    }
    if not line.get("undated"):
        made["authored"] = fhir_date(line.get("at", UNDATED))
    for option, element in (("by", "source"), ("author", "author")):
        if option in line:
            made[element] = {"reference": f"{line[option]}/who"}
    return made
