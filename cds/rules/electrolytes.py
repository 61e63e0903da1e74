"""E3 and E4: calcium, potassium, magnesium, phosphate, sodium and glucose that are dangerous (3a, N29 to N33)."""

from collections.abc import Iterable, Iterator

from cds.rules import tetany
from cds.rules.findings import Finding
from cds.rules.flags import Raised
from cds.rules.lab_limits import Judged
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


def _high_calcium(view: View, severe: Judged | None) -> Raised | None:
    """Above 3.50 mmol/L, or from 3.00 with confusion, dehydration or acute kidney injury of the last days (N29)."""
    judged = severe if severe is not None and severe.side == "high" else view.acute_beyond("calcium-high-with-sign")
    if judged is None:
        return None
    sets = view.group(CALCIUM_HIGH)
    found = view.within("calcium_high_sign", *sets, undated=True)
    if judged is not severe and not found:
        return None
    limit = None if judged is severe else view.limit_text("calcium-high-with-sign")
    return view.flag(found, sets, tag="calcium", judged=(judged,), limit=limit)


def _low_calcium(view: View, severe: Judged | None) -> Raised | None:
    """Tetany, very low calcium, or low calcium with a sign; a new seizure unless Ca and Mg are normal.

    Known epilepsy excuses a seizure only where no low calcium was measured (the safer reading of 3a). In an infant a
    seizure alone is an emergency of its own (N41).
    """
    total = _low_total(view)
    low = total or next((one for one in view.acute("calcium") if _is_low(one)), None)
    found = list(view.within("tetany", "tetany", undated=True))
    seizures = _seizures(view)
    courses: tuple[Course, ...] = ()
    if low is not None:
        found += [*view.of("paraesthesia", "long-qt"), *seizures]
    elif not (view.is_infant or view.of("epilepsy") or _are_normal(view)):
        found += seizures
    if total is not None:
        found += view.of("hypoparathyroidism", "dialysis")
        courses = view.courses("denosumab")
    sets = ("tetany", "paraesthesia", "long-qt", "seizure", "hypoparathyroidism", "dialysis")
    shown = severe or (low if found or courses else None)
    flag = view.flag(found, sets, tag="calcium", judged=(shown,) if shown else (), courses=courses)
    by_tetany = shown is None and all("tetany" in one.sets for one in found)
    return tetany.examined(flag, view) if flag is not None and by_tetany else flag


def _are_normal(view: View) -> bool:
    return view.standing("calcium").is_normal and view.standing("magnesium").is_normal


def _is_low(one: Judged) -> bool:
    """A low adjusted or ionised calcium; a laboratory's flag alone is not enough (2d)."""
    return one.found is not None and one.kind != UNADJUSTED and one.side == "low" and one.is_abnormal


def _low_total(view: View) -> Judged | None:
    """A total calcium below 1.90 mmol/L without albumin (N30)."""
    judged = view.acute_beyond("calcium-total-with-sign")
    return judged if judged is not None and judged.kind == UNADJUSTED else None


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
    found = (*view.of("tetany", "long-qt"), *_seizures(view))
    low = _with_sign(view, "magnesium", found, ("tetany", "long-qt", "seizure"))
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
    found = (*view.within("sodium_sign", *sets, undated=True), *_seizures(view))
    return _with_sign(view, "sodium", found, (*sets, "seizure"))


_WITH_SIGN = {"magnesium": _magnesium, "potassium": _potassium, "sodium": _sodium}


def _with_sign(
    view: View, what: str, found: Iterable[Finding], sets: tuple[str, ...], *, drug: str | None = None
) -> Raised | None:
    """A result beyond its limit that counts only with a sign or a medicine."""
    name, found = f"{what}-with-sign", tuple(found)
    judged = view.acute_beyond(name)
    if judged is None or not (found or (drug and view.takes(drug))):
        return None
    return view.flag(found, sets, tag=judged.result.analyte, judged=(judged,), limit=view.limit_text(name))
