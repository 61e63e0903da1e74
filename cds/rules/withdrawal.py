"""Withdrawal that is no emergency any more: the question about it goes with whatever card is shown (N27)."""

from collections.abc import Iterator

from cds.knowledge.load import Knowledge
from cds.rules.findings import Findings, Remark, label

SETS = "asked-withdrawal"  # a group of the data


def past(findings: Findings, knowledge: Knowledge) -> Iterator[Remark]:
    """The withdrawals that no emergency has used."""
    sets = knowledge.group(SETS)
    for finding in findings.of(*sets):
        sign, date = label(finding, sets, knowledge), finding.when.text if finding.when else ""
        yield Remark("withdrawal_recorded", (("sign", f"{sign[0].upper()}{sign[1:]}"), ("date", date)))
