"""MedicationRequest, MedicationStatement and MedicationAdministration as entries about a drug."""

import msgspec
from msgspec.structs import replace

from cds.chart.facts import GIVEN_ON, ORDER_INTENTS, ORDERED, SINCE, Drug, Medicines
from cds.chart.naming import Namer
from cds.chart.routes import RouteNames
from cds.chart.scope import Scope
from cds.fhir import concepts
from cds.fhir.datatypes import CodeableConcept, NamedReference, Period, Quantity
from cds.fhir.dates import When, parse
from cds.fhir.references import id_of
from cds.fhir.resources import (
    Dosage,
    Ingredient,
    Medicated,
    Medication,
    MedicationAdministration,
    MedicationDispense,
    MedicationRequest,
    MedicationStatement,
)
from cds.fhir.statuses import code_of, status_of
from cds.fhir.units import factor
from cds.knowledge.codes import NOTHING, Concept

ENDED = frozenset({"completed", "stopped"})
UNCLEAR, ON_HOLD, DISPENSED = "unclear", "on-hold", "dispensed"
# The other statuses of R4 and R5: what is not (yet) taken, and what is over; of any other word nobody knows (N1).
UNTAKEN = ENDED | {
    *("active", "recorded", "draft", "ended", "cancelled", "entered-in-error", "intended", "not-taken"),
    *("preparation", "in-progress", "declined"),
}
DAY = "d"
PLAN = "plan"  # what US Core has an active medicine that somebody reports be called
GIVEN = frozenset({"completed", "in-progress"})
_LOOSE = msgspec.json.Decoder(Medication)


class Medications:
    """The Medication resources of a chart, by the references that may name them."""

    def __init__(self) -> None:
        self._by_id: dict[str, Medication] = {}

    def put(self, medication: Medication) -> None:
        """Remember a Medication."""
        if medication.id:
            self._by_id[medication.id] = medication

    def concepts_of(self, entry: Medicated) -> list[CodeableConcept]:
        """What an entry calls its medicine: by code, or by a contained or bundled Medication."""
        inline = entry.medication_codeable_concept or concepts.of_reference(entry.medication)
        if inline is not None:
            return [inline]
        medication = self._find(reference_of(entry), entry)
        return _ingredients(medication) if medication else []

    def name_of(self, entry: Medicated) -> str:
        """What the chart calls the medicine: its text, the name of a code, or that of a reference; else nothing."""
        texts = (text for concept in self.concepts_of(entry) for text in concepts.texts(concept))
        reference = reference_of(entry)
        return next(texts, (reference.display if reference else None) or "")

    def texts_of(self, entry: Medicated) -> list[str]:
        """All words for it: those of its concepts, and what references to it or to its ingredients call them."""
        texts = [text for concept in self.concepts_of(entry) for text in concepts.texts(concept)]
        references = [reference_of(entry)]
        if medication := self._find(references[0], entry):
            references += [_item(item) for item in medication.ingredient or ()]
        return texts + [reference.display for reference in references if reference is not None and reference.display]

    def forms_of(self, entry: Medicated) -> list[str]:
        """The words for the form of the product."""
        medication = self._find(reference_of(entry), entry)
        return list(concepts.texts(medication.form)) if medication else []

    def is_missing(self, entry: Medicated) -> bool:
        """Whether an entry names its medicine by a reference only, and that leads to nothing that says what it is."""
        return reference_of(entry) is not None and not self.concepts_of(entry)

    def _find(self, reference: NamedReference | None, entry: Medicated) -> Medication | None:
        target = reference.reference if reference else None
        if not target:
            return None
        if target.startswith("#"):
            return next((medication for medication in _contained(entry) if medication.id == target[1:]), None)
        return self._by_id.get(id_of(target))


def reference_of(entry: Medicated) -> NamedReference | None:
    """The reference by which an entry names its medicine."""
    return entry.medication_reference or (entry.medication.reference if entry.medication else None)


def _item(ingredient: Ingredient) -> NamedReference | None:
    return ingredient.item_reference or (ingredient.item.reference if ingredient.item else None)


def _contained(entry: Medicated) -> list[Medication]:
    medications = []
    for raw in entry.contained or ():
        try:
            medications.append(_LOOSE.decode(raw))
        except (msgspec.DecodeError, RecursionError):
            continue
    return medications


def _ingredients(medication: Medication) -> list[CodeableConcept]:
    concepts_of_items = [
        item.item_codeable_concept or concepts.of_reference(item.item) for item in medication.ingredient or ()
    ]
    return [concept for concept in (medication.code, *concepts_of_items) if concept is not None]


class MedicationReader:
    """Turns medication entries into drugs; counts the medicines that nothing known codes."""

    def __init__(self, namer: Namer, scope: Scope, medications: Medications, routes: RouteNames) -> None:
        self._namer = namer
        self._scope = scope
        self._medications = medications
        self._routes = routes
        self.unknown = 0
        self.ahead: set[str] = set()
        self._active: set[str] = set()
        self._unnamed: list[tuple[str, str]] = []
        self._unclear: list[tuple[str, str]] = []
        self._none: list[str] = []
        self._not_known = False

    @property
    def medicines(self) -> Medicines:
        """What there is, and what could not be checked, in an order that does not depend on the order of the chart."""
        unnamed, unclear = (tuple(name for _, name in sorted(names)) for names in (self._unnamed, self._unclear))
        none = max(self._none, default=None)
        return Medicines(len(self._active), unnamed, unclear, none=none, not_known=self._not_known)

    def drug(self, entry: Medicated) -> Drug | None:
        """The entry as a drug, or None if no rule reads the medicine or the entry says nothing that counts."""
        concepts_of_entry = self._medications.concepts_of(entry)
        hits = self.hits(entry, concepts_of_entry)
        drug = self._entry(entry, hits)
        if drug is None or drug.ahead:
            is_read = bool(hits) or not any(map(self._namer.is_classified, concepts_of_entry))
            if drug is not None and is_read and drug.state != "ended":
                self.ahead.add(entry.ref)
            return None
        if not hits and (statement := self._namer.nothing_known(concepts_of_entry)) is not None:
            self._note_that(statement, drug)
            return None
        is_strange = not hits and not any(map(self._namer.is_classified, concepts_of_entry))
        if drug.state == UNCLEAR and (hits or is_strange):
            self.unknown += 1
            self._unclear.append((entry.ref, self._medications.name_of(entry)))
        is_uncoded = is_strange and not any(map(self._namer.is_coded, concepts_of_entry))
        counts = drug.state == "active" or (is_uncoded and (drug.state == ON_HOLD or self._ended_of_late(drug)))
        if counts:
            self._active.add(entry.ref if "/" in entry.ref else f"{entry.ref} {len(self._active)}")
        if not hits:
            if counts and is_strange:
                self.unknown += 1
                self._unnamed.append((entry.ref, self._medications.name_of(entry)))
            return None
        return drug

    def _note_that(self, statement: str, drug: Drug) -> None:
        """An entry that is not a medicine says that there are none, or that nothing is known of them (N48)."""
        if statement == "none" and drug.state == "active":
            self._none.append(drug.dated.text if drug.dated else "")
        elif statement == "unknown" and drug.state in ("active", UNCLEAR):
            self._not_known = True

    def _ended_of_late(self, drug: Drug) -> bool:
        """Whether it ended so lately that, whatever it was, its end may matter (N28)."""
        ended = drug.end.last if drug.state == "ended" and drug.end is not None else None
        return ended is not None and 0 <= self._scope.today - ended <= self._namer.stopped_days

    def draft(self, entry: MedicationRequest) -> Drug | None:
        """A request that is not yet signed, whatever its dates; None if no rule reads the medicine."""
        hits = self.hits(entry, self._medications.concepts_of(entry))
        return self._drug(entry, hits, "draft", _many(entry.dosage_instruction), None, None, None) if hits else None

    def is_unnamed(self, entry: MedicationRequest) -> bool:
        """Whether nothing says what its medicine is: a reference that leads nowhere, and no word of an ingredient."""
        return self._medications.is_missing(entry) and not self.hits(entry, [])

    def hits(self, entry: Medicated, concepts_of_entry: list[CodeableConcept]) -> tuple[Concept, ...]:
        """What an entry is about, by codes; only then by the words of ingredients (N46)."""
        hits = tuple(hit for concept in concepts_of_entry for hit in self._namer.concepts(concept))
        if not hits:
            return self._namer.ingredients(self._medications.texts_of(entry))
        return hits if all(hit.ingredient or not hit.groups for hit in hits) else self._told(entry, hits)

    def _told(self, entry: Medicated, hits: tuple[Concept, ...]) -> tuple[Concept, ...]:
        """Codes of a class take the ingredient that the entry's words name, if it is one of that class."""
        words = self._namer.ingredients(self._medications.texts_of(entry))
        ingredients = [next((w.ingredient for w in words if w.groups & hit.groups), "") for hit in hits]
        return tuple(
            replace(hit, ingredient=name) if name and not hit.ingredient else hit
            for hit, name in zip(hits, ingredients, strict=True)
        )

    def _entry(self, entry: Medicated, hits: tuple[Concept, ...]) -> Drug | None:
        if isinstance(entry, MedicationRequest):
            return self._request(entry, hits)
        if isinstance(entry, MedicationStatement):
            return self._statement(entry, hits)
        if isinstance(entry, MedicationDispense):
            return self._dispense(entry, hits)
        return self._administration(entry, hits) if isinstance(entry, MedicationAdministration) else None

    def _request(self, entry: MedicationRequest, hits: tuple[Concept, ...]) -> Drug | None:
        status, intent = status_of(entry), code_of(entry.intent) or "order"
        if entry.do_not_perform or not (intent in ORDER_INTENTS or (intent == PLAN and status == "active")):
            return None
        dosages = _many(entry.dosage_instruction)
        bounds = _bounds(dosages)
        supply = entry.dispense_request
        validity = supply.validity_period if supply else None
        authored = parse(entry.authored_on)
        start = bounds[0] or authored
        end = bounds[1] or (parse(validity.end) if validity else None)
        current = status == "active"
        if status == "completed" and supply is not None and end is None:
            end = self._supplied(authored, supply.expected_supply_duration)
            current = end is not None
        state = self._state("active" if current else "", status in ENDED, end) or _doubt(status)
        drug = self._drug(entry, hits, state, dosages, start, end, authored or start)
        if drug is None:
            return None
        is_supplied = status == "completed" and current
        return replace(drug, supplied=is_supplied, start_means=SINCE if bounds[0] else ORDERED)

    def _statement(self, entry: MedicationStatement, hits: tuple[Concept, ...]) -> Drug | None:
        start, end = _effective(entry.effective_date_time, entry.effective_period)
        moment = parse(entry.date_asserted) or (start if self._scope.is_future(end) else end or start)
        status = status_of(entry)
        current = status in ("active", "recorded")
        state = self._state("active" if current else "", status == "completed", end) or _doubt(status)
        stopped, untouched = status == "stopped" or _adheres(entry, "stopped"), _not_taken(entry)
        if stopped or untouched:
            state = "denied"
        drug = self._drug(entry, hits, state, _many(entry.dosage), start, end, moment)
        was_stopped = stopped and not untouched
        return replace(drug, was_taken=was_stopped and end is not None, was_stopped=was_stopped) if drug else None

    def _dispense(self, entry: MedicationDispense, hits: tuple[Concept, ...]) -> Drug | None:
        """A supply counts for its days; without them it is only quoted."""
        start = parse(entry.when_handed_over) or parse(entry.when_prepared)
        end, status = self._supplied(start, entry.days_supply), status_of(entry)
        is_given = status in GIVEN
        state = self._state("active" if is_given and end else "", False, end) or (
            DISPENSED if is_given else _doubt(status)
        )
        drug = self._drug(entry, hits, state, _many(entry.dosage_instruction), start, end, start)
        return replace(drug, supplied=True, start_means=DISPENSED) if drug else None

    def _supplied(self, start: When | None, days: Quantity | None) -> When | None:
        """The day on which a supply ends; None if that is not known."""
        if start is None or days is None or days.value is None:
            return None
        ratio = factor(self._namer.unit_names.ucum(days) or "", DAY)
        return start.shifted(round(days.value * ratio)) if ratio and days.value > 0 else None

    def _administration(self, entry: MedicationAdministration, hits: tuple[Concept, ...]) -> Drug | None:
        if status_of(entry) not in GIVEN:
            return None
        start, end = _effective(
            entry.effective_date_time or entry.occurence_date_time, entry.effective_period or entry.occurence_period
        )
        administered = end or start
        drug = self._drug(entry, hits, "active", _many(entry.dosage), start, None, administered, administered)
        return replace(drug, start_means=GIVEN_ON) if drug else None

    def _state(self, current: str, is_over: bool, end: When | None) -> str:
        if current and end is not None and end.last < self._scope.today:
            return "ended"
        return current or ("ended" if is_over else "")

    def _drug(
        self,
        entry: Medicated,
        hits: tuple[Concept, ...],
        state: str,
        dosages: list[Dosage],
        start: When | None,
        end: When | None,
        asserted: When | None,
        administered: When | None = None,
    ) -> Drug | None:
        if not state:
            return None
        product = (*self._medications.texts_of(entry), *self._medications.forms_of(entry)) if hits else ()
        return Drug(
            ref=entry.ref,
            concepts=hits,
            state=state,
            routes=self._routes.coded(dosages) if hits else NOTHING,
            said_routes=self._routes.said(dosages, product) if hits else NOTHING,
            start=self._scope.date(start),
            end=end,
            dated=self._scope.date(asserted),
            given=self._scope.date(administered),
            ahead=any(map(self._scope.is_future, (asserted, administered))),
            as_needed=bool(dosages) and all(map(_is_at_need, dosages)),
            dosages=tuple(dosages),
        )


def _doubt(status: str) -> str:
    """What an entry is that is neither active nor over: on hold, or unclear; nothing if FHIR says it is not taken."""
    if status == ON_HOLD:
        return ON_HOLD
    return "" if status in UNTAKEN else UNCLEAR


def _not_taken(entry: MedicationStatement) -> bool:
    return status_of(entry) == "not-taken" or entry.taken == "n" or _adheres(entry, "not-taking")


def _adheres(entry: MedicationStatement, code: str) -> bool:
    adherence = entry.adherence.code if entry.adherence else None
    return adherence is not None and code in concepts.codes([adherence])


def _many(dosage: list[Dosage] | Dosage | None) -> list[Dosage]:
    return [dosage] if isinstance(dosage, Dosage) else dosage or []


def _is_at_need(dosage: Dosage) -> bool:
    """PRN, with or without a reason."""
    return bytes(dosage.as_needed_boolean) == b"true" or bytes(dosage.as_needed_codeable_concept)[:1] == b"{"


def _bounds(dosages: list[Dosage]) -> tuple[When | None, When | None]:
    """The earliest start and the latest end of all dosages; open if one of them is open."""
    periods = [_bounds_of(dosage) for dosage in dosages]
    if not any(periods):
        return None, None
    starts = [when for period in periods if period and (when := parse(period.start))]
    ends = [when for period in periods if period and (when := parse(period.end))]
    start = min(starts, key=lambda when: when.first, default=None)
    end = max(ends, key=lambda when: when.last, default=None)
    return start, end if len(ends) == len(dosages) else None


def _bounds_of(dosage: Dosage) -> Period | None:
    repeat = dosage.timing.repeat if dosage.timing else None
    return repeat.bounds_period if repeat else None


def _effective(text: str | None, period: Period | None) -> tuple[When | None, When | None]:
    if text:
        return parse(text), None
    return (parse(period.start), parse(period.end)) if period else (None, None)
