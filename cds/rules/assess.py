"""From the picture to what was found: flags, abnormal labs, medicines, factors (4e steps 6 to 12)."""

from collections.abc import Iterable
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from cards.topics import Topic
from cds.rules import left_open, new_signs, tests_due, tests_wanted, tetany, timing, weakness_used
from cds.rules.abnormal_labs import Abnormal
from cds.rules.causes import Cause
from cds.rules.findings import IN_DOUBT, Finding
from cds.rules.flags import Flags, Raised
from cds.rules.lifestyle import Factor
from cds.rules.medication import Course
from cds.rules.new_signs import NewSign
from cds.rules.picture import Picture
from cds.rules.rule import Sees
from cds.rules.rulebook import Rulebook, rulebook_of
from cds.rules.runner import RuleRunner
from cds.rules.stopped import Stopped
from cds.rules.tests_wanted import Reason


class Assessment(Struct, frozen=True, kw_only=True):
    """All that was found on a chart that shows a twitch, and which rules failed.

    `today` are R4 signs that are to be asked and examined today (N17).
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
    tests_wanted: Reason | None
    causes: tuple[Cause, ...] = ()
    today: Flags = ()
    new_signs: tuple[NewSign, ...] = ()
    stopped: tuple[Stopped, ...] = ()
    failed: frozenset[str] = frozenset()
    emergency_cards: bool = True

    @property
    def hides(self) -> bool:
        """Whether there is an emergency that the site does not show."""
        return bool(self.emergencies) and not self.emergency_cards


class Questions:
    """One chart and the rules that are asked of it, each of the findings that its row lets it see."""

    def __init__(self, picture: Picture, runner: RuleRunner) -> None:
        self.book: Rulebook = rulebook_of(picture.knowledge)
        self.runner = runner
        self.picture = picture
        self._pictures: dict[Sees, Picture] = {"all": picture}
        self._raised: dict[str, Flags] = {}

    def set_aside(self, used_findings: Iterable[Finding], flags: Flags) -> None:
        """Findings that an emergency has used count nowhere else (4b Flags); those of weakness may be answered.

        `flags` are the emergencies that are shown: they may explain weakness (N45).
        """
        picture = self._pictures["all"]
        unused, weak = weakness_used.left(picture, flags, picture.findings.without(used_findings))
        findings, quoted = timing.left(picture, unused)
        free = replace(picture, findings=findings, names=picture.names | IN_DOUBT)
        unanswered = _open(free)
        self._pictures |= {"unused": free, "open": unanswered}
        past = (*left_open.remarks(findings, picture, flags), *quoted)
        self.picture = replace(picture, quoted=past, weak_used=weak, answered=unanswered.answered)

    def ask(self, topic: Topic) -> Flags:
        """The flags of a card's rules."""
        flags: Flags = ()
        for rule in self.book.of_card(topic):
            raised = self.book.ask(rule, self._pictures[rule.sees], self.runner, self._raised)
            self._raised[rule.id] = raised
            flags += raised
        return flags

    def collect(self, topic: Topic) -> tuple[Any, ...]:
        """What the rules of a card find, where that is no flag."""
        return tuple(
            raised
            for rule in self.book.of_card(topic)
            for raised in self.book.ask(rule, self._pictures[rule.sees], self.runner, self._raised)
        )

    def at_order(self, rule: str) -> Flags:
        """What a rule of the order hooks raises of the findings that nothing answers."""
        row = self.book.rules[rule]
        flags: Flags = self.book.ask(row, self._pictures[row.sees], self.runner)
        return flags

    def emergencies_used(self, emergencies: Flags, *, is_told: bool) -> list[Finding]:
        """The findings that an emergency keeps to itself; where it is not told, some are told elsewhere."""
        using = (flag for flag in emergencies if flag.used and (is_told or not self.book.rules[flag.id].told_elsewhere))
        return [finding for flag in using for finding in flag.found]


def assess(picture: Picture, runner: RuleRunner, *, emergency_cards: bool = True) -> Assessment:
    """Ask every rule once, in the order that the flags depend on each other."""
    questions = Questions(picture, runner)
    # Emergencies first: what they use counts nowhere else (4b Flags), so no flag may be asked before them.
    raised = questions.ask(Topic.EMERG)
    lowered = raised if _may_be_lowered(raised, picture, runner) else ()
    emergencies = () if lowered else raised
    early = (finding for finding in picture.findings.all if finding.preliminary)  # they count for emergencies only (N1)
    used_findings = questions.emergencies_used(emergencies, is_told=emergency_cards)
    questions.set_aside([*early, *used_findings], emergencies if emergency_cards else ())
    # The picture is another one from here on: without what the emergencies used, and with what they leave to be quoted.
    picture = questions.picture
    # Urgent before routine: a routine rule may look at what an urgent one has raised. Both before a normal examination
    # and new signs, which answer flags and therefore need to see all of them.
    urgent = questions.ask(Topic.NEURO_URG)
    childhood, urgent_left = _by_age(picture, urgent, questions)
    evaluation = questions.ask(Topic.NEURO_EVAL)
    normal = _is_norm(picture)
    if normal:
        evaluation = _unanswered(evaluation, picture)
    urgent_left, evaluation = new_signs.left(urgent_left, picture), new_signs.left(evaluation, picture)
    routine = tuple(flag for flag in evaluation if flag.id != "ADD" and not flag.today)
    extra = tuple(flag for flag in evaluation if flag.id == "ADD")
    # Medicines, factors and results do not depend on each other; the tests that are due depend on all three.
    medicines = questions.collect(Topic.MED_REV)
    courses = tuple(medicine for medicine in medicines if isinstance(medicine, Course))
    factors: tuple[Factor, ...] = questions.collect(Topic.LIFESTYLE)
    labs: tuple[Abnormal, ...] = questions.collect(Topic.LAB_ABN)
    missing = tests_due.missing(picture, courses, factors, labs, neurology=bool(childhood or urgent_left or routine))
    return Assessment(
        picture=picture,
        emergencies=emergencies,
        childhood=childhood,
        urgent=urgent_left,
        routine=routine,
        today=tuple(flag for flag in evaluation if flag.today),
        additional=extra,
        muscle_signs=(*urgent, *routine),
        is_normal=normal,
        labs=labs,
        causes=tetany.causes(lowered, questions.collect(Topic.KNOWN)),
        stopped=tuple(medicine for medicine in medicines if isinstance(medicine, Stopped)),
        new_signs=questions.collect(Topic.NEW_SIGN),
        courses=courses,
        factors=factors,
        missing=missing,
        tests_wanted=tests_wanted.reason(picture, courses, factors, missing),
        failed=frozenset(runner.failed),
        emergency_cards=emergency_cards,
    )


def _may_be_lowered(raised: Flags, picture: Picture, runner: RuleRunner) -> bool:
    """N60 step 7: tetany is the only finding behind an emergency, all was asked, and all that decides is there."""
    return tetany.is_alone(raised) and not runner.failed and picture.complete.has(*tetany.NEEDS)


def _by_age(picture: Picture, urgent: Flags, questions: Questions) -> tuple[Flags, Flags]:
    """P and U flags: a child's U findings are P2; without an age P findings count as U (4e step 9)."""
    if picture.age is not None and not picture.is_child:
        return (), urgent
    childhood = questions.ask(Topic.PED_NEURO)
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


def _merged(first: Raised, second: Raised) -> Raised:
    return replace(
        first,
        facts=tuple(dict.fromkeys((*first.facts, *second.facts))),
        names=tuple(dict.fromkeys((*first.names, *second.names))),
        found=(*first.found, *second.found),
        days=(*first.days, *second.days),
        critical=first.critical or second.critical,
    )


def _exam_day(picture: Picture) -> int | None:
    """The day of a normal examination since the twitch began."""
    exam = picture.exam
    if exam is None or exam.result != "normal" or exam.report.when is None:
        return None
    return exam.report.when.first


def _is_before(finding: Finding, day: int | None) -> bool:
    return day is not None and finding.day is not None and finding.day <= day


def _open(picture: Picture) -> Picture:
    """Without the weakness that a later normal examination answers; it answers nothing else (3a U1, 4e step 8)."""
    sets = picture.knowledge.group("answered")
    weak = picture.findings.of(*sets)
    findings = tuple(finding for finding in weak if _is_before(finding, _exam_day(picture)))
    if not findings:
        return picture
    return replace(picture, findings=picture.findings.without_sets(findings, frozenset(sets)), answered=findings)


def _is_norm(picture: Picture) -> bool:
    """NORM: known adult, examination and EMG normal since the twitch began (4b)."""
    known_adult = picture.age is not None and not picture.is_child
    return known_adult and all(done is not None and done.result == "normal" for done in (picture.exam, picture.emg))


def _unanswered(flags: Flags, picture: Picture) -> Flags:
    """The flags that a normal examination and EMG do not answer: newer ones and undated ones (4b NORM)."""
    days = [done.report.when.first for done in (picture.exam, picture.emg) if done and done.report.when]
    answer = min(days)
    return tuple(
        flag for flag in flags if flag.today or not flag.days or any(day is None or day > answer for day in flag.days)
    )


def flag_days(flags: Iterable[Raised]) -> list[int | None]:
    """The days of all findings behind some flags."""
    return [day for flag in flags for day in (flag.days or (None,))]
