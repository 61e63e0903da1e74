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


def kappa(one: Judged, other: Judged) -> float | None:
    """Cohen's kappa (Educ Psychol Meas 1960;20:37-46) over what both have judged; None if that is nothing.

    Where both give one and the same verdict throughout, chance explains all of it and kappa is undefined: 1, as they
    never disagree.
    """
    both = one.keys() & other.keys()
    if not both:
        return None
    agreed = sum(one[item] == other[item] for item in both) / len(both)
    by_chance = _by_chance(*_margins(one, other))
    return 1.0 if by_chance == 1 else (agreed - by_chance) / (1 - by_chance)


def agreement(one: Judged, other: Judged) -> Agreement:
    """Kappa with its 95 % interval, from the large-sample variance (Fleiss, Cohen, Everitt 1969).

    Where two people never disagree, that variance is 0 and says nothing of how sure this is: no interval.
    """
    both = one.keys() & other.keys()
    agreed = sum(one[item] == other[item] for item in both)
    found = kappa(one, other)
    if found is None or agreed == len(both):
        return Agreement(both=len(both), agreed=agreed, kappa=found, low=None, high=None)
    spread = Z * standard_error(one, other, found)
    low, high = max(-1.0, found - spread), min(1.0, found + spread)
    return Agreement(both=len(both), agreed=agreed, kappa=found, low=low, high=high)


def standard_error(one: Judged, other: Judged, found: float) -> float:
    """The standard error of kappa (Fleiss JL, Cohen J, Everitt BS. Psychol Bull 1969;72:323-327, eq. 8)."""
    both = one.keys() & other.keys()
    first, second = _margins(one, other)
    by_chance, doubt = _by_chance(first, second), 1 - found
    pairs = Counter((one[item], other[item]) for item in both)
    terms = 0.0
    for (mine, theirs), count in pairs.items():
        share = count / len(both)
        if mine == theirs:
            terms += share * (1 - (first[mine] + second[mine]) * doubt) ** 2
        else:
            terms += share * doubt**2 * (second[mine] + first[theirs]) ** 2
    variance = (terms - (found - by_chance * doubt) ** 2) / (len(both) * (1 - by_chance) ** 2)
    return sqrt(max(variance, 0.0))


def _margins(one: Judged, other: Judged) -> tuple[dict[str, float], dict[str, float]]:
    """How large a part of the judgements of each is which verdict."""
    both = one.keys() & other.keys()
    first, second = (Counter(judged[item] for item in both) for judged in (one, other))
    return {v: first[v] / len(both) for v in VERDICTS}, {v: second[v] / len(both) for v in VERDICTS}


def _by_chance(first: Mapping[str, float], second: Mapping[str, float]) -> float:
    return sum(first[verdict] * second[verdict] for verdict in VERDICTS)
