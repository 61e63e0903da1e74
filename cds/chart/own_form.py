"""The answers to our own Questionnaire: what each item and each answer of a list means (second edition N22)."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from msgspec.structs import replace

from cds.chart.facts import ClinicalObservation, Meaning, ReportedMedicine
from cds.chart.naming import Namer
from cds.chart.observations import CAFFEINE, Entry, seen_in
from cds.chart.own_answers import Put
from cds.chart.polarity import FINDING
from cds.chart.polarity import NOT_KNOWN as UNKNOWN_VALUE
from cds.chart.scope import Scope
from cds.fhir.datatypes import CodeableConcept, Coding, Quantity
from cds.fhir.dates import When, parse
from cds.fhir.forms import Answer, AnsweredItem
from cds.fhir.resources import Component
from cds.knowledge.codes import NOTHING, Concept
from cds.knowledge.form import NO, NOT_KNOWN, OFTEN, YES, YES_NO, Form, FormItem, Option

TWITCH, ONSET, WHERE, DRUGS = "q.twitch", "q.onset", "q.where", "q.drugs"
NAME, CHANGE, DATE = f"{DRUGS}.name", f"{DRUGS}.change", f"{DRUGS}.date"


class Answered(Protocol):
    """One item with one of its answers."""

    @property
    def item(self) -> AnsweredItem:
        """The item."""

    @property
    def answer(self) -> Answer:
        """The answer."""


Given = dict[str, list[Answer]]


class OwnForm:
    """Reads responses to our own Questionnaire."""

    def __init__(self, namer: Namer, scope: Scope) -> None:
        self._form: Form = namer.form
        self._systems = namer.systems
        self._namer = namer
        self._scope = scope
        self._canonical = f"/Questionnaire/{self._form.path}"
        self._system = f"CodeSystem/{self._form.path}"

    def is_mine(self, canonical: str) -> bool:
        """Whether a response is to our Questionnaire, whatever the base of the service and the version."""
        return canonical.partition("|")[0].endswith(self._canonical)

    def read(
        self, answered_items: Sequence[Answered], entry: Entry
    ) -> tuple[list[ClinicalObservation], list[ReportedMedicine], list[Put]]:
        """What the answers say, the medicines that they name, and the answers that are not understood."""
        sorted_answers = self._namer.own_answers.sort((item.item, item.answer) for item in answered_items)
        answers: Given = {}
        for item, answer in sorted_answers.understood:
            answers.setdefault(item.link_id or "", []).append(answer)
        observations = [self._impossible(item, amount, entry) for item, amount in sorted_answers.implausible]
        observations += [
            observation
            for name in dict.fromkeys(answer.item.link_id for answer in sorted_answers.strange)
            for observation in self._unsure(name, answers, entry)
        ]
        observations += [
            self._twitch(observation, answers)
            for item in self._form.every()
            for observation in self._of(item, answers, entry)
        ]
        medicines = list(self._medicines(sorted_answers.understood, entry))
        return observations + self._caffeine(answers, entry), medicines, sorted_answers.strange

    def _unsure(self, name: str | None, answers: Given, entry: Entry) -> Iterator[ClinicalObservation]:
        """The signs of an item whose answer is not understood: nothing is known of them, so nothing reassures."""
        for item in self._form.every():
            if item.id == name and item.id not in answers:
                entry = replace(entry, years=item.years, except_sex=item.except_sex)
                for token in (item.asks, *(option.asks for option in self._form.options(item))):
                    if token is not None:
                        yield from self._asked(token, NOT_KNOWN, entry)

    def _impossible(self, item: FormItem, amount: Quantity, entry: Entry) -> ClinicalObservation:
        """A number that cannot be: it is named, and not used (N48)."""
        entry = replace(entry, years=item.years)
        if item.code is not None:
            concepts = self._namer.concepts(self._concept(item.code))
            sets = NOTHING.union(*(concept.sets for concept in concepts))
            finding = self._seen(Meaning(entry.ref, concepts, sets), entry)
        else:
            finding = self._put(item.id, frozenset({CAFFEINE}), entry)
        return replace(finding, quantity=amount, said=UNKNOWN_VALUE)

    def _of(self, item: FormItem, answers: Given, entry: Entry) -> Iterator[ClinicalObservation]:
        if item.only_if is not None and item.only_if.answer not in self._chosen(item.only_if.item, answers):
            return
        entry = replace(entry, years=item.years, except_sex=item.except_sex)
        codes = self._chosen(item.id, answers)
        if item.asks is not None or item.sets:
            yield from self._yes_or_no(item, codes, entry)
        elif item.type == "choice":
            yield from self._listed(item, codes, entry)
        elif item.code is not None and item.unit is not None:
            for answer in answers.get(item.id, ()):
                yield from self._measured(item.code, answer.value_quantity, entry)

    def _chosen(self, name: str, answers: Given) -> list[str]:
        """The codes that were chosen, as our lists and those of HL7 spell them."""
        codings = (answer.value_coding for answer in answers.get(name, ()))
        return [coding.code for coding in codings if coding is not None and coding.code]

    def _yes_or_no(self, item: FormItem, codes: Iterable[str], entry: Entry) -> Iterator[ClinicalObservation]:
        for code in codes:
            if item.asks is not None:
                yield from self._asked(item.asks, code, entry)
            elif code == YES:
                yield self._put(item.id, item.sets, entry)

    def _asked(self, token: str, answer: str, entry: Entry) -> Iterator[ClinicalObservation]:
        """The sign of a token, with an answer of HL7's list: its polarity is decided where all are."""
        value = CodeableConcept(coding=[Coding(system=YES_NO[answer], code=answer)])
        yield from self._read(Component(code=self._concept(token), value_codeable_concept=value), entry)

    def _listed(self, item: FormItem, codes: list[str], entry: Entry) -> Iterator[ClinicalObservation]:
        """Each answer that was chosen; one that excludes the others is about all of them, if it stands alone."""
        options = {option.code: option for option in self._form.options(item)}
        picked = [options[code] for code in codes if code in options]
        affirmed = [option for option in picked if option.exclusive is None]
        for option in affirmed:
            yield from self._affirmed(item, option, entry)
        exclusive = {option.exclusive for option in picked} if not affirmed else set()
        if exclusive:
            answer = NOT_KNOWN if "unsure" in exclusive else NO
            for option in options.values():
                if option.asks is not None:
                    yield from self._asked(option.asks, answer, entry)

    def _affirmed(self, item: FormItem, option: Option, entry: Entry) -> Iterator[ClinicalObservation]:
        entry = replace(entry, years=option.years) if option.years else entry
        if option.asks is not None:
            yield from self._asked(option.asks, YES, entry)
        if option.number is not None and item.code is not None:
            yield from self._measured(item.code, Quantity(stated=float(option.number)), entry)
        elif item.code is not None and option.sets and option.site is None:
            yield self._valued(item.code, option.sets, entry)
        elif option.sets and item.id != OFTEN:
            yield self._put(f"{item.id}.{option.code}", option.sets, entry)

    def _measured(self, token: str, amount: Quantity | None, entry: Entry) -> Iterator[ClinicalObservation]:
        if amount is not None:
            yield from self._read(Component(code=self._concept(token), value_quantity=amount), entry)

    def _read(self, part: Component, entry: Entry) -> Iterator[ClinicalObservation]:
        return (finding for finding in (seen_in(part, self._namer, entry),) if finding is not None)

    def _valued(self, token: str, sets: frozenset[str], entry: Entry) -> ClinicalObservation:
        """An answer to a coded question, in the value sets that it stands for."""
        concepts = self._namer.concepts(self._concept(token))
        meaning = Meaning(entry.ref, concepts, NOTHING.union(*(concept.sets for concept in concepts)))
        return self._seen(meaning, entry, value_sets=sets)

    def _put(self, code: str, sets: frozenset[str], entry: Entry) -> ClinicalObservation:
        """A finding that no terminology codes, by the code of our own list."""
        concept = Concept(system=self._system, code=code, display="", sets=sets)
        return self._seen(Meaning(entry.ref, (concept,), sets, words=self._namer.form_names[code]), entry)

    @staticmethod
    def _seen(meaning: Meaning, entry: Entry, value_sets: frozenset[str] = NOTHING) -> ClinicalObservation:
        return ClinicalObservation(
            named=meaning,
            when=entry.when,
            said=FINDING,
            value_sets=value_sets,
            source=entry.source,
            reported=entry.reported,
            years=entry.years,
            except_sex=entry.except_sex,
        )

    def _twitch(self, observation: ClinicalObservation, answers: Given) -> ClinicalObservation:
        """The twitch with its onset, its sites and how often it comes; other findings as they are."""
        if "twitch" not in observation.named.sets:
            return observation
        places = {option.code: option for item in self._form.item if item.id == WHERE for option in item.answers}
        sites = [places[code].site for code in self._chosen(WHERE, answers) if code in places]
        often = {option.code: option.sets for item in self._form.item if item.id == OFTEN for option in item.answers}
        frequent = NOTHING.union(*(often.get(code, NOTHING) for code in self._chosen(OFTEN, answers)))
        onset = next((answer.value_date for answer in answers.get(ONSET, ())), None)
        return replace(
            observation,
            sites=tuple(frozenset({site}) if site else NOTHING for site in sites),
            value_sets=observation.value_sets | frequent,
            onset=self._past(onset),
        )

    def _caffeine(self, answers: Given, entry: Entry) -> list[ClinicalObservation]:
        """Cups and cans together, in mg a day."""
        counted = [
            (item, amount.value * item.caffeine)
            for item in self._form.item
            if item.caffeine is not None
            for answer in answers.get(item.id, ())
            if (amount := answer.value_quantity) is not None and amount.value is not None
        ]
        if not counted:
            return []
        first, total = counted[0][0], sum(mg for _, mg in counted)
        observation = self._put(first.id, frozenset({CAFFEINE}), replace(entry, years=first.years))
        unit = self._namer.answers.questions.units[CAFFEINE]
        return [replace(observation, quantity=Quantity(stated=total, code=unit))]

    def _medicines(self, answered_items: Sequence[Answered], entry: Entry) -> Iterator[ReportedMedicine]:
        """The medicines that the patient names: what was done and when follows each name."""
        medicine: ReportedMedicine | None = None
        for item, answer in ((answered_item.item, answered_item.answer) for answered_item in answered_items):
            if item.link_id == NAME and (answer.value_string or "").strip():
                if medicine is not None:
                    yield medicine
                name = answer.value_string or ""
                medicine = ReportedMedicine(entry.ref, name, self._namer.ingredients([name]), when=entry.when)
            elif medicine is not None and item.link_id == CHANGE and answer.value_coding is not None:
                medicine = replace(medicine, change=answer.value_coding.code or "")
            elif medicine is not None and item.link_id == DATE:
                medicine = replace(medicine, start=self._past(answer.value_date))
        if medicine is not None:
            yield medicine

    def _past(self, text: str | None) -> When | None:
        """A date that is not of the future."""
        when = parse(text)
        return None if self._scope.is_future(when) else self._scope.date(when)

    def _concept(self, token: str) -> CodeableConcept:
        short, _, code = token.partition(":")
        return CodeableConcept(coding=[Coding(system=self._systems[short], code=code)])
