"""From the picture to what was found: flags, abnormal labs, medicines, factors (4e steps 6 to 12)."""

from collections.abc import Callable, Iterable

from msgspec import Struct
from msgspec.structs import replace

from cds.rules import abnormal, emergencies, neurology, tests_due
from cds.rules.abnormal import Abnormal
from cds.rules.findings import Finding
from cds.rules.flags import Raised, SomeRule, raised
from cds.rules.lifestyle import FACTORS, Factor
from cds.rules.medication import Course, fires
from cds.rules.picture import Picture
from cds.rules.trial import Trial, once

Flags = tuple[Raised, ...]
EMERGENCIES: dict[str, SomeRule] = {
    "E1": once(emergencies.respiratory),
    "E2": once(emergencies.paralysis),
    "E3": once(emergencies.hypocalcaemia),
    "E4": emergencies.electrolytes,
    "E5": once(emergencies.rhabdomyolysis),
    "E6": emergencies.poisoning,
    "E7": once(emergencies.floppy_infant),
    "E8": emergencies.pregnancy_and_clot,
}
TOLD_OTHERWISE = frozenset({"E2", "E7"})  # paralysis and a floppy infant: neurology asks for them too (U1, P1)
WEAKNESS = frozenset({"weakness", "acute-paralysis", "weakness-unspecific", "weakness-proximal"})


class Assessment(Struct, frozen=True, kw_only=True):
    """All that was found on a chart that shows a twitch, and which rules failed.

    `emergency_cards`: whether the site shows them; the emergencies are found all the same.
    """

    picture: Picture
    emergencies: Flags
    childhood: Flags
    urgent: Flags
    routine: Flags
    additional: Flags
    muscle_signs: Flags
    is_normal: bool
    labs: tuple[Abnormal, ...]
    courses: tuple[Course, ...]
    factors: tuple[Factor, ...]
    missing: tuple[str, ...]
    wants_labs: bool
    failed: frozenset[str] = frozenset()
    emergency_cards: bool = True

    @property
    def hides(self) -> bool:
        """Whether there is an emergency that the site does not show."""
        return bool(self.emergencies) and not self.emergency_cards


def assess(picture: Picture, trial: Trial, *, emergency_cards: bool = True) -> Assessment:
    """Ask every rule once, in the order that the flags depend on each other."""
    urgent_first = _ask(EMERGENCIES, picture, trial)
    using = [flag for flag in urgent_first if flag.used and (emergency_cards or flag.id not in TOLD_OTHERWISE)]
    used = [finding for flag in using for finding in flag.found]
    free = replace(picture, findings=picture.findings.without(used))
    cleared = _cleared(free)
    urgent = _ask(neurology.URGENT, cleared, trial)
    childhood, urgent_left = _by_age(free, urgent, trial)
    routine = (*_ask(neurology.ROUTINE, free, trial), *trial.ask("R4", neurology.unspecific, cleared))
    extra = (*trial.ask("ADD", neurology.additional, cleared), *_answered_weakness(free))
    normal = _is_norm(picture)
    if normal:
        routine, extra = _unanswered(routine, picture), _unanswered(extra, picture)
    labs = trial.ask("LAB", abnormal.read, picture)
    courses = _courses(picture, trial, urgent, cleared, urgent_first)
    factors = tuple(hit for name, rule in FACTORS.items() for hit in trial.ask(name, once(rule), picture))
    return Assessment(
        picture=picture,
        emergencies=urgent_first,
        childhood=childhood,
        urgent=urgent_left,
        routine=routine,
        additional=extra,
        muscle_signs=(*urgent, *routine),
        is_normal=normal,
        labs=labs,
        courses=courses,
        factors=factors,
        missing=tests_due.missing(picture),
        wants_labs=tests_due.is_triggered(
            picture,
            additional=bool(extra),
            tags={course.tag for course in courses},
            factors={factor.tag for factor in factors},
        ),
        failed=frozenset(trial.failed),
        emergency_cards=emergency_cards,
    )


def _ask(rules: dict[str, SomeRule], picture: Picture, trial: Trial) -> Flags:
    return tuple(flag for name, rule in rules.items() for flag in trial.ask(name, rule, picture))


def _by_age(picture: Picture, urgent: Flags, trial: Trial) -> tuple[Flags, Flags]:
    """P and U flags: a child's U findings are P2; without an age P findings count as U (4e step 9)."""
    if picture.age is not None and not picture.is_child:
        return (), urgent
    childhood = _ask(neurology.CHILDHOOD, picture, trial)
    if picture.age is None:
        return (), (*childhood, *urgent)
    return _joined((*childhood, *(replace(flag, id="P2") for flag in urgent))), ()


def _joined(flags: Flags) -> Flags:
    """One flag per id, with all facts."""
    joined: dict[str, Raised] = {}
    for flag in flags:
        old = joined.get(flag.id)
        joined[flag.id] = flag if old is None else _merged(old, flag)
    return tuple(joined[key] for key in sorted(joined))


def _merged(one: Raised, other: Raised) -> Raised:
    return replace(
        one,
        facts=tuple(dict.fromkeys((*one.facts, *other.facts))),
        names=tuple(dict.fromkeys((*one.names, *other.names))),
        found=(*one.found, *other.found),
        days=(*one.days, *other.days),
        critical=one.critical or other.critical,
    )


def _exam_day(picture: Picture) -> int | None:
    """The day of a normal examination since the twitch began."""
    exam = picture.exam
    if exam is None or exam.result != "normal" or exam.report.when is None:
        return None
    return exam.report.when.first


def _is_before(finding: Finding, day: int | None) -> bool:
    return day is not None and finding.day is not None and finding.day <= day


def _cleared(picture: Picture) -> Picture:
    """Without the weakness that a later normal examination answers; it answers nothing else (3a U1, 4e step 8)."""
    weak = picture.findings.of("weakness", "acute-paralysis", "weakness-unspecific")
    answered = [one for one in weak if _is_before(one, _exam_day(picture))]
    return replace(picture, findings=picture.findings.without_sets(answered, WEAKNESS)) if answered else picture


def _answered_weakness(picture: Picture) -> Flags:
    """Unspecific weakness before a normal examination is only an additional symptom (3a R4)."""
    sets = ("weakness-unspecific",)
    found = [one for one in picture.findings.of(*sets) if _is_before(one, _exam_day(picture))]
    flag = raised("ADD", picture, found, sets)
    return (flag,) if flag else ()


def _is_norm(picture: Picture) -> bool:
    """NORM: known adult, examination and EMG normal since the twitch began (4b)."""
    known_adult = picture.age is not None and not picture.is_child
    return known_adult and all(done is not None and done.result == "normal" for done in (picture.exam, picture.emg))


def _unanswered(flags: Flags, picture: Picture) -> Flags:
    """The flags that a normal examination and EMG do not answer: newer ones and undated ones (4b NORM)."""
    days = [done.report.when.first for done in (picture.exam, picture.emg) if done and done.report.when]
    answer = min(days)
    return tuple(flag for flag in flags if not flag.days or any(day is None or day > answer for day in flag.days))


def _courses(
    picture: Picture, trial: Trial, urgent: Flags, cleared: Picture, urgent_first: Flags
) -> tuple[Course, ...]:
    """The courses of the classes that fire (5a), asked class by class of those that are taken."""
    sign = _has_muscle_sign(picture, urgent, cleared, urgent_first)
    taken = {course.tag for course in picture.medication.courses}
    return tuple(
        course
        for tag, medicine in picture.knowledge.medicines.items()
        if tag in taken
        for course in trial.ask(tag, _class_rule(tag, sign or not medicine.needs_muscle_sign), picture)
    )


def _class_rule(tag: str, may_fire: bool) -> Callable[[Picture], Iterable[Course]]:
    def rule(picture: Picture) -> list[Course]:
        courses = picture.medication.of(tag) if may_fire else ()
        return [course for course in courses if fires(course, picture.knowledge, picture.last)]

    return rule


def _has_muscle_sign(picture: Picture, urgent: Flags, cleared: Picture, urgent_first: Flags) -> bool:
    """What a statin needs to fire: U1 or U8, cramps or myalgia, raised CK, or the emergency of weakness (5a)."""
    high = picture.laboratory.of("creatine-kinase").abnormal
    return (
        any(flag.id in ("U1", "U8") for flag in urgent)
        or bool(cleared.findings.of("cramps"))
        or (high is not None and high.side == "high")
        or any(flag.tag == "weakness" for flag in urgent_first)
    )


def flag_days(flags: Iterable[Raised]) -> list[int | None]:
    """The days of all findings behind some flags."""
    return [day for flag in flags for day in (flag.days or (None,))]
