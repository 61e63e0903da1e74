"""What the classes of the inputs tell of an assessment: two that are alike are the same to the combination table."""

from collections.abc import Hashable, Iterable

from cds.knowledge.load import Knowledge
from cds.rules import lines, other_results, serotonin
from cds.rules.assess import Assessment, flag_days
from cds.rules.flag_rows import FLAG_IDS
from cds.rules.flags import Flags, Raised
from cds.rules.medication import Course
from cds.rules.new_signs import NewSign
from cds.rules.picture import NEEDED
from cds.rules.stopped import WITHDRAWAL
from cds.rules.work_up import covers

Likeness = tuple[Hashable, ...]


def likeness(found: Assessment) -> Likeness:
    """The class of every input, as far as the table can tell."""
    return (*_signs(found), *_of_laboratory_and_medicines(found), *_seen(found))


def _signs(found: Assessment) -> Likeness:
    picture = found.picture
    disease = "ms" if picture.diseases == {"kd-ms"} else bool(picture.diseases)
    signs = frozenset(_new_sign(one, found) for one in found.new_signs)
    routine = (*found.today, *found.routine, *(found.additional if picture.is_marked else ()))
    main = found.childhood or found.urgent or routine
    unlike = found.picture.knowledge.group(lines.BEYOND_MS)
    beyond = tuple(
        one for one in (*found.urgent, *found.childhood) if any(not each.sets.isdisjoint(unlike) for each in one.found)
    )
    return (
        bool(found.emergencies),
        found.hides,
        WITHDRAWAL in {one.tag for one in found.emergencies},
        bool(found.childhood),
        bool(found.urgent),
        bool(found.today),
        bool(found.routine),
        bool(found.additional),
        picture.is_marked,
        any(one.critical for one in found.childhood),
        any(one.critical and one.id == "P1" for one in found.childhood),
        picture.is_child,
        disease,
        bool(picture.expected),
        signs,
        *(_covered(flags, found) for flags in (main, beyond)),
    )


def _new_sign(sign: NewSign, found: Assessment) -> Hashable:
    request, beyond = found.picture.request, found.picture.knowledge.group(lines.BEYOND_MS)
    covered = request is not None and covers(request, (sign.day,))
    return sign.indicator, sign.is_same_day, covered, not sign.finding.sets.isdisjoint(beyond)


def _covered(flags: Iterable[Raised], found: Assessment) -> Hashable:
    request, flags = found.picture.request, (*flags,)
    evaluated = (*found.today, *found.routine, *(found.additional if found.picture.is_marked else ()))
    return bool(flags), request is not None and covers(request, flag_days((*flags, *evaluated)))


def _of_laboratory_and_medicines(found: Assessment) -> Likeness:
    knowledge = found.picture.knowledge
    labs = frozenset(
        (
            lab.indicator,
            lab.tag in knowledge.electrolytes,
            lab.tag in knowledge.listed("muscle-test"),
            lab.side == "low" and lab.tag in ("potassium", "calcium"),
        )
        for lab in found.labs
    )
    judged = {lab.tag for lab in found.labs}
    causes = frozenset(
        (one.stands, one.indicator, bool(one.sentence), judged.isdisjoint(one.tests)) for one in found.causes
    )
    ended = frozenset((one.when is not None, one.warns) for one in found.stopped)
    courses = frozenset(_course(one, found, knowledge) for one in found.courses)
    return labs, causes, ended, courses, is_weak(found.muscle_signs), is_low(found.emergencies)


def _course(course: Course, found: Assessment, knowledge: Knowledge) -> Hashable:
    row = knowledge.medicines[course.tag]
    tags = {one.tag for one in found.emergencies}
    moved = set(row.moved_by(course.groups))
    raised = {(one.tag, "high" if one.is_high else "low") for one in found.emergencies}
    results = {(one.tag, one.side) for one in found.labs if one.tag in knowledge.electrolytes}
    return (
        course.tag == "corticosteroid",
        course.tag == serotonin.AGENT,
        bool(course.cautions),
        bool(tags & set(row.named)),
        bool(tags & set(row.linked)),
        bool(moved & raised),
        bool(moved & results),
    )


def is_weak(flags: Flags) -> bool:
    """Whether a sign of weakness is among them."""
    return any(
        one.id in ("U1", "U8") or (one.id == "R4" and any("weakness-unspecific" in each.sets for each in one.found))
        for one in flags
    )


def is_low(flags: Flags) -> bool:
    """Whether low potassium or calcium is among them."""
    return any(one.tag in ("potassium", "calcium") and (one.id == "E3" or one.is_low) for one in flags)


def _seen(found: Assessment) -> Likeness:
    picture = found.picture
    arrived = {name: picture.complete.arrived(name) for name in NEEDED}
    return (
        tuple(arrived[name] for name in sorted(arrived)),
        bool(found.failed),
        bool(found.failed & set(FLAG_IDS)),
        bool(picture.unclear),
        bool(picture.unread),
        bool(picture.laboratory.unread),
        bool(picture.may_break_silence),
        bool(picture.quoted),
        bool(picture.unsure),
        bool(picture.findings.of("alcohol-stopped")),
        bool(other_results.of(picture)),
        bool(picture.unsettled),
        bool(picture.answered),
        picture.exam is not None and picture.exam.result == "normal",
        picture.emg is not None and picture.emg.result is None,
        found.is_normal,
        bool(found.missing),
        bool(found.tests_wanted),
        bool(found.factors),
    )
