"""Why the combination table left a card out, in plain words (clinical knowledge 4c, 4d)."""

from collections.abc import Callable, Iterable, Iterator

from cards.topics import FLAGS, Topic
from cds.rules.assess import Assessment
from cds.rules.consult import Assessed

SWITCHED_OFF = "this site has switched emergency cards off"
REPEATED = "it was accepted or overridden before, and nothing on it is new: it stays silent until its window ends"


def absent(assessed: Assessed) -> Iterator[tuple[Topic, str]]:
    """Each card that is not shown, and why the combination table left it out."""
    found, decision = assessed.found, assessed.decision
    shown = {choice.topic for choice in decision.choices}
    covered = {choice.covered for choice in decision.choices}
    for topic, reason in _REASONS.items():
        if topic in shown:
            continue
        if topic in decision.repeated:
            yield topic, REPEATED
        elif topic in decision.dropped:
            yield topic, "at most three cards are shown: it is named under “Also noted”"
        elif topic in covered:
            yield topic, "a request under way covers the signs: the work-up card stands in its place"
        else:
            yield topic, reason(found, shown | {*decision.dropped, *decision.repeated})


def _emergency(found: Assessment, shown: set[Topic]) -> str:  # noqa: ARG001 - the signature of all reasons
    return SWITCHED_OFF if found.hides else "no emergency rule fired"


def _paediatric(found: Assessment, shown: set[Topic]) -> str:  # noqa: ARG001
    if _is_known(found):
        return KNOWN
    if found.picture.age is None:
        return "the age is unknown: a child's signs count as urgent ones"
    return "no sign of the childhood rules was found" if found.picture.is_child else "the patient is no child"


def _urgent(found: Assessment, shown: set[Topic]) -> str:  # noqa: ARG001
    if found.picture.diseases == {"kd-ms"}:
        return "beside multiple sclerosis only wasting or a sign of the tongue asks for it"
    if _is_known(found):
        return KNOWN
    return "a child's signs go to paediatric neurology" if found.childhood else "no urgent sign (U1 to U8) was found"


def _evaluation(found: Assessment, shown: set[Topic]) -> str:  # noqa: ARG001
    if first := _first(found):
        return first
    if found.childhood or found.urgent:
        return "a more urgent neurology card is due"
    if found.additional:
        return "additional symptoms ask for it only if the twitch lasts, is severe or is frequent"
    answered = "; a normal examination and EMG answer older ones" if found.is_normal else ""
    return f"no sign of R1 to R4 is open{answered}"


def _status(found: Assessment, shown: set[Topic]) -> str:
    if found.picture.request is None:
        return "no referral, EMG order or neurology appointment is under way"
    if shown & {Topic.PED_NEURO, Topic.NEURO_URG, Topic.NEURO_EVAL}:
        return "the request under way is older than the newest sign, or the sign is too urgent for it"
    return "no neurology card is due that it could replace"


def _abnormal(found: Assessment, shown: set[Topic]) -> str:  # noqa: ARG001
    if not found.labs:
        return "no result in date is abnormal, and no recent deficiency is recorded"
    if found.emergencies and not found.hides:
        return "an emergency card stands in its place"
    return "in a known neuromuscular disease only electrolytes are shown"


def _medicines(found: Assessment, shown: set[Topic]) -> str:  # noqa: ARG001
    if not found.courses:
        return "no listed medicine fired"
    return "only medicines that may explain the emergency or the electrolytes are shown, unless the card names them"


def _reassurance(found: Assessment, shown: set[Topic]) -> str:
    if first := _hushed(found) or _neurology(shown):
        return first
    if not found.is_normal:
        return "it needs a normal examination and EMG since the twitch began, in an adult of known age"
    if found.failed:
        return FAILED
    return "not all of the chart was seen" if not found.picture.complete.all else "a laboratory warning is shown"


def _lab_order(found: Assessment, shown: set[Topic]) -> str:
    if first := _hushed(found) or _neurology(shown):
        return first
    if Topic.LAB_ABN in shown:
        return "an abnormal-lab card lists the missing tests"
    if Topic.REASSURE in shown:
        return "a reassurance card is shown"
    if not found.missing:
        return "all basic tests are in date or ordered"
    if not found.wants_labs:
        return "nothing asks for tests: neither duration, severity, a symptom, a medicine, diet nor an old deficiency"
    return "not all of the problems and observations were seen"


def _lifestyle(found: Assessment, shown: set[Topic]) -> str:
    if not found.factors:
        return "no lifestyle factor was found"
    if first := _hushed(found):
        return first
    if shown & {Topic.PED_NEURO, Topic.NEURO_URG, Topic.STATUS}:
        return "it is not shown beside this neurology card"
    if found.failed & set(FLAGS):
        return FAILED
    return "not all of the problems and observations were seen"


def _gap(found: Assessment, shown: set[Topic]) -> str:
    if first := _first(found):
        return first
    return "another card is shown" if shown else "nothing is missing"


FAILED = "a rule failed: what it looks for may be there"
KNOWN = "the twitching has a known cause: a neuromuscular disease is on the chart"
_REASONS: dict[Topic, Callable[[Assessment, set[Topic]], str]] = {
    Topic.EMERG: _emergency,
    Topic.PED_NEURO: _paediatric,
    Topic.NEURO_URG: _urgent,
    Topic.STATUS: _status,
    Topic.NEURO_EVAL: _evaluation,
    Topic.LAB_ABN: _abnormal,
    Topic.MED_REV: _medicines,
    Topic.LAB_ORDER: _lab_order,
    Topic.REASSURE: _reassurance,
    Topic.LIFESTYLE: _lifestyle,
    Topic.DATA_GAP: _gap,
}


def _is_known(found: Assessment) -> bool:
    return bool(found.picture.diseases)


def _first(found: Assessment) -> str | None:
    """What comes before all ordinary cards."""
    if _is_known(found):
        return KNOWN
    return "an emergency comes first" if found.emergencies and not found.hides else None


def _hushed(found: Assessment) -> str | None:
    """What comes before all cards that calm."""
    if first := _first(found):
        return first
    return "a sign of an emergency was found: nothing calms beside it" if found.hides else None


def _neurology(shown: Iterable[Topic]) -> str | None:
    cards = {Topic.PED_NEURO, Topic.NEURO_URG, Topic.STATUS, Topic.NEURO_EVAL}
    return "a neurology card is shown, with the missing tests on it" if cards & set(shown) else None
