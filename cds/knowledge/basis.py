"""What a card's evidence page shows of the data: the very limits and windows that the rules use."""

from collections.abc import Iterator

from msgspec import Struct

from cards.printed import number, plain_unit
from cards.topics import Topic
from cds.knowledge.load import Knowledge
from cds.knowledge.model import Limit, MedicineClass

ADJUSTING = frozenset({"albumin", "egfr"})


class Row(Struct, frozen=True):
    """What is looked at, the limit or window, what follows, and the citation's key (None: a project choice)."""

    what: str
    limit: str
    effect: str
    citation: str | None = None


def rows(knowledge: Knowledge, topic: str) -> list[Row]:
    """The limits behind one card; empty if none is a number."""
    if topic == Topic.EMERG:
        return [*_limits(knowledge, {"emergency"}), *_combined(knowledge, adjusting=False)]
    if topic in (Topic.LAB_ABN, Topic.LAB_ORDER):
        return [*_limits(knowledge, {"info", "warning"}), *_combined(knowledge, adjusting=True), *_ages(knowledge)]
    if topic == Topic.MED_REV:
        return list(_medicines(knowledge))
    names = _WINDOWS.get(topic, ())
    return [Row(name.replace("_", " "), f"{knowledge.days(name)} days", "counts within") for name in names]


_WINDOWS: dict[str, tuple[str, ...]] = {
    Topic.PED_NEURO: ("acute_movement", "floppiness"),
    Topic.NEURO_URG: ("finding_observation", "statin_ended"),
    Topic.STATUS: ("work_up",),
    Topic.NEURO_EVAL: ("persistent", "persistent_eyelid", "finding_observation"),
    Topic.REASSURE: ("exam", "emg"),
    Topic.LIFESTYLE: ("questionnaire", "intake", "smoking", "dehydration", "exertion"),
    Topic.DATA_GAP: ("twitch_observation", "exam"),
    Topic.ORD_STEROID: ("renewal",),
    Topic.ORD_ESTROGEN: ("renewal",),
}


def _limits(knowledge: Knowledge, effects: set[str]) -> Iterator[Row]:
    for name, limits in knowledge.limits.items():
        for limit in limits:
            if limit.effect in effects:
                yield Row(_what(knowledge, name, limit), _text(limit), limit.effect, limit.citation)


def _combined(knowledge: Knowledge, *, adjusting: bool) -> Iterator[Row]:
    """Limits that count with a sign, or those by which calcium is adjusted."""
    for name, limit in knowledge.combined.items():
        if (limit.analyte in ADJUSTING) == adjusting:
            yield Row(_what(knowledge, limit.analyte, limit), _text(limit), name.replace("-", " "), limit.citation)


def _ages(knowledge: Knowledge) -> Iterator[Row]:
    for analyte in knowledge.analytes.values():
        yield Row(analyte.label, f"{analyte.fresh_days} days", "counts within")


def _medicines(knowledge: Knowledge) -> Iterator[Row]:
    for name, medicine in knowledge.medicines.items():
        yield Row(name.replace("-", " "), _timing(knowledge, medicine), "medication review")


def _timing(knowledge: Knowledge, medicine: MedicineClass) -> str:
    if medicine.timing == "before":
        return "started before the twitch, or unknown"
    if medicine.timing == "exposure":
        return f"started {knowledge.days('ppi_exposure')} days or more before the twitch, or unknown"
    return f"started 0 to {knowledge.days('recent_drug')} days before the twitch, both dates known"


def _what(knowledge: Knowledge, analyte: str, limit: Limit) -> str:
    label = knowledge.analytes[analyte].label
    kind = f", {limit.kind}" if limit.kind else ""
    return f"{label}{kind}{_age(limit)}"


def _age(limit: Limit) -> str:
    bounds = (
        ("from", limit.from_days, "days"),
        ("under", limit.under_days, "days"),
        ("from", limit.from_years, "years"),
        ("under", limit.under_years, "years"),
    )
    said = [f"{word} {number} {unit}" for word, number, unit in bounds if number is not None]
    return f" ({', '.join(said)})" if said else ""


def _text(limit: Limit) -> str:
    if limit.times_upper is not None:
        return f"{limit.op} {number(limit.times_upper)} × upper limit of normal"
    return " or ".join(f"{limit.op} {number(value)} {plain_unit(unit)}" for unit, value in limit.value.items())
