"""How far two people agree beyond chance."""

from collections import Counter
from collections.abc import Mapping
from math import sqrt

from msgspec import Struct

RIGHT, WRONG, HARMFUL = "right", "wrong", "harmful"
VERDICTS = (RIGHT, WRONG, HARMFUL)
Judged = Mapping[str, str]
Z = 1.959963984540054  # 95 %


class Agreement(Struct, frozen=True, kw_only=True):
    """Cohen's kappa over what `both` have judged, of which they `agreed` on some; None where there is no figure."""

    both: int
    agreed: int
    kappa: float | None
    low: float | None
    high: float | None


def kappa(verdicts_a: Judged, verdicts_b: Judged) -> float | None:
    """Cohen's kappa (Educ Psychol Meas 1960;20:37-46) over what both have judged; None if that is nothing.

    Where both give one and the same verdict throughout, chance explains all of it and kappa is undefined: 1, as they
    never disagree.
    """
    both = verdicts_a.keys() & verdicts_b.keys()
    if not both:
        return None
    agreed = sum(verdicts_a[item] == verdicts_b[item] for item in both) / len(both)
    by_chance = _by_chance(*_margins(verdicts_a, verdicts_b))
    return 1.0 if by_chance == 1 else (agreed - by_chance) / (1 - by_chance)


def agreement(verdicts_a: Judged, verdicts_b: Judged) -> Agreement:
    """Kappa with its 95 % interval, from the large-sample variance (Fleiss, Cohen, Everitt 1969).

    Where two people never disagree, that variance is 0 and says nothing of how sure this is: no interval.
    """
    both = verdicts_a.keys() & verdicts_b.keys()
    agreed = sum(verdicts_a[item] == verdicts_b[item] for item in both)
    value = kappa(verdicts_a, verdicts_b)
    if value is None or agreed == len(both):
        return Agreement(both=len(both), agreed=agreed, kappa=value, low=None, high=None)
    spread = Z * standard_error(verdicts_a, verdicts_b, value)
    low, high = max(-1.0, value - spread), min(1.0, value + spread)
    return Agreement(both=len(both), agreed=agreed, kappa=value, low=low, high=high)


def standard_error(verdicts_a: Judged, verdicts_b: Judged, value: float) -> float:
    """The standard error of kappa (Fleiss JL, Cohen J, Everitt BS. Psychol Bull 1969;72:323-327, eq. 8)."""
    both = verdicts_a.keys() & verdicts_b.keys()
    first, second = _margins(verdicts_a, verdicts_b)
    by_chance, doubt = _by_chance(first, second), 1 - value
    pairs = Counter((verdicts_a[item], verdicts_b[item]) for item in both)
    terms = 0.0
    for (verdict_a, theirs), count in pairs.items():
        share = count / len(both)
        if verdict_a == theirs:
            terms += share * (1 - (first[verdict_a] + second[verdict_a]) * doubt) ** 2
        else:
            terms += share * doubt**2 * (second[verdict_a] + first[theirs]) ** 2
    variance = (terms - (value - by_chance * doubt) ** 2) / (len(both) * (1 - by_chance) ** 2)
    return sqrt(max(variance, 0.0))


def _margins(verdicts_a: Judged, verdicts_b: Judged) -> tuple[dict[str, float], dict[str, float]]:
    """How large a part of the judgements of each is which verdict."""
    both = verdicts_a.keys() & verdicts_b.keys()
    first, second = (Counter(verdicts[item] for item in both) for verdicts in (verdicts_a, verdicts_b))
    return {v: first[v] / len(both) for v in VERDICTS}, {v: second[v] / len(both) for v in VERDICTS}


def _by_chance(first: Mapping[str, float], second: Mapping[str, float]) -> float:
    return sum(first[verdict] * second[verdict] for verdict in VERDICTS)
