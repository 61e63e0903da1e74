"""What a chart may show beside a twitch, as the function that decides is given it: for the decision tables only."""

from collections.abc import Iterable
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from cards.advice import Fact
from cards.topics import Indicator
from cds.chart.facts import Chart, Meaning, Report, RequestedService
from cds.fhir import dates
from cds.knowledge.codes import Concept
from cds.knowledge.load import Knowledge
from cds.knowledge.rule_data import NewSignKind
from cds.rules.abnormal_labs import Abnormal
from cds.rules.assess import Assessment
from cds.rules.causes import Cause
from cds.rules.findings import Finding
from cds.rules.flags import Raised
from cds.rules.gate import Twitch
from cds.rules.known_disease import Disease
from cds.rules.lifestyle import Factor
from cds.rules.medication import Course
from cds.rules.new_signs import NewSign
from cds.rules.picture import Completeness
from cds.rules.picture import read as read_picture
from cds.rules.stopped import Stopped
from cds.rules.tests_wanted import Reason
from cds.rules.work_up import Done

DAY = "2026-01-02"
NOTHING_READ = Concept("", "", "")


class Circumstance(Struct, frozen=True, kw_only=True):
    """Something found, in words, and what it is to the assessment and to the picture behind it."""

    key: str
    words: str
    found: dict[str, Any] = {}
    seen: dict[str, Any] = {}


def _flag(ident: str, **more: Any) -> tuple[Raised, ...]:
    return (Raised(id=ident, facts=(), **more),)


def _course(tag: str) -> Course:
    return Course(tag=tag, ingredient="", groups=frozenset(), concept=NOTHING_READ, refs=(), start=None)


def _new_sign() -> NewSign:
    disease = Disease(name="kd-als", label="", since=None)
    finding = Finding(named=Meaning(""), sets=frozenset())
    fact = Fact(resource="", label="")
    kind = NewSignKind(kind="breathing", sets=frozenset(), same_day=True)
    return NewSign(kind=kind, label="", date=DAY, day=0, finding=finding, fact=fact, disease=disease)


def _normal(kind: str) -> Done:
    return Done(report=Report(ref="", kind=kind, concept=NOTHING_READ, when=dates.parse(DAY)), result="normal")


def _of_history() -> Iterable[Circumstance]:
    """A cause on file, a new sign in a known disease, a medicine that ended (N26, N52, N28)."""
    cause = Cause(tag="thyroid", label="", date="", found=(), facts=())
    yield Circumstance(key="cause", words="a diagnosis that can cause twitching", found={"causes": (cause,)})
    yield Circumstance(
        key="new-sign",
        words="a new sign in a known disease",
        found={"new_signs": (_new_sign(),)},
        seen={"diseases": frozenset({"kd-als"})},
    )
    ended = Stopped(tag="", name="", when=dates.parse(DAY), warns=False, fact=Fact(resource="", label=""))
    yield Circumstance(key="stopped", words="a listed medicine that ended lately", found={"stopped": (ended,)})


def _all() -> Iterable[Circumstance]:
    """In the order in which the combination table asks (4c)."""
    low = Abnormal(tag="vitamin-d", indicator=Indicator.INFO, facts=(), side="low", label="", date="")
    request = RequestedService(ref="", sets=frozenset(), status="active", when=dates.parse(DAY))
    marked = (Twitch(named=Meaning(""), severe=True),)
    exam = {"exam": _normal("exam")}
    yield Circumstance(
        key="disease", words="a neuromuscular disease that is known", seen={"diseases": frozenset({"kd-als"})}
    )
    yield Circumstance(
        key="emergency", words="an emergency sign (E1 to E11)", found={"emergencies": _flag("E1", tag="respiratory")}
    )
    yield Circumstance(
        key="child", words="a child's sign (P1 to P5)", found={"childhood": _flag("P1")}, seen={"age": 8}
    )
    yield Circumstance(key="urgent", words="an urgent sign (U1 to U9)", found={"urgent": _flag("U2")})
    yield Circumstance(key="routine", words="a routine sign (R1 to R4)", found={"routine": _flag("R1")})
    yield Circumstance(
        key="symptom-marked",
        words="an additional symptom, and the twitch lasts, is severe or frequent",
        found={"additional": _flag("ADD")},
        seen={"twitches": marked},
    )
    yield Circumstance(key="symptom", words="an additional symptom, nothing more", found={"additional": _flag("ADD")})
    yield from _of_history()
    yield Circumstance(key="lab", words="an abnormal laboratory result", found={"labs": (low,)})
    yield Circumstance(
        key="medicine", words="a listed medicine", found={"courses": (_course("proton-pump-inhibitor"),)}
    )
    yield Circumstance(
        key="normal",
        words="a normal examination and a normal EMG since the twitch began",
        found={"is_normal": True},
        seen={**exam, "emg": _normal("emg")},
    )
    yield Circumstance(
        key="tests",
        words="basic tests missing, and a reason for them",
        found={"missing": ("tsh",), "tests_wanted": Reason("for 6 weeks")},
    )
    yield Circumstance(
        key="factor", words="a lifestyle factor", found={"factors": (Factor(tag="sleep", facts=(), variant="sleep"),)}
    )
    yield Circumstance(key="exam", words="a normal examination", seen=exam)
    yield Circumstance(key="nothing", words="nothing else")
    yield Circumstance(key="request", words="a neurology referral or EMG under way", seen={"request": request})
    yield Circumstance(
        key="incomplete",
        words="problems or observations that did not arrive whole",
        seen={"complete": Completeness(frozenset({"Condition", "Observation"}))},
    )


ALL = {circumstance.key: circumstance for circumstance in _all()}


def assessment(keys: Iterable[str], knowledge: Knowledge) -> Assessment:
    """What the rules would have found on an adult's chart that shows all of these."""
    circumstances = [ALL[key] for key in keys]
    today = dates.parse(DAY)
    blank = read_picture(Chart(), (), knowledge, Completeness(), today.first if today else 0)
    assessment_fields: dict[str, Any] = {"is_normal": False, "tests_wanted": None}
    flags = ("emergencies", "childhood", "urgent", "routine", "additional", "muscle_signs")
    assessment_fields |= dict.fromkeys((*flags, "labs", "courses", "factors", "missing"), ())
    picture_fields: dict[str, Any] = {"age": 40}
    for circumstance in circumstances:
        assessment_fields |= circumstance.found
        picture_fields |= circumstance.seen
    return Assessment(picture=replace(blank, **picture_fields), **assessment_fields)
