"""Why the combination table left a card out: the key of a sentence of the wording (clinical knowledge 4c, 4d)."""

from collections.abc import Iterable

from cards.topics import Indicator, Topic
from cds.rules import calm
from cds.rules.assess import Assessment
from cds.rules.flag_rows import FLAG_IDS

SWITCHED_OFF = "switched-off"


def emergency(found: Assessment, shown: set[Topic]) -> str:  # noqa: ARG001 - the signature of all reasons
    """Why EMERG is not shown."""
    return SWITCHED_OFF if found.hides else "no-emergency"


def paediatric(found: Assessment, shown: set[Topic]) -> str:  # noqa: ARG001
    """Why PED-NEURO is not shown."""
    if _is_known(found):
        return KNOWN
    if found.picture.age is None:
        return "age-unknown"
    return "no-childhood-sign" if found.picture.is_child else "no-child"


def urgent(found: Assessment, shown: set[Topic]) -> str:  # noqa: ARG001
    """Why NEURO-URG is not shown."""
    if found.picture.diseases == {"kd-ms"}:
        return "beyond-sclerosis"
    if _is_known(found):
        return KNOWN
    if found.childhood:
        return "childs-signs"
    return EXPECTED if found.picture.expected else "no-urgent-sign"


def evaluation(found: Assessment, shown: set[Topic]) -> str:  # noqa: ARG001
    """Why NEURO-EVAL is not shown."""
    if first := _first(found):
        return first
    if found.childhood or found.urgent:
        return "more-urgent"
    if found.additional:
        return "symptoms-only"
    if found.picture.expected:
        return EXPECTED
    return "signs-answered" if found.is_normal else "no-routine-sign"


def status(found: Assessment, shown: set[Topic]) -> str:
    """Why STATUS is not shown."""
    if found.picture.request is None:
        return "no-request"
    if shown & {Topic.PED_NEURO, Topic.NEURO_URG, Topic.NEURO_EVAL}:
        return "request-older"
    return "nothing-to-replace"


def new_sign(found: Assessment, shown: set[Topic]) -> str:  # noqa: ARG001
    """Why NEWSIGN is not shown."""
    if not (found.picture.diseases or found.picture.expected):
        return "no-known-disease"
    return "new-sign-covered" if found.new_signs else "no-new-sign"


def known_cause(found: Assessment, shown: set[Topic]) -> str:
    """Why KNOWN is not shown."""
    if first := _first(found):
        return first
    if not any(cause.stands for cause in found.causes):
        return "no-cause"
    return "cause-beside-neurology" if calm.NEUROLOGY & shown else "cause-judged"


def abnormal(found: Assessment, shown: set[Topic]) -> str:  # noqa: ARG001
    """Why LAB-ABN is not shown."""
    if not found.labs:
        return "nothing-abnormal"
    if found.emergencies and not found.hides:
        return "emergency-instead"
    return "electrolytes-only" if _is_known(found) else "line-beside-neurology"


def medicines(found: Assessment, shown: set[Topic]) -> str:  # noqa: ARG001
    """Why MED-REV is not shown."""
    if not (found.courses or any(one.when for one in found.stopped)):
        return "no-medicine"
    return "linked-only"


def reassurance(found: Assessment, shown: set[Topic]) -> str:
    """Why REASSURE is not shown."""
    if first := _hushed(found) or _expected(found) or _neurology(shown):
        return first
    if not found.is_normal:
        return "not-normal"
    if Topic.KNOWN in shown:
        return "cause-first"
    if found.failed:
        return FAILED
    if reason := _not_understood(found):
        return reason
    if not found.picture.complete.all:
        return "chart-incomplete"
    return "lab-warning" if any(lab.indicator is Indicator.WARNING for lab in found.labs) else "still-open"


def lab_order(found: Assessment, shown: set[Topic]) -> str:
    """Why LAB-ORDER is not shown."""
    if first := _hushed(found) or _expected(found) or _neurology(shown):
        return first
    if Topic.LAB_ABN in shown:
        return "lab-lists-tests"
    if Topic.KNOWN in shown:
        return "cause-lists-tests"
    if Topic.REASSURE in shown:
        return "reassured"
    if not found.missing:
        return "tests-in-date"
    if not found.tests_wanted:
        return "nothing-asks"
    return "problems-incomplete"


def lifestyle(found: Assessment, shown: set[Topic]) -> str:
    """Why LIFESTYLE is not shown."""
    if not found.factors:
        return "no-factor"
    if first := _hushed(found) or _expected(found):
        return first
    if Topic.KNOWN in shown:
        return "cause-first"
    if shown & calm.BESIDE:
        return "beside-neurology"
    if found.failed & set(FLAG_IDS):
        return FAILED
    if not found.picture.complete.has("Condition", "Observation"):
        return "problems-incomplete"
    return _not_understood(found) or "beside-warning"


def gap(found: Assessment, shown: set[Topic]) -> str:
    """Why DATA-GAP is not shown."""
    if first := _first(found) or _expected(found):
        return first
    return "another-card" if shown else "nothing-missing"


FAILED = "rule-failed"
KNOWN, EXPECTED = "known-disease", "expected-disease"


def _is_known(found: Assessment) -> bool:
    return bool(found.picture.diseases)


def _first(found: Assessment) -> str | None:
    """What comes before all ordinary cards."""
    if _is_known(found):
        return KNOWN
    return "emergency-first" if found.emergencies and not found.hides else None


def _hushed(found: Assessment) -> str | None:
    """What comes before all cards that calm."""
    if first := _first(found):
        return first
    return "hushed" if found.hides else None


def _expected(found: Assessment) -> str | None:
    """Where twitching is expected nothing calms, asks for tests or calls data missing (N53)."""
    return EXPECTED if found.picture.expected else None


def _not_understood(found: Assessment) -> str | None:
    """What is on file and was not understood."""
    if found.picture.unread:
        return "unread"
    return "unclear" if found.picture.unclear else None


def _neurology(shown: Iterable[Topic]) -> str | None:
    return "neurology-shown" if calm.NEUROLOGY & set(shown) else None
