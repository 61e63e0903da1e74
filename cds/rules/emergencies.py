"""E5, E6 and E8: emergencies today (sections 3 and 3a); those of electrolytes are in `electrolytes`."""

from collections.abc import Iterator

from cds.rules import cholinergic, clot, levels, pregnancy, serotonin
from cds.rules.flags import Raised
from cds.rules.view import View


def rhabdomyolysis(view: View) -> Raised | None:
    """E5: very high CK, high CK with symptoms, or rhabdomyolysis coded within 30 days."""
    findings = view.within("rhabdomyolysis", "rhabdomyolysis")
    urine, kidney = view.of("dark-urine"), view.of("acute-kidney-injury")
    muscular = view.group("muscle")
    muscle = view.of(*muscular)
    severe = view.standing("creatine-kinase").emergency
    with_urine = view.acute_beyond("creatine-kinase-urine") if urine or kidney else None
    with_muscle = view.acute_beyond("creatine-kinase-symptom") if muscle or urine else None
    result = severe or with_urine or with_muscle
    if result is None and not findings:
        return None
    signs = dict.fromkeys((*findings, *urine, *kidney, *(muscle if with_muscle or severe else ())))
    limit = None if severe else _ck_limit(view, urine_counts=with_urine is not None)
    sets = ("rhabdomyolysis", "dark-urine", "acute-kidney-injury", *muscular)
    labs_shown = (result,) if result else ()
    return view.flag(signs, sets, tag="rhabdomyolysis", judged=labs_shown, limit=limit)


def poisoning(view: View) -> Iterator[Raised]:
    """E6: lithium, theophylline, serotonin or cholinergic toxicity, and the syndromes that somebody has named."""
    yield from levels.toxic(view)
    for flag in (serotonin.toxicity(view), *_syndromes(view), cholinergic.toxicity(view)):
        if flag is not None:
            yield flag


def pregnancy_and_clot(view: View) -> Iterator[Raised]:
    """E8: pre-eclampsia; a swollen leg on estrogen."""
    for flag in (pregnancy.pre_eclampsia(view), clot.emergency(view)):
        if flag is not None:
            yield flag


def _ck_limit(view: View, *, urine_counts: bool) -> str:
    return view.limit_text("creatine-kinase-urine" if urine_counts else "creatine-kinase-symptom")


def _syndromes(view: View) -> Iterator[Raised | None]:
    """Serotonin syndrome and neuroleptic malignant syndrome by code (N27)."""
    for name, tag in (("serotonin-syndrome", "serotonin-toxicity"), ("neuroleptic-malignant", "neuroleptic")):
        findings = view.within("poisoning_syndrome", name, undated=True)
        yield view.flag(findings, (name,), tag=tag, used=True)
