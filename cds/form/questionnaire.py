"""Our own Questionnaire (second edition N22) as FHIR R4, from the data by which its answers are read."""

from collections.abc import Iterator, Mapping
from typing import Any

from cards.form_words import FormWords
from cds.knowledge.form import NO, YES_NO, Form, FormItem, OnlyIf, Option

Json = dict[str, Any]
EXTENSION = "http://hl7.org/fhir/StructureDefinition"
LINK_PERIOD = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-observationLinkPeriod"
UCUM = "http://unitsofmeasure.org"
NAME, PUBLISHER = "MuscleTwitching", "Twitch CDS"
TITLE = "Muscle twitching: what to ask"
DESCRIPTION = (
    "What a health-care professional asks somebody with muscle twitching. Twitch CDS reads the answers: those of "
    "questions that are for some ages or one sex only count for these."
)
OF_ANSWERS = "The answers to the Questionnaire on muscle twitching."


class Author:
    """Writes the resources: `base` is that of their canonical addresses, `systems` the code systems by their prefix."""

    def __init__(self, form: Form, words: FormWords, systems: Mapping[str, str], base: str) -> None:
        self._form, self._words, self._systems = form, words, systems
        self._url = f"{base}/Questionnaire/{form.path}"
        self._codes = f"{base}/CodeSystem/{form.path}"

    def questionnaire(self) -> Json:
        """The Questionnaire: its items one after the other, as N22 lists them."""
        return {
            "resourceType": "Questionnaire",
            **self._head(self._url, TITLE, DESCRIPTION),
            "subjectType": ["Patient"],
            "item": [self._item(item) for item in self._form.item],
        }

    def code_system(self) -> Json:
        """The answers that no terminology codes."""
        displays: dict[str, str] = {}
        for item in self._form.every():
            for option in self._form.options(item):
                if self._system(option.code) == self._codes:
                    displays.setdefault(option.code, self._words.answer(item.id, item.list, option.code))
        return {
            "resourceType": "CodeSystem",
            **self._head(self._codes, f"{TITLE}: answers", OF_ANSWERS),
            "caseSensitive": True,
            "content": "complete",
            "count": len(displays),
            "concept": [{"code": code, "display": display} for code, display in displays.items()],
        }

    def _head(self, url: str, title: str, description: str) -> Json:
        return {
            "id": self._form.path,
            "url": url,
            "version": self._form.version,
            "name": NAME,
            "title": title,
            "status": "active",
            "experimental": False,
            "publisher": PUBLISHER,
            "description": description,
        }

    def _item(self, item: FormItem) -> Json:
        json_item: Json = {"linkId": item.id, "text": self._words.text(item.id), "type": item.type}
        options = self._form.options(item)
        condition = self._condition(item)
        more: Json = {
            "extension": list(self._extensions(item)),
            "code": [self._concept(token) for token in (item.code, item.asks) if token],
            "enableWhen": [condition] if condition else [],
            "answerOption": [self._option(item, option) for option in options],
            "item": [self._item(part) for part in item.parts],
        }
        json_item |= {name: value for name, value in more.items() if value}
        return json_item | ({"repeats": True} if item.repeats else {})

    def _condition(self, item: FormItem) -> Json | None:
        """What an item follows; of those that follow nothing, all are asked unless the first answer ends the form.

        What is asked below an item is not asked without it.
        """
        if item.only_if is not None:
            return self._when(item.only_if, "=")
        is_asked_first = item.id == self._form.end or item not in self._form.item
        return None if is_asked_first else self._when(OnlyIf(self._form.end, NO), "!=")

    def _when(self, condition: OnlyIf, operator: str) -> Json:
        answer = {"system": self._system(condition.answer), "code": condition.answer}
        return {"question": condition.item, "operator": operator, "answerCoding": answer}

    def _option(self, item: FormItem, option: Option) -> Json:
        coding: Json = {
            "system": self._system(option.code),
            "code": option.code,
            "display": self._words.answer(item.id, item.list, option.code),
        }
        if option.number is not None:
            coding = {"extension": [{"url": f"{EXTENSION}/ordinalValue", "valueDecimal": option.number}], **coding}
        answer: Json = {"valueCoding": coding}
        if option.exclusive is None:
            return answer
        return {"extension": [{"url": f"{EXTENSION}/questionnaire-optionExclusive", "valueBoolean": True}], **answer}

    def _extensions(self, item: FormItem) -> Iterator[Json]:
        """Limits and units of numbers, and for how long an Observation answers a question (SDC)."""
        if item.most is not None:
            name = "valueDecimal" if item.type == "quantity" else "valueInteger"
            yield {"url": f"{EXTENSION}/minValue", name: 0}
            yield {"url": f"{EXTENSION}/maxValue", name: item.most}
        if item.unit is not None:
            unit = {"system": UCUM, "code": item.unit, "display": item.unit}
            kind = "unitOption" if item.type == "quantity" else "unit"
            yield {"url": f"{EXTENSION}/questionnaire-{kind}", "valueCoding": unit}
        if item.period is not None:
            days = {"value": item.period, "unit": "days", "system": UCUM, "code": "d"}
            yield {"url": LINK_PERIOD, "valueDuration": days}

    def _concept(self, token: str) -> Json:
        prefix, _, code = token.partition(":")
        return {"system": self._systems[prefix], "code": code}

    def _system(self, code: str) -> str:
        return YES_NO.get(code, self._codes)
