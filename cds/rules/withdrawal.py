"""Withdrawal that is no emergency any more: the question about it goes with whatever card is shown (N27)."""

from collections.abc import Iterator

from cds.knowledge.load import Knowledge
from cds.rules.findings import Findings, Remark, label

SETS = ("withdrawal-drug",)


def past(findings: Findings, knowledge: Knowledge) -> Iterator[Remark]:
    """The withdrawals that no emergency has used."""
    for finding in findings.of(*SETS):
        sign, date = label(finding, SETS, knowledge), finding.when.text if finding.when else ""
        yield Remark("withdrawal_recorded", (("sign", f"{sign[0].upper()}{sign[1:]}"), ("date", date)))
