"""Who is not asked a question: hidden questions, which form fillers that know SDC answer from the Patient (N22).

They are answered with Yes or not at all, and what depends on them is asked while there is no answer: whoever knows
neither the patient nor SDC asks everything. `enableWhenExpression` would not do (SDC: where its result is empty, the
question is not asked), nor would `!=` (some fillers take it for false while the question has no answer).
"""

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct

from cards.form_words import FormWords
from cds.knowledge.form import FormItem, Option

Json = dict[str, Any]
EXTENSION = "http://hl7.org/fhir/StructureDefinition"
SDC = "http://hl7.org/fhir/uv/sdc"
SDC_EXTENSION = f"{SDC}/StructureDefinition/sdc-questionnaire"
HIDDEN = {"url": f"{EXTENSION}/questionnaire-hidden", "valueBoolean": True}
GROUP = "about"


class Exclusion(Struct, frozen=True):
    """A question about the patient whose Yes leaves others out, and how it is answered from the Patient."""

    name: str
    words: str
    value: str
    expression: str

    @property
    def link_id(self) -> str:
        """The linkId of the hidden question."""
        return f"{GROUP}.{self.name}"

    def condition(self) -> Json:
        """An `enableWhen` that holds while this question has no answer."""
        return {"question": self.link_id, "operator": "exists", "answerBoolean": False}

    def item(self, words: FormWords) -> Json:
        """The hidden question; nobody answers it by hand, because a No would be an answer, too."""
        return {
            "extension": [
                HIDDEN,
                {"url": f"{SDC_EXTENSION}-initialExpression", **_fhirpath(f"iif({self.expression}, true, {{}})")},
            ],
            "linkId": self.link_id,
            "text": words.about_patient(self.words).format(value=self.value),
            "type": "boolean",
            "readOnly": True,
        }


def exclusions(of: FormItem | Option) -> Iterator[Exclusion]:
    """What leaves a question or an answer out; from a date of birth that is known in part, nothing may follow."""
    for least in of.years[:1]:
        born = f"%patient.birthDate > today() - {least} years"
        yield Exclusion(f"under-{least}", "under", str(least), born)
    for most in of.years[1:]:
        born = f"%patient.birthDate <= today() - {most + 1} years"
        yield Exclusion(f"over-{most}", "over", str(most), born)
    if isinstance(of, FormItem) and of.except_sex is not None:
        yield Exclusion(of.except_sex, "sex", of.except_sex, f"%patient.gender = '{of.except_sex}'")


def about(of: Iterable[FormItem | Option], words: FormWords) -> Json:
    """The hidden group, first in the form."""
    each = {exclusion.link_id: exclusion for resource in of for exclusion in exclusions(resource)}
    return {
        "extension": [HIDDEN],
        "linkId": GROUP,
        "text": words.about_patient("title"),
        "type": "group",
        "item": [exclusion.item(words) for exclusion in each.values()],
    }


def patient_context(words: FormWords) -> Json:
    """The one resource of the launch that an expression reads (SDC `launchContext`)."""
    name = {"system": f"{SDC}/CodeSystem/launchContext", "code": "patient", "display": "Patient"}
    return {
        "url": f"{SDC_EXTENSION}-launchContext",
        "extension": [
            {"url": "name", "valueCoding": name},
            {"url": "type", "valueCode": "Patient"},
            {"url": "description", "valueString": words.about_patient("context")},
        ],
    }


def toggle(codings: Iterable[Json], exclusion: Exclusion) -> Json:
    """Answers that are offered unless a hidden question was answered (SDC)."""
    answer_path = f"%resource.repeat(item).where(linkId = '{exclusion.link_id}').answer"
    options = [{"url": "option", "valueCoding": coding} for coding in codings]
    expression = {"url": "expression", **_fhirpath(f"{answer_path}.empty()")}
    return {"url": f"{SDC_EXTENSION}-answerOptionsToggleExpression", "extension": [*options, expression]}


def _fhirpath(expression: str) -> Json:
    return {"valueExpression": {"language": "text/fhirpath", "expression": expression}}
