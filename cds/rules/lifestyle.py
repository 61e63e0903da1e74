"""Lifestyle factors that the article names (S13 to S19, S39 to S43; 4b Factors)."""

import math
from collections.abc import Callable, Iterator

from msgspec import Struct

from cards.advice import Fact, Note
from cards.printed import number
from cds.chart.facts import Seen
from cds.fhir.units import factor
from cds.rules.amount import ucum
from cds.rules.findings import Finding
from cds.rules.findings import fact as finding_fact
from cds.rules.newest import newest
from cds.rules.picture import Picture

UNITS = {"ask-sleep": "h", "ask-caffeine": "mg/d", "ask-weight": "kg"}  # the other questions are scores
LESS_IS_WORSE = frozenset({"ask-sleep", "ask-weight"})  # a lighter child may take less caffeine


class Factor(Struct, frozen=True, kw_only=True):
    """One factor with what shows it; `variant` and `values` choose its summary."""

    tag: str
    facts: tuple[Fact, ...]
    variant: str
    values: dict[str, str] = {}
    notes: tuple[Note, ...] = ()


def stress(picture: Picture) -> Factor | None:
    """GAD-7 of 10 or more from the age of 12, or anxiety or stress coded."""
    score = _score(picture, "ask-gad7", "questionnaire")
    old_enough = picture.age is None or picture.age >= picture.knowledge.at("gad7_years")
    limit = picture.knowledge.at("gad7")
    scored = score is not None and old_enough and _value(score) >= limit
    facts = (_answer(score, "ask-gad7", picture, f">={number(limit)}", "spitzer-2006"),) if score and scored else ()
    found = _facts(picture.findings.of("stress"), "stress", picture)
    return (
        Factor(tag="stress", facts=(*facts, *found), variant="stress", notes=_phq9(picture)) if facts or found else None
    )


def sleep(picture: Picture) -> Factor | None:
    """Sleep shorter than the age needs, or insomnia coded."""
    found = _facts(picture.findings.of("sleep"), "sleep", picture)
    seen = _score(picture, "ask-sleep", "intake")
    hours = _in_unit(seen, UNITS["ask-sleep"], picture) if seen else None
    need = _sleep_need(picture)
    if seen is not None and hours is not None and need is not None and hours < need:
        fact = _answer(seen, "ask-sleep", picture, f"<{number(need)} h", "aasm-srs-2015")
        return Factor(tag="sleep", facts=(fact, *found), variant="sleep", values={"hours": number(hours)})
    return Factor(tag="sleep", facts=found, variant="sleep-recorded") if found else None


def exertion(picture: Picture) -> Factor | None:
    """Exertion within 7 days before the twitch, or of the last 7 days."""
    window, last = picture.knowledge.days("exertion"), picture.last
    found = [
        one
        for one in picture.findings.of("exertion")
        if one.day is not None
        and (one.day >= picture.today - window or (last is not None and last.last - window <= one.day <= last.last))
    ]
    facts = _facts(tuple(found), "exertion", picture)
    return Factor(tag="exertion", facts=facts, variant="exertion") if facts else None


def caffeine(picture: Picture) -> Factor | None:
    """Intake above the limit (lower in pregnancy, by weight under 18), or excess coded."""
    found = _facts(picture.findings.of("caffeine"), "caffeine", picture)
    seen = _score(picture, "ask-caffeine", "intake")
    daily = _in_unit(seen, UNITS["ask-caffeine"], picture) if seen else None
    limit = _caffeine_limit(picture)
    if seen is not None and daily is not None and limit is not None and daily > limit:
        fact = _answer(seen, "ask-caffeine", picture, f">{number(limit)} mg/d", "efsa-2015")
        values, notes = {"mg": number(daily)}, tuple(_caffeine_notes(picture))
        return Factor(tag="caffeine", facts=(fact, *found), variant="caffeine", values=values, notes=notes)
    return Factor(tag="caffeine", facts=found, variant="caffeine-recorded") if found else None


def unjudged(picture: Picture) -> tuple[Note, ...]:
    """Answers on file that no limit fits: a child's GAD-7, caffeine under 18 without a weight (4b Factors)."""
    notes = []
    if picture.age is not None and picture.age < picture.knowledge.at("gad7_years"):
        notes += [Note("age_under_adult_scores")] if _score(picture, "ask-gad7", "questionnaire") else []
    if _score(picture, "ask-caffeine", "intake") and _caffeine_limit(picture) is None:
        notes.append(Note("caffeine_weight_missing"))
    return tuple(notes)


def _caffeine_notes(picture: Picture) -> Iterator[Note]:
    if picture.age is not None and picture.age < picture.knowledge.at("caffeine_child_years"):
        yield Note("caffeine_child")
    elif picture.pregnant:
        yield Note("pregnancy_caffeine")


def dehydration(picture: Picture) -> Factor | None:
    """Dehydration recorded within 30 days."""
    facts = _facts(picture.findings.within("dehydration", "dehydration"), "dehydration", picture)
    return Factor(tag="dehydration", facts=facts, variant="dehydration") if facts else None


def smoking(picture: Picture) -> Factor | None:
    """The newest tobacco status is a current one."""
    oldest = picture.today - picture.knowledge.days("smoking")
    statuses = [one for one in picture.findings.of("tobacco") if _is_status(one, oldest)]
    current = tuple(one for one in newest(statuses, lambda one: one.when) if "tobacco-current" in one.sets)
    facts = _facts(current, "tobacco-current", picture)
    return Factor(tag="smoking", facts=facts, variant="smoking") if facts else None


def diet(picture: Picture) -> Factor | None:
    """A diet or absorption problem coded, or a vegan diet in words."""
    found = (*picture.findings.of("diet"), *(one for one in picture.findings.all if "diet" in one.phrases))
    facts = _facts(found, "diet", picture)
    return Factor(tag="diet", facts=facts, variant="diet") if facts else None


FACTORS: dict[str, Callable[[Picture], Factor | None]] = {
    "stress": stress,
    "sleep": sleep,
    "exertion": exertion,
    "caffeine": caffeine,
    "dehydration": dehydration,
    "smoking": smoking,
    "diet": diet,
}


def _facts(found: tuple[Finding, ...], name: str, picture: Picture) -> tuple[Fact, ...]:
    return tuple(finding_fact(one, (name,), picture.knowledge) for one in found)


def _score(picture: Picture, name: str, window: str) -> Seen | None:
    """The newest answer to a question, if it is in date; of two the worse one (4b Dates)."""
    dated = [one for one in picture.chart.seen if name in one.named.sets and one.when and _has_number(one)]
    last = newest(dated, lambda one: one.when)
    worst = max(last, key=lambda one: _badness(one, name, picture), default=None)
    return worst if worst is not None and picture.is_within(worst.when, window) else None


def _badness(seen: Seen, name: str, picture: Picture) -> float:
    """How bad an answer is; one that cannot be read is no answer while there is another."""
    unit = UNITS.get(name)
    value = _in_unit(seen, unit, picture) if unit else _value(seen)
    if value is None:
        return -math.inf
    return -value if name in LESS_IS_WORSE else value


def _has_number(seen: Seen) -> bool:
    return not seen.denied and seen.quantity is not None and seen.quantity.value is not None


def _value(seen: Seen) -> float:
    return seen.quantity.value if seen.quantity and seen.quantity.value is not None else 0.0


def _in_unit(seen: Seen, unit: str, picture: Picture) -> float | None:
    """The number in a unit; a bounded or unit-less one says nothing."""
    if seen.quantity is None or seen.quantity.comparator is not None:
        return None
    ratio = factor(ucum(seen.quantity, picture.knowledge) or "", unit)
    return None if ratio is None else round(_value(seen) * ratio, 6)


def _answer(seen: Seen, name: str, picture: Picture, limit: str, source: str) -> Fact:
    concept = next(one for one in seen.named.concepts if name in one.sets)
    return Fact(
        resource=seen.named.ref,
        label=picture.knowledge.label(name),
        system=concept.system,
        code=concept.code,
        value=_value(seen),
        unit=ucum(seen.quantity, picture.knowledge) if seen.quantity else None,
        date=seen.when.text if seen.when else None,
        limit=limit,
        limit_source=source,
    )


def _phq9(picture: Picture) -> tuple[Note, ...]:
    """A positive PHQ-9 adds a line; its item 9 follows the local pathway (2a)."""
    seen = _score(picture, "ask-phq9", "questionnaire")
    if seen is None or _value(seen) < picture.knowledge.at("phq9"):
        return ()
    return (Note("phq9_item", {"score": number(_value(seen))}),)


def _sleep_need(picture: Picture) -> float | None:
    age = picture.age if picture.age is not None else picture.knowledge.at("adult_years") + 3
    return next((row.hours for row in picture.knowledge.rules.sleep if row.from_years <= age < row.under_years), None)


def _caffeine_limit(picture: Picture) -> float | None:
    """mg per day; None where it cannot be judged (under 18 without a weight)."""
    knowledge = picture.knowledge
    if picture.age is not None and picture.age < knowledge.at("caffeine_child_years"):
        weighed = _score(picture, "ask-weight", "weight")
        kilograms = _in_unit(weighed, UNITS["ask-weight"], picture) if weighed else None
        return None if kilograms is None else knowledge.at("caffeine_child_mg_per_kg") * kilograms
    return knowledge.at("caffeine_pregnant_mg" if picture.pregnant else "caffeine_mg")


def _is_status(finding: Finding, oldest: int) -> bool:
    """An answer must be in date; a diagnosis on the problem list stands until it is closed (2b)."""
    if finding.named.ref.partition("/")[0] == "Observation":
        return finding.when is not None and finding.when.first >= oldest
    return True
