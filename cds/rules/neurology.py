"""U1 to U8, P1 to P3, R1 to R4 and ADD: signs that ask for neurology (sections 3 and 3a)."""

from collections.abc import Iterator

from msgspec.structs import replace

from cards.advice import Fact
from cards.template import fill
from cds.chart.facts import Report
from cds.rules import gate
from cds.rules.findings import Finding
from cds.rules.flags import Raised, SomeRule, raised
from cds.rules.labs import Judged
from cds.rules.picture import Picture
from cds.rules.trial import once
from cds.rules.work_up import Done

MOTOR = ("weakness", "acute-paralysis", "wasting", "bulbar", "upper-motor-neuron", "functional-weakness")
MYOPATHIC = ("corticosteroid", "statin")
ADDITIONAL = (
    "cramps",
    "sensory",
    "fatigue",
    "weight-loss",
    "autonomic",
    "bladder",
    "ptosis-visual",
    "soft-bulbar",
    "family-history",
)


def weakness(picture: Picture) -> Raised | None:
    """U1: weakness of muscles; acute paralysis that is older or undated counts here."""
    sets = ("weakness", "acute-paralysis")
    return raised("U1", picture, picture.findings.of(*sets), sets)


def wasting(picture: Picture) -> Raised | None:
    """U2: muscle wasting."""
    return raised("U2", picture, picture.findings.of("wasting"), ("wasting",))


def bulbar(picture: Picture) -> Raised | None:
    """U3: speech, swallowing, or fasciculation of the tongue."""
    sets = ("tongue-fasciculation", "bulbar")
    return raised("U3", picture, picture.findings.of(*sets), sets)


def upper_motor_neuron(picture: Picture) -> Raised | None:
    """U4: upper motor neuron signs."""
    sets = ("upper-motor-neuron",)
    return raised("U4", picture, picture.findings.of(*sets), sets)


def functional(picture: Picture) -> Raised | None:
    """U5: foot or wrist drop, repeated falls, difficulty walking."""
    sets = ("functional-weakness",)
    return raised("U5", picture, picture.findings.of(*sets), sets)


def breathing(picture: Picture) -> Raised | None:
    """U6: breathlessness or sleepiness, only with a motor sign."""
    sets = ("respiratory-other", "respiratory-emergency")
    return raised("U6", picture, picture.findings.of(*sets), sets) if _has_motor_sign(picture) else None


def behaviour(picture: Picture) -> Raised | None:
    """U7: change of behaviour or emotional lability."""
    return raised("U7", picture, picture.findings.of("behaviour"), ("behaviour",))


def medicine_myopathy(picture: Picture) -> Raised | None:
    """U8: proximal weakness on steroid or statin; CK still high after a statin ended."""
    courses = picture.medication.of(*MYOPATHIC)
    found = picture.findings.of("weakness-proximal") if courses else ()
    high = _ck_after_statin(picture)
    sets = ("weakness-proximal",)
    flag = raised("U8", picture, found, sets, judged=(high,) if high else (), courses=courses if found else ())
    return replace(flag, days=(*flag.days, high.when.last)) if flag and high and high.when else flag


def childhood_sign(picture: Picture) -> Raised | None:
    """P1: tongue fasciculation, hypotonia or absent reflexes; critical in an infant who feeds or breathes badly."""
    sets = ("tongue-fasciculation", "hypotonia", "areflexia")
    trouble = picture.findings.of("feeding-difficulty", "respiratory-emergency", "respiratory-other")
    critical = picture.is_infant and bool(trouble)
    flag = raised("P1", picture, picture.findings.of(*sets), sets, critical=critical)
    if flag is None or not critical:
        return flag
    names = ("feeding-difficulty", "respiratory-emergency", "respiratory-other")
    more = raised("P1", picture, trouble, names)
    return replace(flag, facts=(*flag.facts, *(more.facts if more else ())), names=(*flag.names, *_names(more)))


def motor_development(picture: Picture) -> Raised | None:
    """P2: motor regression or delay, or an older movement disorder; U findings of a child join it (4e step 9)."""
    sets = ("motor-regression", "motor-delay", "acute-movement")
    recent = set(picture.findings.within("acute_movement", "acute-movement"))
    found = [one for one in picture.findings.of(*sets) if one not in recent]
    return raised("P2", picture, found, sets)


def acute_movement(picture: Picture) -> Raised | None:
    """P3: chorea, ataxia or dystonia within 7 days."""
    sets = ("acute-movement",)
    return raised("P3", picture, picture.findings.within("acute_movement", *sets), sets, critical=True)


def hyperexcitability(picture: Picture) -> Raised | None:
    """R1: stiffness, or myokymia (not of the eyelid only) with sweating."""
    found = list(picture.findings.of("stiffness"))
    sweating = picture.findings.of("sweating")
    if sweating:
        found += [*_not_eyelid(picture, "myokymia"), *sweating] if _not_eyelid(picture, "myokymia") else []
    return raised("R1", picture, found, ("stiffness", "myokymia", "sweating"))


def central(picture: Picture) -> Raised | None:
    """R2: double vision, optic neuritis, facial myokymia, ataxia or unsteady gait."""
    sets = ("optic", "facial-myokymia", "ataxia")
    found = [*picture.findings.of("optic", "ataxia"), *_not_eyelid(picture, "facial-myokymia")]
    flag = raised("R2", picture, dict.fromkeys(found), sets)
    acute = bool(picture.findings.within("acute_central", "optic"))
    return replace(flag, acute=acute) if flag else None


def eyelid(picture: Picture) -> Raised | None:
    """R3: eyelid twitching alone for over 90 days, or with blepharospasm."""
    spasm = picture.findings.of("blepharospasm")
    if spasm:
        return raised("R3", picture, spasm, ("blepharospasm",))
    twitches = picture.twitches
    lasting = [one for one in twitches if gate.is_persistent(one, picture.knowledge, picture.today)]
    if not lasting or not all(one.eyelid_only for one in twitches):
        return None
    longest = min((one for one in lasting if one.onset), key=lambda one: one.onset.first if one.onset else 0)
    onset = longest.onset
    answer = onset.first + picture.knowledge.days("eyelid_answer") if onset else None
    days = picture.knowledge.days("persistent_eyelid")
    fact = Fact(
        resource=longest.named.ref,
        label=picture.knowledge.label("twitch-eyelid"),
        date=onset.text if onset else None,
        limit=f">{days} d",
        limit_source="nice-ng127",
    )
    return Raised(id="R3", facts=(fact,), days=(answer,), names=(picture.knowledge.label("twitch-eyelid"),))


def unspecific(picture: Picture) -> Iterator[Raised]:
    """R4: unspecific weakness, an abnormal reflex, an abnormal test without a coded sign, a sign in words only."""
    sets = ("weakness-unspecific", "abnormal-reflex")
    coded = raised("R4", picture, picture.findings.of(*sets), sets)
    worded = raised("R4", picture, [one for one in picture.findings.all if "red-flag" in one.phrases], ())
    tests = [_abnormal_test(done, picture) for done in (picture.any_exam, picture.any_emg)]
    for flag in (coded, worded, *tests):
        if flag is not None:
            yield flag


def additional(picture: Picture) -> Iterator[Raised]:
    """ADD: one for each kind of additional symptom (S33, S45)."""
    for name in ADDITIONAL:
        flag = raised("ADD", picture, picture.findings.of(name), (name,))
        if flag is not None:
            yield flag
    if not _has_motor_sign(picture):
        sets = ("respiratory-other", "respiratory-emergency")
        flag = raised("ADD", picture, picture.findings.of(*sets), sets)
        if flag is not None:
            yield flag
    yield from _family(picture)


URGENT: dict[str, SomeRule] = {
    "U1": once(weakness),
    "U2": once(wasting),
    "U3": once(bulbar),
    "U4": once(upper_motor_neuron),
    "U5": once(functional),
    "U6": once(breathing),
    "U7": once(behaviour),
    "U8": once(medicine_myopathy),
}
CHILDHOOD: dict[str, SomeRule] = {
    "P1": once(childhood_sign),
    "P2": once(motor_development),
    "P3": once(acute_movement),
}
ROUTINE: dict[str, SomeRule] = {"R1": once(hyperexcitability), "R2": once(central), "R3": once(eyelid)}


def _names(flag: Raised | None) -> tuple[str, ...]:
    return flag.names if flag else ()


def _has_motor_sign(picture: Picture) -> bool:
    return bool(picture.findings.of(*MOTOR, "tongue-fasciculation"))


def _not_eyelid(picture: Picture, name: str) -> list[Finding]:
    eyelids = {one.named.ref for one in picture.twitches if one.eyelid_only}
    return [one for one in picture.findings.of(name) if one.named.ref not in eyelids]


def _ck_after_statin(picture: Picture) -> Judged | None:
    """A raised CK in date, with a statin that ended within a year and none taken now."""
    high = picture.laboratory.of("creatine-kinase").abnormal
    if high is None or high.side != "high" or picture.medication.of("statin"):
        return None
    oldest = picture.today - picture.knowledge.days("statin_ended")
    ended = (one for one in picture.medication.ended if one.tag == "statin" and one.end)
    return high if any(one.end and one.end.last >= oldest for one in ended) else None


def _abnormal_test(done: Done | None, picture: Picture) -> Raised | None:
    """An abnormal examination or EMG, while no sign is coded that explains it."""
    if done is None or done.result != "abnormal" or _has_coded_sign(picture):
        return None
    name = picture.knowledge.label(done.report.kind)
    fact = report_fact(done.report, name, "abnormal")
    names = (fill(picture.knowledge.names.abnormal, {"test": name}),)
    return Raised(id="R4", facts=(fact,), names=names, days=(done.day,))


def _has_coded_sign(picture: Picture) -> bool:
    childhood = ("tongue-fasciculation", "hypotonia", "areflexia", "motor-regression")
    routine = ("stiffness", "optic", "facial-myokymia", "ataxia")
    return bool(picture.findings.of(*MOTOR, *childhood, *routine))


def report_fact(report: Report, name: str, value: str) -> Fact:
    """An examination or EMG as a fact."""
    return Fact(
        resource=report.ref,
        label=name,
        system=report.concept.system,
        code=report.concept.code,
        value=value,
        date=report.when.text if report.when else None,
    )


def _family(picture: Picture) -> Iterator[Raised]:
    for kin in picture.chart.kin:
        concept = kin.named.concepts[0]
        label = picture.knowledge.label("family-history")
        fact = Fact(
            resource=kin.named.ref,
            label=label,
            system=concept.system,
            code=concept.code,
            date=kin.when.text if kin.when else None,
        )
        day = kin.when.last if kin.when else None
        yield Raised(id="ADD", facts=(fact,), names=(label,), days=(day,))
