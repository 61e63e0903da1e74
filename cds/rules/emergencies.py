"""E2 and E5 to E8: emergencies today (sections 3 and 3a); those of electrolytes are in `electrolytes`."""

from collections.abc import Iterator

from cards.advice import Fact
from cards.printed import number
from cds.chart.facts import Seen
from cds.rules import levels
from cds.rules.amount import Amount, beyond
from cds.rules.flags import Raised
from cds.rules.view import View


def rhabdomyolysis(view: View) -> Raised | None:
    """E5: very high CK, high CK with symptoms, or rhabdomyolysis coded within 30 days."""
    coded = view.within("rhabdomyolysis", "rhabdomyolysis")
    urine, kidney = view.of("dark-urine"), view.of("acute-kidney-injury")
    muscular = view.group("muscle")
    muscle = view.of(*muscular)
    severe = view.standing("creatine-kinase").emergency
    with_urine = view.acute_beyond("creatine-kinase-urine") if urine or kidney else None
    with_muscle = view.acute_beyond("creatine-kinase-symptom") if muscle or urine else None
    judged = severe or with_urine or with_muscle
    if judged is None and not coded:
        return None
    found = dict.fromkeys((*coded, *urine, *kidney, *(muscle if with_muscle or severe else ())))
    limit = None if severe else _ck_limit(view, urine_counts=with_urine is not None)
    sets = ("rhabdomyolysis", "dark-urine", "acute-kidney-injury", *muscular)
    shown = (judged,) if judged else ()
    return view.flag(found, sets, tag="rhabdomyolysis", judged=shown, limit=limit)


def poisoning(view: View) -> Iterator[Raised]:
    """E6: lithium, theophylline, serotonin or cholinergic toxicity."""
    yield from levels.toxic(view)
    for flag in (_serotonin(view), _cholinergic(view)):
        if flag is not None:
            yield flag


def pregnancy_and_clot(view: View) -> Iterator[Raised]:
    """E8: signs of pre-eclampsia after 20 weeks; a swollen leg on estrogen."""
    for flag in (_pre_eclampsia(view), _clot(view)):
        if flag is not None:
            yield flag


def _ck_limit(view: View, *, urine_counts: bool) -> str:
    return view.limit_text("creatine-kinase-urine" if urine_counts else "creatine-kinase-symptom")


def _serotonin(view: View) -> Raised | None:
    courses = view.courses(*view.classes("serotonergic"))
    if not courses:
        return None
    found = view.within("clonus", "clonus")
    return view.flag(found, ("clonus",), tag="serotonin-toxicity", courses=courses, used=True)


def _cholinergic(view: View) -> Raised | None:
    found = view.within("cholinergic", "cholinergic-poisoning")
    return view.flag(found, ("cholinergic-poisoning",), tag="cholinergic", used=True)


def _pre_eclampsia(view: View) -> Raised | None:
    if view.weeks is None or view.weeks < view.at("pregnancy_weeks"):
        return None
    brisk = view.of("hyperreflexia", "clonus")
    headache = view.within("pre_eclampsia_sign", "headache")
    pressure = tuple(_high_pressure(view))
    if not brisk or not (headache or pressure):
        return None
    sets = ("clonus", "hyperreflexia", "headache")
    return view.flag((*brisk, *headache), sets, tag="pre-eclampsia", extra=pressure, used=True)


def _clot(view: View) -> Raised | None:
    courses = view.courses("estrogen")
    if not courses:
        return None
    found = view.within("leg_swelling", "leg-swelling")
    return view.flag(found, ("leg-swelling",), tag="venous-thromboembolism", courses=courses, used=True)


def _high_pressure(view: View) -> Iterator[Fact]:
    """Systolic or diastolic pressure at or above its limit within 7 days."""
    for name, threshold in (("ask-systolic", "systolic"), ("ask-diastolic", "diastolic")):
        limit = view.at(threshold)
        for seen in view.component("ask-blood-pressure", name):
            if view.is_within(seen.when, "pre_eclampsia_sign") and _is_high(seen, limit, view):
                yield _pressure_fact(seen, view, name, limit, view.source(threshold))


def _is_high(seen: Seen, limit: float, view: View) -> bool:
    quantity = seen.quantity
    if quantity is None or quantity.value is None or view.unit(quantity) != MMHG:
        return False
    return beyond(Amount(quantity.value, MMHG, quantity.comparator), ">=", limit) is True


MMHG = "mm[Hg]"


def _pressure_fact(seen: Seen, view: View, name: str, limit: float, source: str) -> Fact:
    return Fact(
        resource=seen.named.ref,
        label=view.label(name),
        system=seen.named.concepts[0].system,
        code=seen.named.concepts[0].code,
        value=seen.quantity.value if seen.quantity else None,
        unit=MMHG,
        date=seen.when.text if seen.when else None,
        limit=f">={number(limit)} mmHg",
        limit_source=source,
    )
