"""Withdrawal that is no emergency any more: the question about it goes with whatever card is shown (N27)."""

from collections.abc import Iterator

from cds.knowledge.load import Knowledge
from cds.rules.findings import Findings, Remark, label

SETS = ("withdrawal-drug",)


def past(left: Findings, knowledge: Knowledge) -> Iterator[Remark]:
    """The withdrawals that no emergency has used."""
    for one in left.of(*SETS):
        sign, date = label(one, SETS, knowledge), one.when.text if one.when else ""
        yield Remark("withdrawal_recorded", (("sign", f"{sign[0].upper()}{sign[1:]}"), ("date", date)))
