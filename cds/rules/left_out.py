"""Why the combination table left a card out: the key of a sentence of the wording (clinical knowledge 4c, 4d)."""

from collections.abc import Iterable

from cards.topics import Indicator, Topic
from cds.rules import calm
from cds.rules.assess import Assessment
from cds.rules.flag_rows import FLAG_IDS

SWITCHED_OFF = "switched-off"


def emergency(assessment: Assessment, topics: set[Topic]) -> str:  # noqa: ARG001 - the signature of all reasons
    """Why EMERG is not shown."""
    return SWITCHED_OFF if assessment.hides else "no-emergency"


def paediatric(assessment: Assessment, topics: set[Topic]) -> str:  # noqa: ARG001
    """Why PED-NEURO is not shown."""
    if _is_known(assessment):
        return KNOWN
    if assessment.picture.age is None:
        return "age-unknown"
    return "no-childhood-sign" if assessment.picture.is_child else "no-child"


def urgent(assessment: Assessment, topics: set[Topic]) -> str:  # noqa: ARG001
    """Why NEURO-URG is not shown."""
    if assessment.picture.diseases == {"kd-ms"}:
        return "beyond-sclerosis"
    if _is_known(assessment):
        return KNOWN
    if assessment.childhood:
        return "childs-signs"
    return EXPECTED if assessment.picture.expected else "no-urgent-sign"


def evaluation(assessment: Assessment, topics: set[Topic]) -> str:  # noqa: ARG001
    """Why NEURO-EVAL is not shown."""
    if first := _first(assessment):
        return first
    if assessment.childhood or assessment.urgent:
        return "more-urgent"
    if assessment.additional:
        return "symptoms-only"
    if assessment.picture.expected:
        return EXPECTED
    return "signs-answered" if assessment.is_normal else "no-routine-sign"


def status(assessment: Assessment, topics: set[Topic]) -> str:
    """Why STATUS is not shown."""
    if assessment.picture.request is None:
        return "no-request"
    if topics & {Topic.PED_NEURO, Topic.NEURO_URG, Topic.NEURO_EVAL}:
        return "request-older"
    return "nothing-to-replace"


def new_sign(assessment: Assessment, topics: set[Topic]) -> str:  # noqa: ARG001
    """Why NEWSIGN is not shown."""
    if not (assessment.picture.diseases or assessment.picture.expected):
        return "no-known-disease"
    return "new-sign-covered" if assessment.new_signs else "no-new-sign"


def known_cause(assessment: Assessment, topics: set[Topic]) -> str:
    """Why KNOWN is not shown."""
    if first := _first(assessment):
        return first
    if not any(cause.stands for cause in assessment.causes):
        return "no-cause"
    return "cause-beside-neurology" if calm.NEUROLOGY & topics else "cause-judged"


def abnormal(assessment: Assessment, topics: set[Topic]) -> str:  # noqa: ARG001
    """Why LAB-ABN is not shown."""
    if not assessment.labs:
        return "nothing-abnormal"
    if assessment.emergencies and not assessment.hides:
        return "emergency-instead"
    return "electrolytes-only" if _is_known(assessment) else "line-beside-neurology"


def medicines(assessment: Assessment, topics: set[Topic]) -> str:  # noqa: ARG001
    """Why MED-REV is not shown."""
    if not (assessment.courses or any(stopped_drug.when for stopped_drug in assessment.stopped)):
        return "no-medicine"
    return "linked-only"


def reassurance(assessment: Assessment, topics: set[Topic]) -> str:
    """Why REASSURE is not shown."""
    if first := _hushed(assessment) or _expected(assessment) or _neurology(topics):
        return first
    if not assessment.is_normal:
        return "not-normal"
    if Topic.KNOWN in topics:
        return "cause-first"
    if assessment.failed:
        return FAILED
    if reason := _not_understood(assessment):
        return reason
    if not assessment.picture.complete.all:
        return "chart-incomplete"
    return "lab-warning" if any(lab.indicator is Indicator.WARNING for lab in assessment.labs) else "still-open"


def lab_order(assessment: Assessment, topics: set[Topic]) -> str:
    """Why LAB-ORDER is not shown."""
    if first := _hushed(assessment) or _expected(assessment) or _neurology(topics):
        return first
    if Topic.LAB_ABN in topics:
        return "lab-lists-tests"
    if Topic.KNOWN in topics:
        return "cause-lists-tests"
    if Topic.REASSURE in topics:
        return "reassured"
    if not assessment.missing:
        return "tests-in-date"
    if not assessment.tests_wanted:
        return "nothing-asks"
    return "problems-incomplete"


def lifestyle(assessment: Assessment, topics: set[Topic]) -> str:
    """Why LIFESTYLE is not shown."""
    if not assessment.factors:
        return "no-factor"
    if first := _hushed(assessment) or _expected(assessment):
        return first
    if Topic.KNOWN in topics:
        return "cause-first"
    if topics & calm.BESIDE:
        return "beside-neurology"
    if assessment.failed & set(FLAG_IDS):
        return FAILED
    if not assessment.picture.complete.has("Condition", "Observation"):
        return "problems-incomplete"
    return _not_understood(assessment) or "beside-warning"


def gap(assessment: Assessment, topics: set[Topic]) -> str:
    """Why DATA-GAP is not shown."""
    if first := _first(assessment) or _expected(assessment):
        return first
    return "another-card" if topics else "nothing-missing"


FAILED = "rule-failed"
KNOWN, EXPECTED = "known-disease", "expected-disease"


def _is_known(assessment: Assessment) -> bool:
    return bool(assessment.picture.diseases)


def _first(assessment: Assessment) -> str | None:
    """What comes before all ordinary cards."""
    if _is_known(assessment):
        return KNOWN
    return "emergency-first" if assessment.emergencies and not assessment.hides else None


def _hushed(assessment: Assessment) -> str | None:
    """What comes before all cards that calm."""
    if first := _first(assessment):
        return first
    return "hushed" if assessment.hides else None


def _expected(assessment: Assessment) -> str | None:
    """Where twitching is expected nothing calms, asks for tests or calls data missing (N53)."""
    return EXPECTED if assessment.picture.expected else None


def _not_understood(assessment: Assessment) -> str | None:
    """What is on file and was not understood."""
    if assessment.picture.unread:
        return "unread"
    return "unclear" if assessment.picture.unclear else None


def _neurology(topics: Iterable[Topic]) -> str | None:
    return "neurology-shown" if calm.NEUROLOGY & set(topics) else None
