"""Lithium and theophylline: toxic levels, and signs of toxicity at a level that is not (E6; second edition N34)."""

from collections.abc import Callable, Iterator

from cards.advice import Note
from cds.rules.findings import Finding
from cds.rules.flags import Raised
from cds.rules.lab_limits import Interpretation
from cds.rules.medication import Course
from cds.rules.reads import Reads
from cds.rules.view import View

SIGNS = "lithium-toxicity"
LITHIUM = Reads(
    sets=("tremor",),
    groups=(SIGNS,),
    drugs=("nsaid", "ace-inhibitor"),
    analytes=("lithium", "egfr"),
    limits=("lithium-with-tremor", "egfr-unsafe"),
    medicines=("diuretic",),
    windows=("lithium_sign", "lithium_level", "recent_start"),
    thresholds=("lithium_years",),
    attributes=("age",),
)
THEOPHYLLINE = Reads(
    drugs=("raises-theophylline",),
    analytes=("theophylline",),
    limits=("theophylline-from-sixty",),
    windows=("recent_start",),
    thresholds=("theophylline_years",),
    attributes=("age",),
)


def toxic(view: View) -> Iterator[Raised]:
    """Lithium and theophylline as emergencies."""
    yield from (flag for flag in (_lithium(view), _theophylline(view)) if flag is not None)


def _lithium(view: View) -> Raised | None:
    """A toxic level, or a sign of toxicity on lithium whatever the level; never by words alone (N46)."""
    level = view.acute_beyond("lithium")
    courses = [course for course in view.courses("lithium") if not course.by_words]
    signs, tremor, sets = _signs(view), _tremor(view), (*view.group(SIGNS), "tremor")
    if level is not None:
        limit = view.limit_text("lithium")
        return view.flag(
            (*signs, *tremor), sets, tag="lithium", judged=(level,), limit=limit, courses=courses, used=True
        )
    if not courses or not (signs or (tremor and _tremor_counts(view))):
        return None
    recent = _recent_level(view)
    extra = (view.lab_fact(recent),) if recent else ()
    return view.flag((*signs, *tremor), sets, tag="lithium", courses=courses, extra=extra, used=True)


def _signs(view: View) -> tuple[Finding, ...]:
    return view.within("lithium_sign", *view.group(SIGNS))


def _tremor(view: View) -> tuple[Finding, ...]:
    return view.within("lithium_sign", "tremor")


def _tremor_counts(view: View) -> bool:
    """With a risk factor, or without a recent level below 1.0 mmol/L."""
    level = _recent_level(view)
    return _is_at_risk(view) or level is None or not view.clears(level, "lithium-with-tremor")


def _recent_level(view: View) -> Interpretation | None:
    level = view.standing("lithium").judged
    return level if level is not None and view.is_within(level.when, "lithium_level") else None


def _is_at_risk(view: View) -> bool:
    """Reduced kidney function, age, or a medicine begun of late that keeps lithium in the body."""
    egfr = view.standing("egfr")
    weak = egfr.is_fresh and egfr.judged is not None and view.exceeds(egfr.judged, "egfr-unsafe")
    old = view.age is not None and view.age >= view.at("lithium_years")
    starts = [
        *view.starts("nsaid"),
        *view.starts("ace-inhibitor"),
        *(course.start for course in view.courses("diuretic")),
    ]
    return weak or old or any(view.is_within(start, "recent_start") for start in starts)


def _theophylline(view: View) -> Raised | None:
    level = view.acute_beyond("theophylline")
    if level is None:
        return None
    limit = view.limit_text("theophylline")
    return view.flag((), (), tag="theophylline", judged=(level,), limit=limit, courses=view.courses("xanthine"))


def lithium_cautions(course: Course, view: View) -> Iterator[Note]:
    """What is a warning on the review of lithium: signs where words only name it, or tremor at a low level."""
    tremor = _tremor(view)
    if course.by_words:
        yield from (
            Note(
                "lithium_signs",
                {
                    "drug": course.ingredient,
                    "sign": view.name(finding, *view.group(SIGNS), "tremor"),
                    "date": _day(finding),
                },
            )
            for finding in (*_signs(view), *tremor)
        )
    elif tremor and not _tremor_counts(view):
        yield Note("lithium_tremor", {"drug": course.ingredient, "date": _day(tremor[0])})


def _day(finding: Finding) -> str:
    return finding.when.text if finding.when else ""


def theophylline_cautions(course: Course, view: View) -> Iterator[Note]:
    """A level of 15 mg/L or more from the age of 60; no level since a medicine was begun that raises it."""
    status = view.standing("theophylline")
    level = status.judged
    old = view.age is not None and view.age >= view.at("theophylline_years")
    if level is not None and status.is_fresh and old and view.exceeds(level, "theophylline-from-sixty"):
        yield Note("theophylline_high", view.lab_words(level))
    for start in view.starts("raises-theophylline"):
        measured = level is not None and level.when is not None and start is not None and level.when.last >= start.first
        if start is not None and view.is_within(start, "recent_start") and not measured:
            yield Note("theophylline_raised", {"drug": course.ingredient, "date": start.text})


Cautions = Callable[[Course, View], Iterator[Note]]
OF_CLASS: dict[str, tuple[Reads, Cautions]] = {
    "lithium": (LITHIUM, lithium_cautions),
    "xanthine": (THEOPHYLLINE, theophylline_cautions),
}
