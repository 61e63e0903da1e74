"""Answers to questionnaires, read as findings: whose form it is, what each item asks, what the answer says (N20)."""

import re
from collections.abc import Iterator
from copy import copy
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from cds.chart.facts import ClinicalObservation, Meaning, ReportedMedicine, Source
from cds.chart.naming import Namer
from cds.chart.observations import Entry, seen_in
from cds.chart.own_form import OwnForm
from cds.chart.polarity import FINDING, QUESTION, Assertion, By, Says, of_part
from cds.chart.scope import Scope
from cds.chart.spoken import KEPT, RED_FLAG, TOLD, TWITCH_PHRASES, TextMeaning, normalise
from cds.fhir.datatypes import CodeableConcept, Coding, Quantity
from cds.fhir.dates import When, parse
from cds.fhir.forms import Answer, AnsweredItem, QuestionItem, Questionnaire, QuestionnaireResponse
from cds.fhir.raw import read_raw
from cds.fhir.references import parts
from cds.fhir.resources import Component
from cds.fhir.statuses import status_of
from cds.words.mention import Polarity

ANSWERED = frozenset({"completed", "amended"})
CLINICIANS = frozenset({"Practitioner", "PractitionerRole"})
LOINC, SNOMED = "http://loinc.org", "http://snomed.info/sct"
MOST_ANSWERS, DEEPEST = 500, 10
TEXT_FIELD, QUOTED = "text-fields", 60
FACTORS, THE_PATIENT = ("ask-", "family"), "patient"
_CONTAINED = msgspec.json.Decoder(Questionnaire)
_CODES = ((re.compile(r"\d{1,7}-\d", re.ASCII), LOINC), (re.compile(r"\d{6,18}", re.ASCII), SNOMED))
_PARTS = re.compile(r"\s*(?:,|/|\bor\b|\band\b)\s*")
QuestionCodes = dict[str, list[Coding]]


class Answered(NamedTuple):
    """One item with one of its answers."""

    item: AnsweredItem
    answer: Answer
    headings: tuple[str, ...] = ()


class Reading(NamedTuple):
    """What one response says: its findings, the medicines it names, and how many of its answers were not read."""

    seen: list[ClinicalObservation]
    medicines: list[ReportedMedicine]
    left: int


class Forms:
    """The responses of one chart, and the Questionnaires that came with them."""

    def __init__(self, namer: Namer, scope: Scope) -> None:
        self._namer = namer
        self._scope = scope
        self._own = OwnForm(namer, scope)
        self._responses: list[QuestionnaireResponse] = []
        self._codes: dict[str, QuestionCodes] = {}

    def put(self, response: QuestionnaireResponse) -> None:
        """Take a response that counts: finished, and not of the future."""
        if status_of(response) in ANSWERED and not self._scope.is_future(parse(response.authored)):
            self._responses.append(response)

    def ask(self, questionnaire: Questionnaire) -> None:
        """Take a Questionnaire; its url and its id are what responses call it."""
        codes = dict(_codes_of(questionnaire.item or ()))
        for name in (questionnaire.url, questionnaire.ref):
            if name:
                self._codes[name] = codes

    def forget(self, refs: set[str]) -> None:
        """Leave out responses that were deleted or changed."""
        self._responses = [response for response in self._responses if response.ref not in refs]

    def read(self) -> Reading:
        """All that the responses say."""
        readings = [self._of(response) for response in self._responses]
        return Reading(
            [observation for reading in readings for observation in reading.seen],
            [told_medicine for reading in readings for told_medicine in reading.medicines],
            sum(reading.left for reading in readings),
        )

    def _of(self, response: QuestionnaireResponse) -> Reading:
        answers, unread_count = _flattened(response)
        when = self._scope.date(parse(response.authored))
        source = _source(response)
        entry = Entry(response.ref, when, source, reported=source is Source.PATIENT)
        form, codes = _form_of(response), self._codes_for(response)
        if self._own.is_mine(form):
            observations, medicines, strange = self._own.read(answers, entry)
            in_words = [self._in_words(item, answer, entry) for item, answer in strange]
            observations += [finding for finding in in_words if finding is not None]
            return Reading(observations, medicines, unread_count + in_words.count(None))
        if _is_by_relative(response):
            answers = [self._of_child(answer) for answer in answers]
        findings = [finding for answer in answers for finding in self._findings(answer, codes, entry)]
        return Reading(findings, [], unread_count)

    def _findings(self, pair: Answered, codes: QuestionCodes, entry: Entry) -> Iterator[ClinicalObservation]:
        """What an answer shows below its headings; of what no rule reads, whether it names a grave disease (N24)."""
        findings = list(self._read(pair, codes, entry))
        if not findings and (disease := self._disease(pair, entry)) is not None:
            yield disease
        for finding in findings:
            if (below := self._below(pair.headings, finding)) is not None:
                yield below

    def _disease(self, pair: Answered, entry: Entry) -> ClinicalObservation | None:
        """A disease, the patient's or of the family, that a question names and its answer does not deny (N19, N24)."""
        item, answer = pair.item, pair.answer
        part = part_of(CodeableConcept(text=item.text), answer)
        if of_part(part, (), (), self._namer.answers).says is Says.ABSENT:
            return None
        question = ": ".join((*pair.headings, item.text or "")).replace("?", " ")
        answer_words = answer.value_string or (answer.value_coding.display if answer.value_coding else None)
        names = (question, f"{question}: {answer_words}") if answer_words else (question,)
        meaning = self._namer.with_disease(None, entry.ref, names)
        return None if meaning is None else _finding(meaning, entry)

    def _below(self, headings: tuple[str, ...], finding: ClinicalObservation) -> ClinicalObservation | None:
        """A finding as the headings above it mean it: a relative's is none, a past one is unclear now (N14)."""
        polarities = {self._namer.listener.headed(heading) for heading in headings}
        says, sets = finding.said.says, finding.named.sets
        if any(name.startswith(FACTORS) for name in sets):
            return finding
        if Polarity.PERSON in polarities:
            return None
        if Polarity.ABSENT in polarities and says in (Says.PRESENT, Says.ABSENT):
            denied = Assertion(Says.ABSENT, By.TEXT) if says is Says.PRESENT else QUESTION
            return replace(finding, said=denied)
        if Polarity.HISTORY in polarities and says is Says.PRESENT:
            return replace(finding, said=QUESTION)
        return finding

    def _of_child(self, child_answer: Answered) -> Answered:
        """The answer of a relative about a child that is the patient: "my son" is the patient there."""
        words = self._namer.of_child
        item = copy(child_answer.item)
        item.text = words.sub(THE_PATIENT, item.text) if item.text else item.text
        answer = copy(child_answer.answer)
        answer.value_string = words.sub(THE_PATIENT, answer.value_string) if answer.value_string else None
        return Answered(item, answer, tuple(words.sub(THE_PATIENT, heading) for heading in child_answer.headings))

    def _read(self, pair: Answered, codes: QuestionCodes, entry: Entry) -> Iterator[ClinicalObservation]:
        item, answer = pair.item, pair.answer
        question, listed_parts = self._question(item, codes)
        each = (seen_in(part_of(part, answer), self._namer, entry) for part in listed_parts)
        if denied := [finding for finding in each if finding is not None and finding.said.says is Says.ABSENT]:
            yield from denied
            return
        observation = seen_in(part_of(question, answer), self._namer, entry, date=_date_of(answer))
        if observation is None or TEXT_FIELD in observation.named.sets:
            observation = self._in_words(item, answer, entry)
        if observation is not None:
            yield observation

    def _in_words(self, item: AnsweredItem, answer: Answer, entry: Entry) -> ClinicalObservation | None:
        """What a text says, where its question asks for nothing in particular: behind its question (N13, N20)."""
        question, text = normalise((item.text or "").replace("?", " ")), answer.value_string
        if text is None or not self._heard(question).phrases.isdisjoint(TOLD):
            return None
        meaning = self._namer.said(entry.ref, f"{question}: {text}")
        if meaning is None or meaning.phrases.isdisjoint(KEPT):
            return None
        return _finding(replace(meaning, text=text[:QUOTED], words=text[:QUOTED]), entry)

    def _question(self, item: AnsweredItem, codes: QuestionCodes) -> tuple[CodeableConcept, list[CodeableConcept]]:
        """What an item asks, by code, else by its text; and if that names several things, each of them.

        A No is said of each of the things, a Yes of none alone: then a red flag counts for all of them.
        """
        own_codes = CodeableConcept(coding=[*_own_codes(item), *codes.get(item.link_id or "", ())])
        if self._namer.concepts(own_codes):
            return own_codes, []
        question, *parts_ = self._without_verb(item.text or "")
        question_meaning = self._heard(question)
        if (
            not parts_
            or len({*(question_meaning.phrases & TWITCH_PHRASES), *question_meaning.signs, *question_meaning.added})
            == 1
        ):
            return CodeableConcept(text=question or None), []
        flag = next((part for part in parts_ if RED_FLAG in self._heard(part).phrases), None)
        return CodeableConcept(text=flag), [CodeableConcept(text=part) for part in parts_]

    def _heard(self, text: str) -> TextMeaning:
        return self._namer.listener.heard(text)

    def _without_verb(self, text: str) -> list[str]:
        """The question without its verb, and after it the things that it names one by one, if there are several."""
        plain = normalise(text.replace("?", " "))
        while verb := next(
            (candidate for candidate in self._namer.question_verbs if plain.startswith(f"{candidate} ")), None
        ):
            plain = plain[len(verb) :].strip()
        names = [name for name in _PARTS.split(plain) if name]
        return [plain, *names] if len(names) > 1 else [plain]

    def _codes_for(self, response: QuestionnaireResponse) -> QuestionCodes:
        """The codes of the questions: of the contained Questionnaire, else of the one that is named and at hand."""
        for raw in response.contained or ():
            questionnaire = read_raw(_CONTAINED, raw)
            if questionnaire is not None and questionnaire.item:
                return dict(_codes_of(questionnaire.item))
        form = _form_of(response).partition("|")[0]
        kind, ident = parts(form)
        return self._codes.get(form) or self._codes.get(f"{kind}/{ident}") or {}


def _finding(meaning: Meaning, entry: Entry) -> ClinicalObservation:
    """What words say."""
    return ClinicalObservation(
        named=meaning, when=entry.when, said=FINDING, source=entry.source, reported=entry.reported
    )


def _form_of(response: QuestionnaireResponse) -> str:
    """What a response calls its Questionnaire."""
    form = response.questionnaire
    return (form if isinstance(form, str) else form.reference if form else None) or ""


def _source(response: QuestionnaireResponse) -> Source:
    """The clinician only where one is named as the source and no patient wrote it; else the patient (N21)."""
    source, author = (
        parts((reference.reference if reference else None) or "")[0] for reference in (response.source, response.author)
    )
    is_told = source in CLINICIANS and author not in ("Patient", "RelatedPerson")
    return Source.CLINICIAN if is_told else Source.PATIENT


def _is_by_relative(response: QuestionnaireResponse) -> bool:
    """Whether a relative filled it in: a parent, for a child."""
    return any(
        parts((reference.reference if reference else None) or "")[0] == "RelatedPerson"
        for reference in (response.source, response.author)
    )


def _flattened(response: QuestionnaireResponse) -> tuple[list[Answered], int]:
    """Each answer with its item, the nested ones too; and how many are left that are too many or too deep."""
    answers: list[Answered] = []
    unread_count = 0
    waiting: list[tuple[AnsweredItem, tuple[str, ...]]] = [(part, ()) for part in reversed(response.item or ())]
    while waiting:
        item, above = waiting.pop()
        below = list(item.item or ())
        for answer in item.answer or ():
            if len(above) >= DEEPEST or len(answers) >= MOST_ANSWERS:
                unread_count += 1
            else:
                answers.append(Answered(item, answer, tuple(filter(None, above))))
            below += answer.item or ()
        waiting += [(part, (*above, item.text or "")) for part in reversed(below)]
    return answers, unread_count


def _codes_of(items: "list[QuestionItem] | tuple[()]") -> Iterator[tuple[str, list[Coding]]]:
    """The codes of each question by its linkId, of nested ones too."""
    waiting = list(items)
    while waiting:
        item = waiting.pop()
        if item.link_id and item.code:
            yield item.link_id, item.code
        waiting += item.item or ()


def _own_codes(item: AnsweredItem) -> Iterator[Coding]:
    """The codes that the linkId, its last part, or the fragment of the definition may be (N20, 2)."""
    link, definition = item.link_id or "", item.definition or ""
    for text in (link, link.rpartition("/")[2], definition.rpartition("#")[2]):
        for pattern, system in _CODES:
            if pattern.fullmatch(text):
                yield Coding(system=system, code=text)


def part_of(question: CodeableConcept, answer: Answer) -> Component:
    """An answer as a component is: what is asked, and the value."""
    quantity = answer.value_quantity
    if quantity is None and answer.value_decimal is not None:
        quantity = Quantity(stated=answer.value_decimal)
    return Component(
        code=question,
        value_boolean=answer.value_boolean,
        value_codeable_concept=CodeableConcept(coding=[answer.value_coding]) if answer.value_coding else None,
        value_quantity=quantity,
        value_integer=int(answer.value_integer) if answer.value_integer is not None else None,
        value_string=answer.value_string,
    )


def _date_of(answer: Answer) -> When | None:
    return parse(answer.value_date or answer.value_date_time)
