"""E1 to E8: emergencies today (sections 3 and 3a)."""

from collections.abc import Iterator

from cards.advice import Fact
from cards.printed import number
from cds.chart.facts import Seen
from cds.rules.amount import Amount, beyond, ucum
from cds.rules.findings import Finding
from cds.rules.flags import Raised, raised
from cds.rules.labs import Judged
from cds.rules.picture import Picture

SEROTONERGIC = ("selective-serotonin-reuptake-inhibitor", "serotonin-norepinephrine-reuptake-inhibitor")
MUSCLE = ("cramps", "weakness", "weakness-unspecific", "acute-paralysis")


def respiratory(picture: Picture) -> Raised | None:
    """E1: breathless lying flat, respiratory failure, stridor; within 30 days or undated."""
    sets = ("respiratory-emergency",)
    found = picture.findings.within("respiratory", *sets, undated=True)
    return raised("E1", picture, found, sets, tag="respiratory", used=True)


def paralysis(picture: Picture) -> Raised | None:
    """E2: paralysis of the last 28 days, or weakness begun within 3 days (not in known disease other than MS)."""
    found = picture.findings.within("paralysis", "acute-paralysis")
    if not picture.diseases - {"kd-ms"}:
        limit = picture.today - picture.knowledge.days("sudden_weakness")
        sudden = (one for one in picture.findings.of("weakness") if one.onset and one.onset.last >= limit)
        found = tuple(dict.fromkeys((*found, *sudden)))
    return raised("E2", picture, found, ("acute-paralysis", "weakness"), tag="weakness", used=True)


def hypocalcaemia(picture: Picture) -> Raised | None:
    """E3: tetany, very low calcium, or low calcium with a sign; a new seizure unless Ca and Mg are normal.

    Known epilepsy excuses a seizure only where no low calcium was measured (the safer reading of 3a).
    """
    lab, low = picture.laboratory, _low_calcium(picture)
    judged = tuple(one for one in (lab.of("calcium").emergency,) if one)
    found = list(picture.findings.within("tetany", "tetany", undated=True))
    seizures = _seizures(picture)
    if low is not None:
        found += [*picture.findings.of("paraesthesia", "long-qt"), *seizures]
    elif not picture.findings.of("epilepsy") and not (lab.is_normal("calcium") and lab.is_normal("magnesium")):
        found += seizures
    sets = ("tetany", "paraesthesia", "long-qt", "seizure")
    shown = judged or ((low,) if low is not None and found else ())
    return raised("E3", picture, found, sets, tag="calcium", judged=shown)


def electrolytes(picture: Picture) -> Iterator[Raised]:
    """E4: dangerous potassium, magnesium, phosphate or sodium."""
    for analyte in ("potassium", "magnesium", "phosphate"):
        severe = picture.laboratory.of(analyte).emergency
        with_sign = _WITH_SIGN.get(analyte)
        flag = _severe(picture, analyte, severe) if severe else with_sign(picture) if with_sign else None
        if flag is not None:
            yield flag
    if (sodium := _sodium(picture)) is not None:
        yield sodium


def rhabdomyolysis(picture: Picture) -> Raised | None:
    """E5: very high CK, high CK with symptoms, or rhabdomyolysis coded within 30 days."""
    lab, findings = picture.laboratory, picture.findings
    coded = findings.within("rhabdomyolysis", "rhabdomyolysis")
    urine, kidney = findings.of("dark-urine"), findings.of("acute-kidney-injury")
    muscle = findings.of(*MUSCLE)
    severe = lab.of("creatine-kinase").emergency
    with_urine = lab.acute_beyond("creatine-kinase", "creatine-kinase-urine") if urine or kidney else None
    with_muscle = lab.acute_beyond("creatine-kinase", "creatine-kinase-symptom") if muscle or urine else None
    judged = severe or with_urine or with_muscle
    if judged is None and not coded:
        return None
    found = dict.fromkeys((*coded, *urine, *kidney, *(muscle if with_muscle or severe else ())))
    limit = None if severe else _ck_limit(picture, urine_counts=with_urine is not None)
    sets = ("rhabdomyolysis", "dark-urine", "acute-kidney-injury", *MUSCLE)
    shown = (judged,) if judged else ()
    return raised("E5", picture, found, sets, tag="rhabdomyolysis", judged=shown, limit=limit)


def poisoning(picture: Picture) -> Iterator[Raised]:
    """E6: lithium, serotonin or cholinergic toxicity."""
    for flag in (_lithium(picture), _serotonin(picture), _cholinergic(picture)):
        if flag is not None:
            yield flag


def floppy_infant(picture: Picture) -> Raised | None:
    """E7: an infant who became floppy within 7 days."""
    if not picture.is_infant:
        return None
    sets = ("hypotonia",)
    found = picture.findings.within("floppiness", *sets)
    return raised("E7", picture, found, sets, tag="infant-floppiness", used=True)


def pregnancy_and_clot(picture: Picture) -> Iterator[Raised]:
    """E8: signs of pre-eclampsia after 20 weeks; a swollen leg on estrogen."""
    for flag in (_pre_eclampsia(picture), _clot(picture)):
        if flag is not None:
            yield flag


def _low_calcium(picture: Picture) -> Judged | None:
    """A low adjusted or ionised calcium of the last 30 days; a laboratory's flag alone is not enough (2d)."""
    return next((one for one in picture.laboratory.acute("calcium") if _is_low_calcium(one)), None)


def _is_low_calcium(one: Judged) -> bool:
    return one.found is not None and one.kind != "unadjusted" and one.side == "low" and one.is_abnormal


def _seizures(picture: Picture) -> tuple[Finding, ...]:
    return picture.findings.within("seizure", "seizure")


def _severe(picture: Picture, analyte: str, judged: Judged) -> Raised | None:
    return raised("E4", picture, (), (), tag=analyte, judged=(judged,))


def _magnesium(picture: Picture) -> Raised | None:
    """Magnesium 0.40 to 0.50 mmol/L with tetany, a new seizure or long QT."""
    judged = picture.laboratory.acute_beyond("magnesium", "magnesium-with-sign")
    found = (*picture.findings.of("tetany", "long-qt"), *_seizures(picture))
    if judged is None or not found:
        return None
    limit = picture.laboratory.limits.limit_text("magnesium-with-sign")
    sets = ("tetany", "long-qt", "seizure")
    return raised("E4", picture, found, sets, tag="magnesium", judged=(judged,), limit=limit)


def _potassium(picture: Picture) -> Raised | None:
    """Potassium 2.5 to 2.9 mmol/L with weakness, long QT or digoxin."""
    judged = picture.laboratory.acute_beyond("potassium", "potassium-with-sign")
    found = picture.findings.of("weakness", "acute-paralysis", "long-qt")
    if judged is None or not (found or "digoxin" in picture.medication.others):
        return None
    limit = picture.laboratory.limits.limit_text("potassium-with-sign")
    sets = ("weakness", "acute-paralysis", "long-qt")
    return raised("E4", picture, found, sets, tag="potassium", judged=(judged,), limit=limit)


def _sodium(picture: Picture) -> Raised | None:
    """Sodium below 125 mmol/L with confusion or a new seizure."""
    judged = picture.laboratory.acute_beyond("sodium", "sodium-with-sign")
    found = (*picture.findings.of("confusion"), *_seizures(picture))
    if judged is None or not found:
        return None
    limit = picture.laboratory.limits.limit_text("sodium-with-sign")
    return raised("E4", picture, found, ("confusion", "seizure"), tag="sodium", judged=(judged,), limit=limit)


_WITH_SIGN = {"magnesium": _magnesium, "potassium": _potassium}


def _ck_limit(picture: Picture, *, urine_counts: bool) -> str:
    return picture.laboratory.limits.limit_text("creatine-kinase-urine" if urine_counts else "creatine-kinase-symptom")


def _lithium(picture: Picture) -> Raised | None:
    """A toxic level, or confusion or tremor on lithium without a recent level below it."""
    lab, limits = picture.laboratory, picture.laboratory.limits
    level = lab.of("lithium").judged
    toxic = lab.acute_beyond("lithium", "lithium")
    courses = picture.medication.of("lithium")
    if toxic is not None:
        limit = limits.limit_text("lithium")
        signs = picture.findings.within("lithium_sign", "confusion", "tremor")
        sets = ("confusion", "tremor")
        return raised(
            "E6", picture, signs, sets, tag="lithium", judged=(toxic,), limit=limit, courses=courses, used=True
        )
    clear = level is not None and limits.clears(level, "lithium") and picture.is_within(level.when, "lithium_clear")
    if not courses or clear:
        return None
    found = picture.findings.within("lithium_sign", "confusion", "tremor")
    return raised("E6", picture, found, ("confusion", "tremor"), tag="lithium", courses=courses, used=True)


def _serotonin(picture: Picture) -> Raised | None:
    courses = picture.medication.of(*SEROTONERGIC)
    if not courses:
        return None
    found = picture.findings.within("clonus", "clonus")
    return raised("E6", picture, found, ("clonus",), tag="serotonin-toxicity", courses=courses, used=True)


def _cholinergic(picture: Picture) -> Raised | None:
    found = picture.findings.within("cholinergic", "cholinergic-poisoning")
    return raised("E6", picture, found, ("cholinergic-poisoning",), tag="cholinergic", used=True)


def _pre_eclampsia(picture: Picture) -> Raised | None:
    if picture.weeks is None or picture.weeks < picture.knowledge.at("pregnancy_weeks"):
        return None
    brisk = picture.findings.of("hyperreflexia", "clonus")
    headache = picture.findings.within("pre_eclampsia_sign", "headache")
    pressure = tuple(_high_pressure(picture))
    if not brisk or not (headache or pressure):
        return None
    sets = ("clonus", "hyperreflexia", "headache")
    return raised("E8", picture, (*brisk, *headache), sets, tag="pre-eclampsia", extra=pressure, used=True)


def _clot(picture: Picture) -> Raised | None:
    courses = picture.medication.of("estrogen")
    if not courses:
        return None
    found = picture.findings.within("leg_swelling", "leg-swelling")
    return raised("E8", picture, found, ("leg-swelling",), tag="venous-thromboembolism", courses=courses, used=True)


def _high_pressure(picture: Picture) -> Iterator[Fact]:
    """Systolic or diastolic pressure at or above its limit within 7 days."""
    for name, threshold in (("ask-systolic", "systolic"), ("ask-diastolic", "diastolic")):
        limit = picture.knowledge.at(threshold)
        for seen in picture.chart.seen:
            recent = name in seen.named.sets and picture.is_within(seen.when, "pre_eclampsia_sign")
            if recent and _is_high(seen, limit, picture):
                yield _pressure_fact(seen, picture, name, limit)


def _is_high(seen: Seen, limit: float, picture: Picture) -> bool:
    quantity = seen.quantity
    if quantity is None or quantity.value is None or ucum(quantity, picture.knowledge) != MMHG:
        return False
    return beyond(Amount(quantity.value, MMHG, quantity.comparator), ">=", limit) is True


MMHG = "mm[Hg]"


def _pressure_fact(seen: Seen, picture: Picture, name: str, limit: float) -> Fact:
    return Fact(
        resource=seen.named.ref,
        label=picture.knowledge.label(name),
        system=seen.named.concepts[0].system,
        code=seen.named.concepts[0].code,
        value=seen.quantity.value if seen.quantity else None,
        unit=MMHG,
        date=seen.when.text if seen.when else None,
        limit=f">={number(limit)} mmHg",
        limit_source="nice-cg107",
    )
