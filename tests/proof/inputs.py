"""What the combination table may be given, as classes: each input with a member of every class that it has."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

from lazily import Asked, Classes
from msgspec.structs import replace

from cards.advice import Fact, NotChecked, Note
from cards.topics import Indicator
from cds.chart.facts import ClinicalObservation, Meaning, Report
from cds.chart.facts import RequestedService as Request
from cds.fhir import dates
from cds.fhir.dates import When
from cds.knowledge.codes import Concept
from cds.knowledge.load import Knowledge
from cds.knowledge.rule_data import NewSignKind
from cds.rules.abnormal_labs import Abnormal
from cds.rules.assess import Assessment
from cds.rules.causes import Cause
from cds.rules.findings import Finding, Findings, Remark
from cds.rules.flags import Flags, Raised
from cds.rules.known_disease import Disease
from cds.rules.lifestyle import Factor
from cds.rules.medication import Course
from cds.rules.new_signs import OTHER_KIND, NewSign
from cds.rules.picture import NEEDED, Picture
from cds.rules.stopped import Stopped
from cds.rules.work_up import Done

FACT, NOTHING_READ = Fact(resource="", label=""), Concept("", "", "")
SOONER, DAY, LATER = "2026-01-05", "2026-01-10", "2026-01-20"
TYPES = NEEDED


def on(text: str) -> When:
    """A day."""
    when = dates.parse(text)
    assert when is not None
    return when


def finding(*sets: str, ref: str = "") -> Finding:
    """Something found of some value sets."""
    return Finding(named=Meaning(ref), sets=frozenset(sets), when=on(DAY))


def flag(ident: str, *sets: str, **more: Any) -> Raised:
    """One flag, dated unless it says otherwise."""
    days = more.pop("days", (on(DAY).first,))
    return Raised(id=ident, facts=(), found=(finding(*sets),), days=days, names=(ident,), **more)


def lab(tag: str, side: str, indicator: Indicator) -> Abnormal:
    """One abnormal result."""
    return Abnormal(tag=tag, indicator=indicator, facts=(), side=side, label=tag, date=DAY)


def course(tag: str, *cautions: Note, groups: Iterable[str] = ()) -> Course:
    """One medicine that is taken now."""
    found = frozenset(groups)
    return Course(
        tag=tag, ingredient=tag, groups=found, concept=NOTHING_READ, refs=("",), start=None, cautions=cautions
    )


def stopped(name: str, when: str | None, *, warns: bool) -> Stopped:
    """One medicine that ended."""
    return Stopped(tag="drug-stopped", name=name, when=on(when) if when else None, warns=warns, fact=FACT)


def cause(tag: str, *tests: str, **more: Any) -> Cause:
    """One diagnosis on file."""
    return Cause(tag=tag, label=tag, date=DAY, found=(), facts=(), tests=tests, **more)


def new_sign(kind: str, disease: str, *sets: str, day: str = DAY) -> NewSign:
    """One new sign in a known disease."""
    of_data = NewSignKind(kind=kind, sets=frozenset(sets), same_day=kind == "breathing")
    return NewSign(
        kind=OTHER_KIND if kind == OTHER_KIND.kind else of_data,
        label=kind,
        date=day,
        day=on(day).first,
        finding=finding(*sets),
        fact=FACT,
        disease=Disease(name=disease, label=disease, since=None),
    )


def request(day: str) -> Request:
    """A neurology referral under way."""
    return Request(ref="", sets=frozenset({"referral"}), status="active", when=on(day))


def examination() -> Done:
    """A normal one, since the twitch began."""
    return Done(report=Report(ref="", kind="exam", concept=NOTHING_READ, when=on(SOONER)), result="normal")


LOW, INFO, WARNING = "low", Indicator.INFO, Indicator.WARNING
EMERGENCIES: Classes = {
    "none": (),
    "lowered": (),  # tetany that N39 made a known cause
    "respiratory": (flag("E1", tag="respiratory"),),
    "calcium": (flag("E3", tag="calcium", is_low=True),),
    "potassium": (flag("E4", tag="potassium", is_low=True),),
    "withdrawal": (flag("E9", tag="withdrawal"),),
    "lithium": (flag("E6", tag="lithium"),),
}
CHILDHOOD: Classes = {
    "none": (),
    "critical": (flag("P1", critical=True),),
    "sign": (flag("P1"),),
    "wasting": (flag("P2", "wasting"),),
}
URGENT: Classes = {
    "none": (),
    "weakness": (flag("U1", "weakness"),),
    "wasting": (flag("U2", "wasting"),),
    "undated": (flag("U4", days=()),),
}
ROUTINE: Classes = {"none": (), "sign": (flag("R1"),), "weak": (flag("R4", "weakness-unspecific"),)}
TODAY: Classes = {"none": (), "some": (flag("R4", "sign-in-doubt", today=True),)}  # to be examined today (N17)
LABS: Classes = {
    "none": (),
    "vitamin": (lab("vitamin-d", LOW, INFO),),
    "calcium": (lab("calcium", LOW, WARNING),),
    "sodium": (lab("sodium", LOW, INFO),),
    "muscle": (lab("creatine-kinase", "high", INFO),),
    "muscle-and-vitamin": (lab("creatine-kinase", "high", INFO), lab("vitamin-d", LOW, INFO)),
}
COURSES: Classes = {
    "none": (),
    "inhibitor": (course("proton-pump-inhibitor"),),
    "caution": (course("proton-pump-inhibitor", Note("level")),),
    "steroid": (course("corticosteroid"),),
}
SEROTONERGIC: Classes = {"serotonergic": (course("serotonergic"),)}
NAMED: Classes = {"lithium": (course("lithium"),)}
STOPPED: Classes = {
    "none": (),
    "undated": (stopped("prednisone", None, warns=False),),
    "ended": (stopped("prednisone", DAY, warns=False),),
    "warns": (stopped("diazepam", DAY, warns=True),),
}
CAUSES: Classes = {
    "none": (),
    "judged": (cause("parathyroid", "calcium"),),
    "line": (cause("root", line="cause_root"),),
}
LOWERED: Classes = {
    "lowered": (cause("tetany", indicator=WARNING, sentence="tetany"),),
    "breathing": (cause("hyperventilation", sentence="hyperventilation"),),
}
NEW_SIGNS: Mapping[str, tuple[Any, ...]] = {
    "breathing": ("breathing", ("respiratory-other",), DAY),
    "weakness": ("weakness", ("weakness",), DAY),
    "wasting": ("wasting", ("wasting",), DAY),
    "other": ("other", (), DAY),
    "later": ("weakness", ("weakness",), LATER),
}
DISEASES: Classes = {
    "none": frozenset(),
    "ms": frozenset({"kd-ms"}),
    "als": frozenset({"kd-als"}),
    "both": frozenset({"kd-ms", "kd-als"}),
}
EXPECTED: Classes = {"none": (), "some": (Disease(name="mmn", label="", since=None),)}
REQUEST: Classes = {"none": None, "before": request(SOONER), "after": request("2026-01-25")}
BETWEEN: Classes = {"between": request("2026-01-15")}
NO: Classes = {"no": False}
YES: Classes = {"yes": True}
EITHER: Classes = {**NO, **YES}
FACTORS: Classes = {"none": (), "some": (Factor(tag="sleep", facts=(), variant="sleep"),)}
UNREAD: Classes = {"none": (), "some": (NotChecked(type="Medication", reason="code", count=1),)}
QUOTED: Classes = {"none": (), "some": (Remark("quoted", (("sign", "weakness"),)),)}
WEAK: Classes = {"none": (), "weak": URGENT["weakness"]}


def first(classes: Classes) -> Classes:
    """Only the first class: nothing of it is there."""
    return {name: classes[name] for name in list(classes)[:1]}


def _childhood(asked: Asked) -> Classes:
    return CHILDHOOD if asked("is_child") else first(CHILDHOOD)


def _urgent(asked: Asked) -> Classes:
    return first(URGENT) if asked("is_child") else URGENT


def _new_signs(asked: Asked) -> Classes:
    diseases = sorted(cast(frozenset[str], asked("diseases")))
    if not diseases and not asked("expected"):
        return {"none": ()}
    disease = "kd-ms" if diseases == ["kd-ms"] else next(iter(diseases), "mmn")
    made = {name: (new_sign(kind, disease, *sets, day=day),) for name, (kind, sets, day) in NEW_SIGNS.items()}
    return {"none": (), **made}


def _is_normal(asked: Asked) -> Classes:
    return EITHER if asked("exam") is not None and not asked("is_child") and asked("emg") is None else NO


def _muscle_signs(asked: Asked) -> Classes:
    """The urgent and routine signs; also those that are known already in a known disease, and a child's."""
    found = (*cast(Flags, asked("urgent")), *cast(Flags, asked("routine")))
    more = bool(asked("childhood") or asked("diseases") or asked("expected"))
    return {"found": found, **({"weak": (*found, *cast(Flags, URGENT["weakness"]))} if more else {})}


def _laboratory_unread(asked: Asked) -> Classes:
    """What is unread there is accounted for among all that is unread."""
    return {"none": {}, **({"some": {"potassium": ()}} if asked("unread") else {})}


def _may_break_silence(asked: Asked) -> Classes:
    possible = asked("unclear") or asked("laboratory.unread") or asked("unread")
    return {"none": (), **({"some": ("potassium",)} if possible else {})}


def _labs(asked: Asked) -> Classes:
    """An electrolyte is a result like any other where no disease is known."""
    return LABS if asked("diseases") else {name: LABS[name] for name in LABS if name != "sodium"}


def _courses(asked: Asked) -> Classes:
    """A medicine that an emergency names is one like any other where that emergency is not.

    One that may be behind serotonin toxicity warns like one with a caution: it is tried where no result stands beside.
    """
    named = NAMED if asked("emergencies") == EMERGENCIES["lithium"] else {}
    alone = {} if asked("labs") else SEROTONERGIC
    return {**COURSES, **alone, **named}


def _stopped(asked: Asked) -> Classes:
    """Beside tetany that was lowered only a medicine that warns is tried."""
    asked("emergencies")
    lowered = asked.chosen["emergencies"] == "lowered"
    return {name: STOPPED[name] for name in STOPPED if not lowered or name in ("none", "warns")}


def _causes(asked: Asked) -> Classes:
    asked("emergencies")
    return LOWERED if asked.chosen["emergencies"] == "lowered" else CAUSES


def _request(asked: Asked) -> Classes:
    """One between two signs is possible only where there are two days."""
    signs = cast(tuple[NewSign, ...], asked("new_signs"))
    return {**REQUEST, **BETWEEN} if any(one.date == LATER for one in signs) else REQUEST


INPUTS: Mapping[str, Classes | Callable[[Asked], Classes]] = {
    "is_child": EITHER,
    "emergencies": EMERGENCIES,
    "emergency_cards": {**YES, **NO},
    "childhood": _childhood,
    "urgent": _urgent,
    "routine": ROUTINE,
    "today": TODAY,
    "additional": {"none": (), "some": (flag("ADD"),)},
    "muscle_signs": _muscle_signs,
    "is_marked": EITHER,
    "labs": _labs,
    "courses": _courses,
    "stopped": _stopped,
    "causes": _causes,
    "new_signs": _new_signs,
    "diseases": DISEASES,
    "expected": EXPECTED,
    "request": _request,
    "exam": {"none": None, "normal": examination()},
    "emg": {"none": None, "uncoded": replace(examination(), result=None)},  # none: also one that is read
    "is_normal": _is_normal,
    "missing": {"none": (), "some": ("tsh",)},
    "tests_wanted": EITHER,
    "factors": FACTORS,
    "failed": {"none": frozenset(), "flag": frozenset({"U1"}), "other": frozenset({"sleep"})},
    "unclear": {"none": (), "some": (ClinicalObservation(named=Meaning("")),)},
    "unread": UNREAD,
    "laboratory.unread": _laboratory_unread,
    "may_break_silence": _may_break_silence,
    "quoted": QUOTED,
    "unsure": {"none": (), "some": (Meaning(""),)},
    "findings": {"none": Findings(()), "alcohol-stopped": Findings((finding("alcohol-stopped"),))},
    "answered": {"none": (), "some": (finding("weakness"),)},
    "unsettled": {"none": (), "some": ("chronic",)},
    "other_results": {"none": (), "some": (Note("other_results"),)},
    **{f"missing.{name}": EITHER for name in TYPES},
}


POSSIBLE: Mapping[str, Iterable[str]] = {
    "childhood": CHILDHOOD,
    "urgent": URGENT,
    "labs": LABS,
    "courses": (*COURSES, *SEROTONERGIC, *NAMED),
    "stopped": STOPPED,
    "request": (*REQUEST, *BETWEEN),
    "causes": (*CAUSES, *LOWERED),
    "new_signs": ("none", *NEW_SIGNS),
    "is_normal": EITHER,
    "muscle_signs": ("found", "weak"),
    "laboratory.unread": UNREAD,
    "may_break_silence": UNREAD,
}


def names_of(name: str) -> tuple[str, ...]:
    """All classes that an input can have, whatever the others are; the first is that it is not there."""
    found = INPUTS[name]
    return tuple(POSSIBLE[name] if callable(found) else found)


class Space:
    """All inputs of the combination table."""

    def classes(self, name: str, asked: Asked) -> Classes:
        """The classes of one input."""
        assert name in INPUTS, f"the combination table reads {name}, for which tests/proof/inputs.py has no classes"
        found = INPUTS[name]
        return found(asked) if callable(found) else found


class Arrived:
    """Stands for `Completeness`: each type is asked about by itself."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked

    def has(self, *types: str) -> bool:
        """Whether all of these types are complete."""
        return not any(self._asked(f"missing.{name}") for name in types)

    def arrived(self, *types: str) -> bool:
        """Whether nothing of these types failed."""
        return self.has(*types)

    @property
    def all(self) -> bool:
        """Whether everything that reassurance needs is there."""
        return self.has(*NEEDED)


class Read:
    """Stands for `Laboratory`: only what could not be read of it decides."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked

    @property
    def unread(self) -> object:
        """Results that are there and were not understood."""
        return self._asked("laboratory.unread")


class Drawn:
    """Stands for a `Picture` or an `Assessment`: an input is chosen when it is read, a property is the real one."""

    def __init__(self, asked: Asked, real: type, held: Mapping[str, object]) -> None:
        self._asked, self._real, self._held = asked, real, held

    def __getattr__(self, name: str) -> object:
        found = self.__dict__[name] = self._read(name)
        return found

    def _read(self, name: str) -> object:
        if name in self._held:
            return self._held[name]
        found = None if name in INPUTS else getattr(self._real, name, None)
        return found.fget(self) if isinstance(found, property) and found.fget else self._asked(name)


def assessment(asked: Asked, knowledge: Knowledge) -> Assessment:
    """An assessment of which nothing is decided before it is read."""
    seen = {"knowledge": knowledge, "complete": Arrived(asked), "laboratory": Read(asked)}
    picture = Drawn(asked, Picture, seen)
    return cast(Assessment, Drawn(asked, Assessment, {"picture": picture}))
