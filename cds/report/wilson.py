"""How sure a share is: the score interval of Wilson (J Am Stat Assoc 1927;22:209-212), fit for few cases, 0 and 1."""

from math import sqrt

from cds.report.model import Rate

Z = 1.959963984540054  # 95 %


def rate(count: int, total: int) -> Rate:
    """The share and its 95 % interval."""
    if not total:
        return Rate(None, None, None)
    share = count / total
    spread = Z * sqrt(share * (1 - share) / total + (Z / (2 * total)) ** 2)
    middle, scale = share + Z * Z / (2 * total), 1 + Z * Z / total
    low = (middle - spread) / scale if count else 0.0
    high = (middle + spread) / scale if count < total else 1.0
    return Rate(share, low, high)
