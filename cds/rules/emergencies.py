"""E1 to E8: emergencies today (sections 3 and 3a)."""

from collections.abc import Iterator

from cards.advice import Fact
from cards.printed import number
from cds.chart.facts import Seen
from cds.rules.amount import Amount, beyond
from cds.rules.findings import Finding
from cds.rules.flags import Raised
from cds.rules.labs import Judged
from cds.rules.view import View


def hypocalcaemia(view: View) -> Raised | None:
    """E3: tetany, very low calcium, or low calcium with a sign; a new seizure unless Ca and Mg are normal.

    Known epilepsy excuses a seizure only where no low calcium was measured (the safer reading of 3a).
    """
    low = _low_calcium(view)
    judged = tuple(one for one in (view.standing("calcium").emergency,) if one)
    found = list(view.within("tetany", "tetany", undated=True))
    seizures = _seizures(view)
    if low is not None:
        found += [*view.of("paraesthesia", "long-qt"), *seizures]
    elif not view.of("epilepsy") and not (view.standing("calcium").is_normal and view.standing("magnesium").is_normal):
        found += seizures
    sets = ("tetany", "paraesthesia", "long-qt", "seizure")
    shown = judged or ((low,) if low is not None and found else ())
    return view.flag(found, sets, tag="calcium", judged=shown)


def electrolytes(view: View) -> Iterator[Raised]:
    """E4: dangerous potassium, magnesium, phosphate or sodium."""
    for analyte in ("potassium", "magnesium", "phosphate"):
        severe = view.standing(analyte).emergency
        with_sign = _WITH_SIGN.get(analyte)
        flag = _severe(view, analyte, severe) if severe else with_sign(view) if with_sign else None
        if flag is not None:
            yield flag
    if (sodium := _sodium(view)) is not None:
        yield sodium


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
    """E6: lithium, serotonin or cholinergic toxicity."""
    for flag in (_lithium(view), _serotonin(view), _cholinergic(view)):
        if flag is not None:
            yield flag


def pregnancy_and_clot(view: View) -> Iterator[Raised]:
    """E8: signs of pre-eclampsia after 20 weeks; a swollen leg on estrogen."""
    for flag in (_pre_eclampsia(view), _clot(view)):
        if flag is not None:
            yield flag


def _low_calcium(view: View) -> Judged | None:
    """A low adjusted or ionised calcium of the last 30 days; a laboratory's flag alone is not enough (2d)."""
    return next((one for one in view.acute("calcium") if _is_low_calcium(one)), None)


def _is_low_calcium(one: Judged) -> bool:
    return one.found is not None and one.kind != "unadjusted" and one.side == "low" and one.is_abnormal


def _seizures(view: View) -> tuple[Finding, ...]:
    return view.within("seizure", "seizure")


def _severe(view: View, analyte: str, judged: Judged) -> Raised | None:
    return view.flag((), (), tag=analyte, judged=(judged,))


def _magnesium(view: View) -> Raised | None:
    """Magnesium 0.40 to 0.50 mmol/L with tetany, a new seizure or long QT."""
    judged = view.acute_beyond("magnesium-with-sign")
    found = (*view.of("tetany", "long-qt"), *_seizures(view))
    if judged is None or not found:
        return None
    limit = view.limit_text("magnesium-with-sign")
    sets = ("tetany", "long-qt", "seizure")
    return view.flag(found, sets, tag="magnesium", judged=(judged,), limit=limit)


def _potassium(view: View) -> Raised | None:
    """Potassium 2.5 to 2.9 mmol/L with weakness, long QT or digoxin."""
    judged = view.acute_beyond("potassium-with-sign")
    found = view.of("weakness", "acute-paralysis", "long-qt")
    if judged is None or not (found or view.takes("digoxin")):
        return None
    limit = view.limit_text("potassium-with-sign")
    sets = ("weakness", "acute-paralysis", "long-qt")
    return view.flag(found, sets, tag="potassium", judged=(judged,), limit=limit)


def _sodium(view: View) -> Raised | None:
    """Sodium below 125 mmol/L with confusion or a new seizure."""
    judged = view.acute_beyond("sodium-with-sign")
    found = (*view.of("confusion"), *_seizures(view))
    if judged is None or not found:
        return None
    limit = view.limit_text("sodium-with-sign")
    return view.flag(found, ("confusion", "seizure"), tag="sodium", judged=(judged,), limit=limit)


_WITH_SIGN = {"magnesium": _magnesium, "potassium": _potassium}


def _ck_limit(view: View, *, urine_counts: bool) -> str:
    return view.limit_text("creatine-kinase-urine" if urine_counts else "creatine-kinase-symptom")


def _lithium(view: View) -> Raised | None:
    """A toxic level, or confusion or tremor on lithium without a recent level below it; never by words alone (N46)."""
    level = view.standing("lithium").judged
    toxic = view.acute_beyond("lithium")
    courses = [course for course in view.courses("lithium") if not course.by_words]
    if toxic is not None:
        limit = view.limit_text("lithium")
        signs = view.within("lithium_sign", "confusion", "tremor")
        sets = ("confusion", "tremor")
        return view.flag(signs, sets, tag="lithium", judged=(toxic,), limit=limit, courses=courses, used=True)
    clear = level is not None and view.clears(level, "lithium") and view.is_within(level.when, "lithium_clear")
    if not courses or clear:
        return None
    found = view.within("lithium_sign", "confusion", "tremor")
    return view.flag(found, ("confusion", "tremor"), tag="lithium", courses=courses, used=True)


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
