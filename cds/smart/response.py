"""Answers as FHIR: the QuestionnaireResponse, and the Observations that follow from it (second edition N22)."""

from collections.abc import Callable, Iterator
from datetime import datetime

from msgspec import Struct

from cds.knowledge.form import Form, FormItem
from cds.smart.answers import ROWS, row_name
from cds.smart.asked import NO, NOT_KNOWN, YES
from cds.smart.sealed import word_of
from cds.smart.session import Given, Session, Unsent
from cds.smart.wire import Json

V2_YES_NO = "http://terminology.hl7.org/CodeSystem/v2-0532"
UCUM = "http://unitsofmeasure.org"
CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
SURVEY = "survey"
SCORE = "{score}"
LOINC = "loinc:"


class Worded(Struct, frozen=True):
    """The words of the form: the text of an item, and of one of its answers."""

    text: Callable[[FormItem], str]
    answer: Callable[[FormItem, str], str]


class Writer:
    """Writes what one visit answered."""

    def __init__(self, form: Form, base: str, loinc: str, worded: Worded) -> None:
        """`base` is that of our canonical addresses, `loinc` the system's."""
        self._form, self._base, self._loinc, self._worded = form, base, loinc, worded
        self._code_system = f"{base}/CodeSystem/{form.path}"

    def response(self, session: Session, answers: Given, moment: datetime) -> Json:
        """The response. The patient answers, whoever holds the tablet: so `source` is always the patient (N21)."""
        patient = f"Patient/{session.patient}"
        return {
            "resourceType": "QuestionnaireResponse",
            "identifier": self._identifier(session, answers, "response"),
            "questionnaire": f"{self._base}/Questionnaire/{self._form.path}|{self._form.version}",
            "status": "completed",
            "subject": {"reference": patient},
            "authored": moment.isoformat(timespec="seconds"),
            "author": {"reference": patient if session.by_patient else session.user},
            "source": {"reference": patient},
            "item": [answer_item for item in self._form.item for answer_item in self._items(item, answers)],
        }

    def observations(self, session: Session, answers: Given, moment: datetime) -> list[Json]:
        """What a code of its own says of an answer. The parts of the twitch (onset, site) stay in the response."""
        patient = {"reference": f"Patient/{session.patient}"}
        return [
            {
                "resourceType": "Observation",
                "identifier": [self._identifier(session, answers, item.id)],
                "status": "final",
                "category": [{"coding": [{"system": CATEGORY, "code": SURVEY}]}],
                "code": {
                    "coding": [{"system": self._loinc, "code": code.removeprefix(LOINC)}],
                    "text": self._worded.text(item),
                },
                "subject": patient,
                "performer": [patient],
                "effectiveDateTime": moment.isoformat(timespec="seconds"),
                **value,
            }
            for item in self._form.every()
            for code, value in self._coded(item, answers)
        ]

    def _identifier(self, session: Session, answers: Given, kind: str) -> Json:
        """The same answers of the same visit have the same name, so that they are stored once."""
        return {"system": f"{self._base}/smart/answers", "value": word_of(name_of(session, answers), kind)}

    def _items(self, item: FormItem, answers: Given) -> Iterator[Json]:
        text = {"linkId": item.id, "text": self._worded.text(item)}
        if item.type == "group":
            for row in range(1, ROWS + 1):
                parts = [
                    answer_item
                    for part in item.parts
                    for answer_item in self._item(part, answers.get(row_name(part, row)))
                ]
                if parts:
                    yield {**text, "item": parts}
            return
        for answer_item in self._item(item, answers.get(item.id)):
            parts = [answer_item for part in item.parts for answer_item in self._item(part, answers.get(part.id))]
            if parts:
                answer_item["answer"][0]["item"] = parts
            yield answer_item

    def _item(self, item: FormItem, values: list[str] | None) -> Iterator[Json]:
        if values:
            answers = [self._answer(item, value) for value in values]
            yield {"linkId": item.id, "text": self._worded.text(item), "answer": answers}

    def _answer(self, item: FormItem, value: str) -> Json:
        match item.type:
            case "choice":
                return {"valueCoding": self._coding(item, value)}
            case "date":
                return {"valueDate": value}
            case "integer":
                return {"valueInteger": int(value)}
            case "quantity":
                return {"valueQuantity": _quantity(value, item.unit or "1")}
            case _:
                return {"valueString": value}

    def _coding(self, item: FormItem, code: str) -> Json:
        system = V2_YES_NO if code in (YES, NO, NOT_KNOWN) else self._code_system
        return {"system": system, "code": code, "display": self._worded.answer(item, code)}

    def _coded(self, item: FormItem, answers: Given) -> Iterator[tuple[str, Json]]:
        """The LOINC code of an item with its value, if it was answered and is a finding of its own."""
        code = item.code if item.asks is None else item.asks
        if code is None or not code.startswith(LOINC) or item.repeats or item.type in ("date", "group", "string"):
            return
        for value in answers.get(item.id, []):
            yield code, self._value(item, value)

    def _value(self, item: FormItem, value: str) -> Json:
        if item.type != "choice":
            return {"valueQuantity": _quantity(value, item.unit or "1")}
        number = next((option.number for option in self._form.options(item) if option.code == value), None)
        if number is not None:
            return {"valueQuantity": _quantity(str(number), SCORE)}
        return {
            "valueCodeableConcept": {
                "coding": [self._coding(item, value)],
                "text": self._worded.answer(item, value),
            }
        }


def name_of(session: Session | Unsent, answers: Given) -> str:
    """The name of these answers of this visit; the visit's own name is secret, so that it tells nothing."""
    return word_of(session.sid, *(f"{name}={value}" for name, values in sorted(answers.items()) for value in values))


def _quantity(value: str, unit: str) -> Json:
    number = float(value)
    return {"value": int(number) if number.is_integer() else number, "unit": unit, "system": UCUM, "code": unit}
