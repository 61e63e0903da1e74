"""ORD-RISK: a draft that this chart makes dangerous, renewals too (second edition N51)."""

from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct

from cards.advice import Fact
from cards.template import fill
from cds.chart.facts import Drug
from cds.knowledge.codes import Concept
from cds.knowledge.load import Knowledge
from cds.rules.lab_status import Standing
from cds.rules.medication import Course
from cds.rules.reads import Reads
from cds.rules.view import View

Draft = tuple[Drug, Concept]
Drafts = Mapping[str, tuple[Draft, ...]]
DENOSUMAB, DIURETIC, SEROTONERGIC = "denosumab", "diuretic", "serotonergic"
REUPTAKE = "reuptake-inhibitors"  # SSRI and SNRI
INHIBITOR = "mao_inhibitor"  # with linezolid and methylene blue
CHECKED, TAGS, CLASSES = "checked-drafts", "draft-tags", "draft-classes"  # lists of the data


class Risk(Struct, frozen=True, kw_only=True):
    """A draft and what on the chart speaks against it. `tests`: what is not known and is to be measured."""

    tag: str
    drug: str
    finding: str
    facts: tuple[Fact, ...] = ()
    tests: tuple[str, ...] = ()


def reads(knowledge: Knowledge) -> Reads:
    """What the rule reads."""
    with_diuretic = knowledge.rules.diuretic_limits
    return Reads(
        problems=("dialysis",),
        analytes=("calcium", "egfr", *with_diuretic),
        limits=("calcium-with-denosumab", "egfr-with-denosumab", *with_diuretic.values()),
        medicines=(SEROTONERGIC,),
        classes=(REUPTAKE,),
        windows=("denosumab_calcium",),
    )


def rule_of(drafts: Drafts, with_diuretic: Mapping[str, str]) -> Callable[[View], Iterator[Risk]]:
    """The rule, for these drafts; `with_diuretic`: by analyte, the limit below which it is too low for a diuretic."""

    def found(view: View) -> Iterator[Risk]:
        for draft in drafts.get(DENOSUMAB, ()):
            yield from _of_denosumab(draft, view)
        for draft in drafts.get(DIURETIC, ()):
            yield from _of_diuretic(draft, with_diuretic, view)
        yield from _of_serotonin(drafts, view)

    return found


def name(concept: Concept) -> str:
    """What a card calls a draft."""
    return concept.ingredient or concept.display


def _of_denosumab(draft: Draft, view: View) -> Iterator[Risk]:
    """Low calcium; or dialysis or a very weak kidney, and no calcium of the last days that can be relied on."""
    drug, status = name(draft[1]), view.standing("calcium")
    result = status.judged if status.is_fresh else None
    if result is not None and (result.side == "low" or view.exceeds(result, "calcium-with-denosumab")):
        yield Risk(tag=DENOSUMAB, drug=drug, finding=view.low_name(result), facts=(view.lab_fact(result),))
    elif not _is_known(status, view):
        for cause, facts in _kidney(view):
            yield Risk(tag=DENOSUMAB, drug=drug, finding=view.risk(cause), facts=facts, tests=("calcium",))


def _is_known(status: Standing, view: View) -> bool:
    recent = status.judged is not None and view.is_within(status.judged.when, "denosumab_calcium")
    return recent and not view.is_unread("calcium")


def _kidney(view: View) -> Iterator[tuple[str, tuple[Fact, ...]]]:
    """Dialysis, or a kidney function below 30; the first of them that is on file."""
    if any(problem.is_active for problem in view.problems("dialysis")):
        yield "dialysis", ()
        return
    status = view.standing("egfr")
    result = status.judged if status.is_fresh else None
    if result is not None and view.exceeds(result, "egfr-with-denosumab"):
        yield "egfr", (view.lab_fact(result),)


def _of_diuretic(draft: Draft, limits: Mapping[str, str], view: View) -> Iterator[Risk]:
    """A potassium, magnesium or sodium that is too low for a loop or thiazide diuretic."""
    for analyte, limit in limits.items():
        status = view.standing(analyte)
        result = status.judged if status.is_fresh else None
        if result is not None and view.exceeds(result, limit):
            facts = (view.lab_fact(result),)
            yield Risk(tag=DIURETIC, drug=name(draft[1]), finding=view.low_name(result), facts=facts)


def _of_serotonin(drafts: Drafts, view: View) -> Iterator[Risk]:
    """Linezolid, an MAO inhibitor or methylene blue together with an SSRI or SNRI, taken or drafted with it."""
    blocked = [(SEROTONERGIC, draft) for draft in drafts.get(SEROTONERGIC, ()) if INHIBITOR in draft[1].groups]
    raised = [(tag, draft) for tag in view.classes(REUPTAKE) for draft in drafts.get(tag, ())]
    inhibitors = [course for course in view.courses(SEROTONERGIC) if INHIBITOR in course.groups]
    for tag, draft in blocked:
        yield from _beside(tag, draft, view.courses(*view.classes(REUPTAKE)), view)
        yield from (_drafted(tag, draft, second, view) for _, second in raised)
    for tag, draft in raised:
        yield from _beside(tag, draft, inhibitors, view)


def _beside(tag: str, draft: Draft, courses: tuple[Course, ...] | list[Course], view: View) -> Iterator[Risk]:
    for course in courses:
        finding = fill(view.risk("taken"), {"drug": course.ingredient})
        yield Risk(tag=tag, drug=name(draft[1]), finding=finding, facts=(course.fact,))


def _drafted(tag: str, draft: Draft, second: Draft, view: View) -> Risk:
    return Risk(tag=tag, drug=name(draft[1]), finding=fill(view.risk("drafted"), {"drug": name(second[1])}))
