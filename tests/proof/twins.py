"""For the assessment of a real chart, the classes of inputs that it falls into."""

from collections.abc import Iterable, Mapping

from inputs import TYPES
from likeness import is_low, is_weak

from cards.topics import Indicator
from cds.rules import lines, serotonin
from cds.rules.abnormal_labs import Abnormal
from cds.rules.assess import Assessment, flag_days
from cds.rules.flag_rows import FLAG_IDS
from cds.rules.flags import Flags
from cds.rules.medication import Course
from cds.rules.stopped import WITHDRAWAL
from cds.rules.work_up import covers


def twin(found: Assessment) -> Mapping[str, str]:
    """The class of each input; where there are several items, that of the one that decides."""
    picture = found.picture
    return {
        "is_child": _either(picture.is_child),
        "emergencies": "lowered" if any(one.sentence for one in found.causes) else _emergencies(found.emergencies),
        "emergency_cards": _either(found.emergency_cards),
        "childhood": _childhood(found.childhood, found),
        "urgent": _urgent(found.urgent, found),
        "routine": "none" if not found.routine else "weak" if is_weak(found.routine) else "sign",
        "today": _some(found.today),
        "additional": _some(found.additional),
        "is_marked": _either(picture.is_marked),
        "labs": _labs(found),
        "courses": _courses(found.courses),
        "stopped": _stopped(found),
        "causes": _causes(found),
        "new_signs": _new_signs(found),
        "diseases": "none" if not picture.diseases else "ms" if picture.diseases == {"kd-ms"} else "als",
        "expected": _some(picture.expected),
        "request": _request(found),
        "exam": "normal" if picture.exam is not None and picture.exam.result == "normal" else "none",
        "emg": "uncoded" if picture.emg is not None and picture.emg.result is None else "none",
        "is_normal": _either(found.is_normal),
        "missing": _some(found.missing),
        "tests_wanted": _either(found.tests_wanted is not None),
        "factors": _some(found.factors),
        "failed": "none" if not found.failed else "flag" if found.failed & set(FLAG_IDS) else "other",
        "unclear": _some(picture.unclear),
        "unread": _some(picture.unread),
        "laboratory.unread": _some(picture.laboratory.unread),
        "may_break_silence": _some(picture.may_break_silence),
        "quoted": _some(picture.quoted),
        "unsure": _some(picture.unsure),
        "answered": _some(picture.answered),
        "unsettled": _some(picture.unsettled),
        "findings": "alcohol-stopped" if picture.findings.of("alcohol-stopped") else "none",
        **{f"missing.{name}": _either(not picture.complete.arrived(name)) for name in TYPES},
    }


def _either(here: bool) -> str:
    return "yes" if here else "no"


def _some(items: Iterable[object]) -> str:
    return "some" if tuple(items) else "none"


def _emergencies(flags: Flags) -> str:
    if not flags:
        return "none"
    if WITHDRAWAL in {one.tag for one in flags}:
        return "withdrawal"
    return "calcium" if is_low(flags) else "respiratory"


def _childhood(flags: Flags, found: Assessment) -> str:
    if any(one.critical for one in flags):
        return "critical"
    return "none" if not flags else "wasting" if _is_beyond_ms(flags, found) else "sign"


def _urgent(flags: Flags, found: Assessment) -> str:
    if not flags:
        return "none"
    if _is_beyond_ms(flags, found):
        return "wasting"
    return "weakness" if any(day is not None for day in flag_days(flags)) else "undated"


def _is_beyond_ms(flags: Flags, found: Assessment) -> bool:
    beyond = found.picture.knowledge.group(lines.BEYOND_MS)
    return any(not one.sets.isdisjoint(beyond) for flag in flags for one in flag.found)


def _labs(found: Assessment) -> str:
    if not found.labs:
        return "none"
    knowledge = found.picture.knowledge
    muscle = {one.tag for one in found.labs} & set(knowledge.listed("muscle-test"))
    others = [one for one in found.labs if one.tag not in muscle]
    if any(one.indicator is Indicator.WARNING for one in found.labs):
        return "calcium"
    if not others:
        return "muscle"
    return "muscle-and-vitamin" if muscle else "sodium" if _are_electrolytes(others, found) else "vitamin"


def _are_electrolytes(labs: Iterable[Abnormal], found: Assessment) -> bool:
    return any(one.tag in found.picture.knowledge.electrolytes for one in labs)


def _courses(courses: tuple[Course, ...]) -> str:
    tags = {one.tag for one in courses}
    if "corticosteroid" in tags:
        return "steroid"
    if serotonin.AGENT in tags:
        return "serotonergic"
    return "none" if not courses else "caution" if any(one.cautions for one in courses) else "inhibitor"


def _stopped(found: Assessment) -> str:
    if any(one.warns and one.when is not None for one in found.stopped):
        return "warns"
    return "none" if not found.stopped else "ended" if any(one.when for one in found.stopped) else "undated"


def _causes(found: Assessment) -> str:
    if lowered := [one for one in found.causes if one.sentence]:
        return "lowered" if any(one.indicator is Indicator.WARNING for one in lowered) else "breathing"
    return "none" if not found.causes else "judged" if any(one.stands for one in found.causes) else "line"


def _new_signs(found: Assessment) -> str:
    signs = found.new_signs
    if not signs:
        return "none"
    if any(one.is_same_day for one in signs):
        return "breathing"
    if any(not one.finding.sets.isdisjoint(found.picture.knowledge.group(lines.BEYOND_MS)) for one in signs):
        return "wasting"
    return "other" if all(one.indicator is Indicator.INFO for one in signs) else "weakness"


def _request(found: Assessment) -> str:
    request = found.picture.request
    if request is None:
        return "none"
    signs = (*found.childhood, *found.urgent, *found.today, *found.routine, *found.additional)
    return "after" if covers(request, flag_days(signs)) else "before"
