"""The answers to our own Questionnaire: what each item and each answer of a list means (second edition N22)."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from msgspec.structs import replace

from cds.chart.facts import Named, Seen, ToldMedicine
from cds.chart.naming import Namer
from cds.chart.observations import CAFFEINE, MG_A_DAY, Entry, seen_in
from cds.chart.polarity import FINDING
from cds.chart.scope import Scope
from cds.fhir.datatypes import CodeableConcept, Coding, Quantity
from cds.fhir.dates import When, parse
from cds.fhir.forms import Answer, AnsweredItem
from cds.fhir.resources import Component
from cds.knowledge.codes import NOTHING, Concept
from cds.knowledge.form import NO, NOT_KNOWN, YES, YES_NO, Form, FormItem, Option

TWITCH, ONSET, WHERE, OFTEN, DRUGS = "q.twitch", "q.onset", "q.where", "q.often", "q.drugs"
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

    def read(self, told: Sequence[Answered], entry: Entry) -> tuple[list[Seen], list[ToldMedicine]]:
        """What the answers say."""
        given: Given = {}
        for item, answer in ((one.item, one.answer) for one in told):
            given.setdefault(item.link_id or "", []).append(answer)
        seen = [self._twitch(one, given) for item in self._form.every() for one in self._of(item, given, entry)]
        return seen + self._caffeine(given, entry), list(self._medicines(told, entry))

    def _of(self, item: FormItem, given: Given, entry: Entry) -> Iterator[Seen]:
        if item.only_if is not None and item.only_if.answer not in self._chosen(item.only_if.item, given):
            return
        entry = replace(entry, years=item.years, sexes=item.sexes)
        chosen = self._chosen(item.id, given)
        if item.asks is not None or item.sets:
            yield from self._yes_or_no(item, chosen, entry)
        elif item.type == "choice":
            yield from self._listed(item, chosen, entry)
        elif item.code is not None and item.unit is not None:
            for answer in given.get(item.id, ()):
                yield from self._measured(item.code, _amount(answer, item.unit), entry)

    def _chosen(self, name: str, given: Given) -> list[str]:
        """The codes that were chosen, as our lists and those of HL7 spell them."""
        codings = (answer.value_coding for answer in given.get(name, ()))
        return [coding.code for coding in codings if coding is not None and coding.code]

    def _yes_or_no(self, item: FormItem, chosen: Iterable[str], entry: Entry) -> Iterator[Seen]:
        for code in chosen:
            if item.asks is not None:
                yield from self._asked(item.asks, code, entry)
            elif code == YES:
                yield self._put(item.id, item.sets, entry)

    def _asked(self, token: str, answer: str, entry: Entry) -> Iterator[Seen]:
        """The sign of a token, with an answer of HL7's list: its polarity is decided where all are."""
        value = CodeableConcept(coding=[Coding(system=YES_NO[answer], code=answer)])
        yield from self._read(Component(code=self._concept(token), value_codeable_concept=value), entry)

    def _listed(self, item: FormItem, chosen: list[str], entry: Entry) -> Iterator[Seen]:
        """Each answer that was chosen; one that excludes the others speaks of all of them, if it stands alone."""
        options = {one.code: one for one in self._form.options(item)}
        picked = [options[code] for code in chosen if code in options]
        affirmed = [one for one in picked if one.exclusive is None]
        for option in affirmed:
            yield from self._affirmed(item, option, entry)
        said = {one.exclusive for one in picked} if not affirmed else set()
        if said:
            answer = NOT_KNOWN if "unsure" in said else NO
            for option in options.values():
                if option.asks is not None:
                    yield from self._asked(option.asks, answer, entry)

    def _affirmed(self, item: FormItem, option: Option, entry: Entry) -> Iterator[Seen]:
        entry = replace(entry, years=option.years) if option.years else entry
        if option.asks is not None:
            yield from self._asked(option.asks, YES, entry)
        if option.number is not None and item.code is not None:
            yield from self._measured(item.code, Quantity(stated=float(option.number)), entry)
        elif item.code is not None and option.sets and option.site is None:
            yield self._valued(item.code, option.sets, entry)
        elif option.sets and item.id != OFTEN:
            yield self._put(f"{item.id}.{option.code}", option.sets, entry)

    def _measured(self, token: str, amount: Quantity | None, entry: Entry) -> Iterator[Seen]:
        if amount is not None:
            yield from self._read(Component(code=self._concept(token), value_quantity=amount), entry)

    def _read(self, part: Component, entry: Entry) -> Iterator[Seen]:
        return (one for one in (seen_in(part, self._namer, entry),) if one is not None)

    def _valued(self, token: str, sets: frozenset[str], entry: Entry) -> Seen:
        """An answer to a coded question, in the value sets that it stands for."""
        concepts = self._namer.concepts(self._concept(token))
        named = Named(entry.ref, concepts, NOTHING.union(*(one.sets for one in concepts)))
        return self._seen(named, entry, value_sets=sets)

    def _put(self, code: str, sets: frozenset[str], entry: Entry) -> Seen:
        """A finding that no terminology codes, by the code of our own list."""
        concept = Concept(system=self._system, code=code, display="", sets=sets)
        return self._seen(Named(entry.ref, (concept,), sets), entry)

    @staticmethod
    def _seen(named: Named, entry: Entry, value_sets: frozenset[str] = NOTHING) -> Seen:
        return Seen(
            named=named,
            when=entry.when,
            said=FINDING,
            value_sets=value_sets,
            source=entry.source,
            reported=entry.reported,
            years=entry.years,
            sexes=entry.sexes,
        )

    def _twitch(self, seen: Seen, given: Given) -> Seen:
        """The twitch with its onset, its sites and how often it comes; other findings as they are."""
        if "twitch" not in seen.named.sets:
            return seen
        places = {one.code: one for item in self._form.item if item.id == WHERE for one in item.answers}
        sites = [places[code].site for code in self._chosen(WHERE, given) if code in places]
        often = {one.code: one.sets for item in self._form.item if item.id == OFTEN for one in item.answers}
        frequent = NOTHING.union(*(often.get(code, NOTHING) for code in self._chosen(OFTEN, given)))
        onset = next((one.value_date or one.value_date_time for one in given.get(ONSET, ())), None)
        return replace(
            seen,
            sites=tuple(frozenset({site}) if site else NOTHING for site in sites),
            value_sets=seen.value_sets | frequent,
            onset=self._past(onset),
        )

    def _caffeine(self, given: Given, entry: Entry) -> list[Seen]:
        """Cups and cans together, in mg a day."""
        counted = [
            (item, amount.value * item.caffeine)
            for item in self._form.item
            if item.caffeine is not None
            for answer in given.get(item.id, ())
            if (amount := _amount(answer, "1")) is not None and amount.value is not None and amount.value >= 0
        ]
        if not counted:
            return []
        first, total = counted[0][0], sum(mg for _, mg in counted)
        seen = self._put(first.id, frozenset({CAFFEINE}), replace(entry, years=first.years))
        return [replace(seen, quantity=Quantity(stated=total, code=MG_A_DAY))]

    def _medicines(self, told: Sequence[Answered], entry: Entry) -> Iterator[ToldMedicine]:
        """The medicines that the patient names: what was done and when stands behind each name."""
        named: ToldMedicine | None = None
        for item, answer in ((one.item, one.answer) for one in told):
            if item.link_id == NAME and (answer.value_string or "").strip():
                if named is not None:
                    yield named
                name = answer.value_string or ""
                named = ToldMedicine(entry.ref, name, self._namer.ingredients([name]), when=entry.when)
            elif named is not None and item.link_id == CHANGE and answer.value_coding is not None:
                named = replace(named, change=answer.value_coding.code or "")
            elif named is not None and item.link_id == DATE:
                named = replace(named, start=self._past(answer.value_date))
        if named is not None:
            yield named

    def _past(self, text: str | None) -> When | None:
        """A date that is not of the future."""
        when = parse(text)
        return None if self._scope.is_future(when) else self._scope.date(when)

    def _concept(self, token: str) -> CodeableConcept:
        short, _, code = token.partition(":")
        return CodeableConcept(coding=[Coding(system=self._systems[short], code=code)])


def _amount(answer: Answer, unit: str) -> Quantity | None:
    """A number in the unit of its item, where it states none itself."""
    if answer.value_quantity is not None:
        stated = answer.value_quantity
        return stated if stated.code or stated.unit else replace(stated, code=unit)
    number = answer.value_decimal if answer.value_integer is None else answer.value_integer
    return Quantity(stated=number, code=unit) if number is not None else None
