"""Our own Questionnaire (second edition N22) as FHIR R4, from the data by which its answers are read."""

from collections.abc import Iterator, Mapping
from typing import Any

from cards.form_words import FormWords
from cds.form.about import EXTENSION, SDC_EXTENSION, Exclusion, about, exclusions, patient_context, toggle
from cds.knowledge.form import NO, YES_NO, Form, FormItem, OnlyIf, Option

Json = dict[str, Any]
UCUM = "http://unitsofmeasure.org"
NAME, PUBLISHER = "MuscleTwitching", "Twitch CDS"
TITLE = "Muscle twitching: what to ask"
DESCRIPTION = (
    "What a health-care professional asks somebody with muscle twitching. Twitch CDS reads the answers: questions "
    "for certain ages, or not for men, are ignored for everybody else."
)
OF_ANSWERS = "The answers to the Questionnaire on muscle twitching."


class Author:
    """Writes the resources: `base` is that of their canonical addresses, `systems` the code systems by their prefix."""

    def __init__(self, form: Form, words: FormWords, systems: Mapping[str, str], base: str) -> None:
        self._form, self._words, self._systems = form, words, systems
        self._url = f"{base}/Questionnaire/{form.path}"
        self._codes = f"{base}/CodeSystem/{form.path}"

    def questionnaire(self) -> Json:
        """The Questionnaire: its items one after the other, as N22 lists them, behind what is hidden."""
        return {
            "resourceType": "Questionnaire",
            **self._head(self._url, TITLE, DESCRIPTION),
            "extension": [patient_context(self._words)],
            "subjectType": ["Patient"],
            "item": [about(self._form.limited(), self._words), *(self._item(item) for item in self._form.item)],
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
        conditions = list(self._conditions(item))
        more: Json = {
            "extension": list(self._extensions(item)),
            "code": [self._concept(token) for token in (item.code, item.asks) if token],
            "enableWhen": conditions,
            "enableBehavior": "all" if len(conditions) > 1 else "",
            "answerOption": [self._option(item, option) for option in options],
            "item": [self._item(part) for part in item.parts],
        }
        json_item |= {name: value for name, value in more.items() if value}
        return json_item | ({"repeats": True} if item.repeats else {})

    def _conditions(self, item: FormItem) -> Iterator[Json]:
        """What an item follows; of those that follow nothing, all are asked unless the first answer ends the form.

        What is asked below an item is not asked without it. Each has its ages, and the sex that it is not for.
        """
        if item.only_if is not None:
            yield self._when(item.only_if, "=")
        elif item.id != self._form.end and item in self._form.item:
            yield self._when(OnlyIf(self._form.end, NO), "!=")
        yield from (exclusion.condition() for exclusion in exclusions(item))

    def _when(self, condition: OnlyIf, operator: str) -> Json:
        answer = {"system": self._system(condition.answer), "code": condition.answer}
        return {"question": condition.item, "operator": operator, "answerCoding": answer}

    def _option(self, item: FormItem, option: Option) -> Json:
        coding = self._coding(item, option)
        if option.number is not None:
            coding = {"extension": [{"url": f"{EXTENSION}/ordinalValue", "valueDecimal": option.number}], **coding}
        answer: Json = {"valueCoding": coding}
        if option.exclusive is None:
            return answer
        return {"extension": [{"url": f"{EXTENSION}/questionnaire-optionExclusive", "valueBoolean": True}], **answer}

    def _coding(self, item: FormItem, option: Option) -> Json:
        display = self._words.answer(item.id, item.list, option.code)
        return {"system": self._system(option.code), "code": option.code, "display": display}

    def _extensions(self, item: FormItem) -> Iterator[Json]:
        """Limits and units of numbers; how long an Observation answers a question, and answers for some ages (SDC)."""
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
            yield {"url": f"{SDC_EXTENSION}-observationLinkPeriod", "valueDuration": days}
        by_exclusion: dict[Exclusion, list[Json]] = {}
        for option in self._form.options(item):
            for exclusion in exclusions(option):
                by_exclusion.setdefault(exclusion, []).append(self._coding(item, option))
        yield from (toggle(codings, exclusion) for exclusion, codings in by_exclusion.items())

    def _concept(self, token: str) -> Json:
        prefix, _, code = token.partition(":")
        return {"system": self._systems[prefix], "code": code}

    def _system(self, code: str) -> str:
        return YES_NO.get(code, self._codes)
