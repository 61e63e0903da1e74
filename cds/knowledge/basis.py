"""What a card's evidence page shows of the data: the very limits and windows that the rules use."""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from cards.printed import number, plain_unit
from cds.knowledge.load import Knowledge
from cds.knowledge.model import Limit, MedicineClass

ADJUSTING = frozenset({"albumin", "egfr"})


class Row(Struct, frozen=True):
    """What is looked at, the limit or window, what follows, and the citation's key (None: a project choice)."""

    what: str
    limit: str
    effect: str
    citation: str | None = None


def emergency_limits(knowledge: Knowledge) -> list[Row]:
    """The limits of an emergency, by themselves or with a sign."""
    return [*_limits(knowledge, {"emergency"}), *_combined(knowledge, adjusting=False)]


def lab_limits(knowledge: Knowledge) -> list[Row]:
    """The limits of an abnormal result, and for how long one counts."""
    return [*_limits(knowledge, {"info", "warning"}), *_combined(knowledge, adjusting=True), *_ages(knowledge)]


def medicine_timing(knowledge: Knowledge) -> list[Row]:
    """When the medicines of each class count."""
    return list(_medicines(knowledge))


def numbers(knowledge: Knowledge, windows: Iterable[str], thresholds: Iterable[str]) -> list[Row]:
    """Windows in days, and thresholds."""
    sources = knowledge.rules.sources
    days = (Row(_plain(name), f"{knowledge.days(name)} days", "counts within", sources.get(name)) for name in windows)
    rows_of_thresholds = (
        Row(_plain(name), number(knowledge.at(name)), "threshold", sources.get(name)) for name in thresholds
    )
    return [*days, *rows_of_thresholds]


def _plain(name: str) -> str:
    return name.replace("_", " ")


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
        if medicine.timing != "never":
            yield Row(name.replace("-", " "), _timing(knowledge, medicine), "medication review")
        if medicine.stopped_within is not None:
            yield Row(name.replace("-", " "), f"ended within {medicine.stopped_within} days", "withdrawal")


def _timing(knowledge: Knowledge, medicine: MedicineClass) -> str:
    if medicine.timing == "before":
        return "started before the twitch, or unknown"
    if medicine.timing == "exposure":
        return f"started {knowledge.days('ppi_exposure')} days or more before the twitch, or unknown"
    if medicine.timing == "asked":
        return "only for a reason of its own, named on the card"
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
    parts = [f"{word} {number} {unit}" for word, number, unit in bounds if number is not None]
    return f" ({', '.join(parts)})" if parts else ""


def _text(limit: Limit) -> str:
    if limit.times_upper is not None:
        return f"{limit.op} {number(limit.times_upper)} × upper limit of normal"
    return " or ".join(f"{limit.op} {number(value)} {plain_unit(unit)}" for unit, value in limit.value.items())
