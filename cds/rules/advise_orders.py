"""The cards of the order hooks as advice: a draft steroid, a draft estrogen, an emergency that meets one (4a, 4d)."""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from cards.advice import SWITCHED_OFF, Advice, Fact, Note, ProposedOrder
from cards.printed import number
from cards.topics import Indicator, Topic
from cds.chart.facts import Drug
from cds.knowledge.codes import Concept
from cds.rules import context, emergency_words, proposals, tests_due
from cds.rules.doses import MASS, Dose
from cds.rules.flags import Raised
from cds.rules.order_labs import Low
from cds.rules.picture import Picture
from cds.rules.rulebook import rulebook_of


class Beginning(Struct, frozen=True):
    """A draft that is no renewal: of an ingredient that is new, or that was taken at a lower dose before."""

    drug: Drug
    concept: Concept
    dose: Dose | None = None
    before: Dose | None = None

    @property
    def name(self) -> str:
        """What the card calls it."""
        return self.concept.ingredient or self.concept.display

    @property
    def fact(self) -> Fact:
        """The draft, without date and dose, so that the same card is known again when these change."""
        system, code = self.concept.system or None, self.concept.code or None
        return Fact(resource=self.drug.ref, label=self.name, system=system, code=code, note="drafted")

    @property
    def facts(self) -> tuple[Fact, ...]:
        """The one fact it rests on."""
        return (self.fact,)


def unread(medicines: Sequence[str], picture: Picture) -> Advice:
    """DATA-GAP: drafts whose medicine is named by a reference that leads nowhere; what they are called is quoted."""
    return Advice(
        topic=Topic.DATA_GAP,
        indicator=Indicator.INFO,
        variant="draft-unread",
        signs=tuple(medicines),
        facts=picture.twitch_facts,
    )


def emergency(
    severe: tuple[Raised, ...], drafts: Sequence[Beginning], estrogens: Sequence[Beginning], picture: Picture
) -> Advice:
    """EMERG: an emergency limit is met and a draft of N51 other than an estrogen is there."""
    tags = rulebook_of(picture.knowledge).in_order(Topic.EMERG, {flag.tag for flag in severe if flag.tag})
    early = [Note("preliminary", {"test": flag.preliminary}) for flag in severe if flag.preliminary]
    return Advice(
        topic=Topic.EMERG,
        indicator=Indicator.CRITICAL,
        tags=tags,
        high=tuple(flag.tag for flag in severe if flag.tag and flag.is_high),
        flags=tuple(sorted({flag.id for flag in severe})),
        values={flag.tag: flag.trigger for flag in severe if flag.tag and flag.trigger} | {"drug": drugs(drafts)},
        told=emergency_words.told(severe),
        facts=(
            *picture.twitch_facts,
            *(fact for flag in severe for fact in flag.facts),
            *(draft.fact for draft in drafts),
        ),
        notes=(*early, Note("local_pathway"), *notes(drafts, estrogens, picture)),
        missing=_due(picture),
        orders=proposals.in_emergency(tags, picture.knowledge),
    )


def unsaid(
    severe: tuple[Raised, ...],
    drafts: Sequence[Beginning],
    estrogens: Sequence[Beginning],
    picture: Picture,
) -> Advice:
    """ORD-STEROID in the place of an emergency that the site does not show: the results, and nothing of the dose."""
    advice = emergency(severe, drafts, estrogens, picture)
    return Advice(
        topic=Topic.ORD_STEROID,
        indicator=Indicator.INFO,
        variant=SWITCHED_OFF,
        values={"drug": drugs(drafts)},
        facts=advice.facts,
        notes=tuple(note for note in advice.notes if note.key != "local_pathway"),
        missing=advice.missing,
    )


def steroid(
    beginnings: Sequence[Beginning],
    low: Sequence[Low],
    estrogens: Sequence[Beginning],
    signs: Sequence[Note],
    picture: Picture,
) -> Advice:
    """ORD-STEROID: a warning only where potassium, calcium or magnesium is low; the labs that are due as drafts."""
    due = _due(picture)
    return Advice(
        topic=Topic.ORD_STEROID,
        indicator=Indicator.WARNING if low else Indicator.INFO,
        variant=_variant(beginnings, low),
        values={"drug": drugs(beginnings)},
        signs=tuple(lab.name for lab in low),
        facts=(
            *picture.twitch_facts,
            *(beginning.fact for beginning in beginnings),
            *(fact for lab in low for fact in lab.facts),
        ),
        notes=(*signs, *_lab_notes(low, picture), *notes(beginnings, estrogens, picture)),
        missing=due,
        orders=tuple(ProposedOrder(f"lab:{test}") for test in due),
    )


def unseen(beginnings: Sequence[Beginning], estrogens: Sequence[Beginning], picture: Picture) -> Advice:
    """ORD-STEROID where silence would need what failed: it says so, and neither dose nor new tests are its matter."""
    return Advice(
        topic=Topic.ORD_STEROID,
        indicator=Indicator.INFO,
        variant="unseen",
        values={"drug": drugs(beginnings)},
        facts=(*picture.twitch_facts, *(beginning.fact for beginning in beginnings)),
        notes=(*_lab_notes((), picture), *notes(beginnings, estrogens, picture)),
    )


def estrogen(beginnings: Sequence[Beginning], signs: Sequence[Note], picture: Picture) -> Advice:
    """ORD-ESTROGEN: one line of baseline, no lab."""
    return Advice(
        topic=Topic.ORD_ESTROGEN,
        indicator=Indicator.INFO,
        variant=_variant(beginnings, ()),
        values={"drug": drugs(beginnings)},
        facts=(*picture.twitch_facts, *(beginning.fact for beginning in beginnings)),
        notes=(*signs, *notes(beginnings, (), picture)),
    )


def _variant(beginnings: Sequence[Beginning], low: Sequence[Low]) -> str:
    """Whether it is started or raised, and whether something is low."""
    raised = all(beginning.before is not None for beginning in beginnings)
    if low:
        return "raised-low" if raised else "low"
    return "raised" if raised else "default"


def drugs(beginnings: Iterable[Beginning]) -> str:
    """The ingredients; a repeat of the card is known by them."""
    return ", ".join(sorted({beginning.name for beginning in beginnings}))


def notes(beginnings: Sequence[Beginning], estrogens: Sequence[Beginning], picture: Picture) -> tuple[Note, ...]:
    """What every card of a draft remarks: raised doses, estrogens beside it, what did not arrive, and the chart."""
    concepts_taken = [course.concept for course in picture.medication.courses]  # the remarks name their words
    unseen = () if picture.complete.has("MedicationRequest") else (Note("medicines_not_received"),)
    return (
        *(
            _raised(beginning, beginning.before, beginning.dose)
            for beginning in beginnings
            if beginning.before and beginning.dose
        ),
        *(Note("estrogen_also", {"drug": beginning.name}) for beginning in estrogens),
        *unseen,
        *context.by_words(
            beginning.concept for beginning in (*beginnings, *estrogens) if beginning.concept not in concepts_taken
        ),
        *context.remarks(picture),
    )


def _raised(beginning: Beginning, before: Dose, dose: Dose) -> Note:
    """From the dose so far to the drafted one, in mg or in pieces of the product."""
    values = {"drug": beginning.name, "before": number(before.value), "value": number(dose.value)}
    return Note("dose_raised" if dose.unit == MASS else "dose_raised_pieces", values)


def _lab_notes(low: Iterable[Low], picture: Picture) -> tuple[Note, ...]:
    """What is to be said of the low values, of old ones, and of those that did not arrive."""
    lab_notes = (note for lab in low for note in lab.notes)
    fresh = all(picture.laboratory.of(test).is_fresh for test in _tests(picture))
    unseen = not (fresh or picture.complete.has("Observation"))
    return (*lab_notes, *((Note("labs_not_received"),) if unseen else ()), *tests_due.stale(picture, _tests(picture)))


def _due(picture: Picture) -> tuple[str, ...]:
    """The tests to add; none if results may exist that did not arrive."""
    if not picture.complete.has("Observation"):
        return ()
    return tuple(test for test in _tests(picture) if tests_due.is_due(test, picture))


def _tests(picture: Picture) -> tuple[str, ...]:
    """The electrolytes that a steroid moves."""
    return picture.knowledge.listed("steroid-electrolytes")
