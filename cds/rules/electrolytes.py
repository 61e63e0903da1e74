"""E3 and E4: calcium, potassium, magnesium, phosphate, sodium and glucose that are dangerous (3a, N29 to N33)."""

from collections.abc import Iterable, Iterator

from cds.rules import tetany
from cds.rules.findings import Finding
from cds.rules.flags import Raised
from cds.rules.lab_limits import Interpretation
from cds.rules.medication import Course
from cds.rules.view import View

CALCIUM_HIGH, SODIUM_LOW = "calcium-high-signs", "sodium-low-signs"  # groups of the data
MAGNESIUM_HIGH, POTASSIUM_LOW = "magnesium-high-signs", "potassium-low-signs"
BY_VALUE = "dangerous-values"  # a list of the data
UNADJUSTED = "unadjusted"


def calcium(view: View) -> Iterator[Raised]:
    """E3: very high or very low calcium, either with a sign of it, tetany, or a new seizure."""
    severe = view.standing("calcium").emergency
    high = _high_calcium(view, severe)
    low = _low_calcium(view, None if high else severe)
    yield from (flag for flag in (low, high) if flag is not None)


def _high_calcium(view: View, severe: Interpretation | None) -> Raised | None:
    """Above 3.50 mmol/L, or from 3.00 with confusion, dehydration or acute kidney injury of the last days (N29)."""
    result = severe if severe is not None and severe.side == "high" else view.acute_beyond("calcium-high-with-sign")
    if result is None:
        return None
    sets = view.group(CALCIUM_HIGH)
    findings = view.within("calcium_high_sign", *sets, undated=True)
    if result is not severe and not findings:
        return None
    limit = None if result is severe else view.limit_text("calcium-high-with-sign")
    return view.flag(findings, sets, tag="calcium", judged=(result,), limit=limit)


def _low_calcium(view: View, severe: Interpretation | None) -> Raised | None:
    """Tetany, very low calcium, or low calcium with a sign; a new seizure unless Ca and Mg are normal.

    Known epilepsy excuses a seizure only where no low calcium was measured (the safer reading of 3a). In an infant a
    seizure alone is an emergency of its own (N41).
    """
    total = _low_total(view)
    low = total or next((result for result in view.acute("calcium") if _is_low(result)), None)
    signs = list(view.within("tetany", "tetany", undated=True))
    seizures = _seizures(view)
    courses: tuple[Course, ...] = ()
    if low is not None:
        signs += [*view.of("paraesthesia", "long-qt"), *seizures]
    elif not (view.is_infant or view.of("epilepsy") or _are_normal(view)):
        signs += seizures
    if total is not None:
        signs += view.of("hypoparathyroidism", "dialysis")
        courses = view.courses("denosumab")
    sets = ("tetany", "paraesthesia", "long-qt", "seizure", "hypoparathyroidism", "dialysis")
    result = severe or (low if signs or courses else None)
    flag = view.flag(signs, sets, tag="calcium", judged=(result,) if result else (), courses=courses)
    by_tetany = result is None and all("tetany" in finding.sets for finding in signs)
    return tetany.examined(flag, view) if flag is not None and by_tetany else flag


def _are_normal(view: View) -> bool:
    return view.standing("calcium").is_normal and view.standing("magnesium").is_normal


def _is_low(result: Interpretation) -> bool:
    """A low adjusted or ionised calcium; a laboratory's flag alone is not enough (2d)."""
    return result.found is not None and result.kind != UNADJUSTED and result.side == "low" and result.is_abnormal


def _low_total(view: View) -> Interpretation | None:
    """A total calcium below 1.90 mmol/L without albumin (N30)."""
    result = view.acute_beyond("calcium-total-with-sign")
    return result if result is not None and result.kind == UNADJUSTED else None


def electrolytes(view: View) -> Iterator[Raised]:
    """E4: dangerous potassium, magnesium, phosphate, sodium or glucose, by value or with a sign."""
    for analyte in view.tests(BY_VALUE):
        severe = view.standing(analyte).emergency
        with_sign = _WITH_SIGN.get(analyte)
        flag = view.flag((), (), tag=analyte, judged=(severe,)) if severe else with_sign(view) if with_sign else None
        if flag is not None:
            yield flag


def _seizures(view: View) -> tuple[Finding, ...]:
    return view.within("seizure", "seizure")


def _magnesium(view: View) -> Raised | None:
    """Magnesium 0.40 to 0.50 mmol/L with tetany, a new seizure or long QT; from 2.00 with what it paralyses (N33)."""
    findings = (*view.of("tetany", "long-qt"), *_seizures(view))
    low = _with_sign(view, "magnesium", findings, ("tetany", "long-qt", "seizure"))
    sets = view.group(MAGNESIUM_HIGH)
    breathless = view.within("respiratory", "respiratory-emergency", undated=True)
    high = _with_sign(view, "magnesium-high", (*view.of(*sets), *breathless), (*sets, "respiratory-emergency"))
    return low or high


def _potassium(view: View) -> Raised | None:
    """Potassium 2.5 to 2.9 mmol/L with weakness, long QT or digoxin."""
    sets = view.group(POTASSIUM_LOW)
    return _with_sign(view, "potassium", view.of(*sets), sets, drug="digoxin")


def _sodium(view: View) -> Raised | None:
    """Sodium below 125 mmol/L with confusion, drowsiness or a seizure of the last days (N32)."""
    sets = view.group(SODIUM_LOW)
    findings = (*view.within("sodium_sign", *sets, undated=True), *_seizures(view))
    return _with_sign(view, "sodium", findings, (*sets, "seizure"))


_WITH_SIGN = {"magnesium": _magnesium, "potassium": _potassium, "sodium": _sodium}


def _with_sign(
    view: View, key: str, findings: Iterable[Finding], sets: tuple[str, ...], *, drug: str | None = None
) -> Raised | None:
    """A result beyond its limit that counts only with a sign or a medicine."""
    name, findings = f"{key}-with-sign", tuple(findings)
    result = view.acute_beyond(name)
    if result is None or not (findings or (drug and view.takes(drug))):
        return None
    return view.flag(findings, sets, tag=result.result.analyte, judged=(result,), limit=view.limit_text(name))
