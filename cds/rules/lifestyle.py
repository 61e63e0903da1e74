"""Lifestyle factors that the article names (S13 to S19, S39 to S43; 4b Factors)."""

import math
from collections.abc import Iterator

from msgspec import Struct

from cards.advice import Fact, Note
from cards.printed import number
from cds.chart.facts import ClinicalObservation
from cds.fhir.references import entry_type
from cds.fhir.units import factor
from cds.rules import measured, self_harm
from cds.rules.findings import Finding
from cds.rules.newest import newest
from cds.rules.own_words import in_sentence
from cds.rules.reported import is_pregnant
from cds.rules.view import View

ANSWERS = ("Observation", "QuestionnaireResponse")
BRIEF = "brief-anxiety"  # a group of the data: GAD-2


class Factor(Struct, frozen=True, kw_only=True):
    """One factor with what shows it; `variant` and `values` choose its summary."""

    tag: str
    facts: tuple[Fact, ...]
    variant: str
    values: dict[str, str] = {}
    notes: tuple[Note, ...] = ()


def stress(view: View) -> Factor | None:
    """GAD-7 of 10 or more, or without one GAD-2 of 3 or more, from the age of 12; or anxiety or stress coded."""
    score = _standing(view, "ask-gad7", "questionnaire")
    old_enough = view.age is None or view.age >= view.at("gad7_years")
    limit = view.at("gad7")
    scored = score is not None and old_enough and _value(score) >= limit
    facts = (_answer(score, "ask-gad7", view, f">={number(limit)}", view.source("gad7")),) if score and scored else ()
    brief = () if score is not None else _brief_score(view)
    stress_facts = (*brief, *_facts(view.of("stress"), "stress", view))
    return (
        Factor(tag="stress", facts=(*facts, *stress_facts), variant="stress", notes=_phq9(view))
        if facts or stress_facts
        else None
    )


def _brief_score(view: View) -> tuple[Fact, ...]:
    """The two questions of GAD-2, answered together (N22)."""
    if view.age is not None and view.age < view.at("gad7_years"):
        return ()
    questions = view.answer_group(BRIEF)
    answers = [_standing(view, name, "questionnaire") for name in questions]
    both = [answer for answer in answers if answer is not None and 0 <= _value(answer) <= view.at("gad2_most")]
    total, limit = sum(map(_value, both)), view.at("gad2")
    if len(both) < len(questions) or total < limit:
        return ()
    fact = Fact(
        resource=both[0].named.ref,
        label=view.label(questions[0]),
        value=total,
        date=both[0].when.text if both[0].when else None,
        limit=f">={number(limit)}",
        limit_source=view.source("gad2"),
        note=measured.remark(both[0]),
    )
    return (fact,)


def sleep(view: View) -> Factor | None:
    """Sleep shorter than the age needs, or insomnia coded."""
    facts = _facts(view.of("sleep"), "sleep", view)
    entry = _standing(view, "ask-sleep", "intake")
    hours = _in_unit(entry, view.unit_of("ask-sleep"), view) if entry else None
    need = _sleep_need(view)
    if entry is not None and hours is not None and need is not None and hours < need:
        fact = _answer(entry, "ask-sleep", view, f"<{number(need)} h", view.source("sleep"))
        return Factor(tag="sleep", facts=(fact, *facts), variant="sleep", values={"hours": number(hours)})
    if not facts:
        return None
    return Factor(tag="sleep", facts=facts, variant="sleep-recorded", values={"sign": in_sentence(facts[0].words)})


def exertion(view: View) -> Factor | None:
    """Exertion within 7 days before the twitch, as dated or as a patient says, or of the last 7 days."""
    window, last = view.days("exertion"), view.last
    exertions = [
        finding
        for finding in view.of("exertion")
        if finding.day is not None
        and (
            finding.day >= view.today - window or (last is not None and last.last - window <= finding.day <= last.last)
        )
    ]
    before = view.within("reported_sign", "exertion-before")
    refs_before = {finding.named.ref for finding in before}
    new_exertions = (finding for finding in exertions if finding.named.ref not in refs_before)
    facts = (*_facts(tuple(new_exertions), "exertion", view), *_facts(before, "exertion-before", view))
    return Factor(tag="exertion", facts=facts, variant="exertion") if facts else None


def caffeine(view: View) -> Factor | None:
    """Intake above the limit (lower in pregnancy, by weight under 18), or excess coded."""
    facts = _facts(view.of("caffeine"), "caffeine", view)
    entry = _standing(view, "ask-caffeine", "intake")
    daily = _in_unit(entry, view.unit_of("ask-caffeine"), view) if entry else None
    limit = _caffeine_limit(view)
    if entry is not None and daily is not None and limit is not None and daily > limit:
        fact = _answer(entry, "ask-caffeine", view, f">{number(limit)} mg/d", view.source("caffeine_mg"))
        values, notes = {"mg": number(daily)}, tuple(_caffeine_notes(view))
        return Factor(tag="caffeine", facts=(fact, *facts), variant="caffeine", values=values, notes=notes)
    return Factor(tag="caffeine", facts=facts, variant="caffeine-recorded") if facts else None


def unjudged(view: View) -> tuple[Note, ...]:
    """Answers on file that no limit fits: a child's GAD-7, caffeine under 18 without a weight (4b Factors)."""
    notes = []
    if view.age is not None and view.age < view.at("gad7_years"):
        notes += [Note("age_under_adult_scores")] if _score(view, "ask-gad7", "questionnaire") else []
    if _score(view, "ask-caffeine", "intake") and _caffeine_limit(view) is None:
        notes.append(Note("caffeine_weight_missing"))
    return tuple(notes)


def _caffeine_notes(view: View) -> Iterator[Note]:
    if view.age is not None and view.age < view.at("caffeine_child_years"):
        yield Note("caffeine_child")
    elif _is_pregnant(view):
        yield Note("pregnancy_caffeine")


def dehydration(view: View) -> Factor | None:
    """Dehydration recorded, or a loss of fluid reported, within 30 days."""
    facts = _facts(view.within("dehydration", "dehydration"), "dehydration", view)
    lost = view.within("dehydration", "fluid-loss")
    if not facts and not lost:
        return None
    notes = (Note("fluid_loss", {"date": lost[0].when.text if lost[0].when else ""}),) if lost else ()
    variant = "dehydration" if facts else "fluid-loss"
    return Factor(tag="dehydration", facts=(*facts, *_facts(lost, "fluid-loss", view)), variant=variant, notes=notes)


def smoking(view: View) -> Factor | None:
    """The newest tobacco status is a current one."""
    oldest = view.today - view.days("smoking")
    statuses = [finding for finding in view.valued("ask-tobacco", "tobacco") if _is_status(finding, oldest)]
    smoke = view.valued("ask-tobacco", "tobacco-current")
    last = newest(statuses, lambda finding: finding.when)
    current = tuple(finding for finding in last if finding in smoke and not _is_in_doubt(finding, view))
    facts = _facts(current, "tobacco-current", view)
    return Factor(tag="smoking", facts=facts, variant="smoking") if facts else None


def diet(view: View) -> Factor | None:
    """A diet or absorption problem coded, or a vegan diet in words."""
    diets = (finding for finding in view.of("diet") if not finding.reported or view.is_within(finding.when, "intake"))
    findings = (*diets, *view.worded("diet"))
    facts = _facts(findings, "diet", view)
    return Factor(tag="diet", facts=facts, variant="diet") if facts else None


def _facts(findings: tuple[Finding, ...], name: str, view: View) -> tuple[Fact, ...]:
    return tuple(view.fact(finding, name) for finding in findings)


def _score(view: View, name: str, window: str) -> ClinicalObservation | None:
    """The newest answer to a question, if it is in date; of two the worse one (4b Dates)."""
    dated_answers = [entry for entry in view.answers(name) if entry.when and _has_number(entry)]
    last = newest(dated_answers, lambda entry: entry.when)
    worst = max(last, key=lambda entry: _badness(entry, name, view), default=None)
    return worst if worst is not None and view.is_within(worst.when, window) else None


def _standing(view: View, name: str, window: str) -> ClinicalObservation | None:
    """The newest answer, unless a later one is not known: an unknown never makes a factor (N1)."""
    entry = _score(view, name, window)
    return None if entry is None or view.is_superseded(name, entry.when) else entry


def _badness(entry: ClinicalObservation, name: str, view: View) -> float:
    """How bad an answer is; one that cannot be read is no answer while there is another."""
    unit = view.unit_of(name)
    value = _in_unit(entry, unit, view) if unit else _value(entry)
    if value is None:
        return -math.inf
    return -value if view.is_less_worse(name) else value


def _has_number(entry: ClinicalObservation) -> bool:
    return entry.said.is_answer and entry.quantity is not None and entry.quantity.value is not None


def _value(entry: ClinicalObservation) -> float:
    return entry.quantity.value if entry.quantity and entry.quantity.value is not None else 0.0


def _in_unit(entry: ClinicalObservation, unit: str | None, view: View) -> float | None:
    """The number in a unit; a bounded or unit-less one says nothing."""
    if unit is None or entry.quantity is None or entry.quantity.comparator is not None:
        return None
    ratio = factor(view.unit(entry.quantity) or "", unit)
    return None if ratio is None else round(_value(entry) * ratio, 6)


def _answer(entry: ClinicalObservation, name: str, view: View, limit: str, source: str) -> Fact:
    unit = view.unit(entry.quantity) if entry.quantity else None
    return measured.fact(entry, name, view, limit, unit=unit, source=source)


def _phq9(view: View) -> tuple[Note, ...]:
    """A positive PHQ-9 adds a line, unless its item 9 is on file and has one already (2a PHQ-9)."""
    entry = _score(view, "ask-phq9", "questionnaire")
    if entry is None or _value(entry) < view.at("phq9"):
        return ()
    if self_harm.positive(view.answers(self_harm.ASKED), view.is_within) is not None:
        return ()
    return (Note("phq9_item", {"score": number(_value(entry))}),)


def _sleep_need(view: View) -> float | None:
    age = view.age if view.age is not None else view.at("adult_years") + 3
    return next((row.hours for row in view.sleep_needs() if row.from_years <= age < row.under_years), None)


def _caffeine_limit(view: View) -> float | None:
    """mg per day; None where it cannot be judged (under 18 without a weight)."""
    if view.age is not None and view.age < view.at("caffeine_child_years"):
        weighed = _score(view, "ask-weight", "weight")
        kilograms = _in_unit(weighed, view.unit_of("ask-weight"), view) if weighed else None
        return None if kilograms is None else view.at("caffeine_child_mg_per_kg") * kilograms
    return view.at("caffeine_pregnant_mg" if _is_pregnant(view) else "caffeine_mg")


def _is_pregnant(view: View) -> bool:
    """By the record, or as the patient says."""
    return view.pregnant or is_pregnant(view.answers("ask-pregnancy"), view.today - view.days("reported_sign"))


def _is_in_doubt(finding: Finding, view: View) -> bool:
    """Whether an answer was followed by one that is not known; a diagnosis stands whatever was answered."""
    return finding.source is not None and view.is_superseded("ask-tobacco", finding.when)


def _is_status(finding: Finding, oldest: int) -> bool:
    """An answer must be in date; a diagnosis on the problem list stands until it is closed (2b Stale)."""
    if entry_type(finding.named.ref) in ANSWERS:
        return finding.when is not None and finding.when.first >= oldest
    return True
