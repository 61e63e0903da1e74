"""U1 to U8, P1 to P3, R1 to R4 and ADD: signs that ask for neurology (sections 3 and 3a)."""

from collections.abc import Iterator

from msgspec.structs import replace

from cards.advice import Fact
from cds.chart.facts import Report
from cds.rules.findings import Finding
from cds.rules.flags import Raised
from cds.rules.lab_limits import Interpretation
from cds.rules.own_words import in_sentence
from cds.rules.reported import sign_today
from cds.rules.view import View
from cds.rules.work_up import Done


def breathing(view: View) -> Raised | None:
    """U6: breathlessness or sleepiness, only with a motor sign."""
    sets = view.group("breathing")
    return view.flag(view.of(*sets), sets) if _has_motor_sign(view) else None


def medicine_myopathy(view: View) -> Raised | None:
    """U8: proximal weakness on steroid or statin; CK still high after a statin ended."""
    courses = view.courses(*view.classes("myopathic"))
    findings = view.of("weakness-proximal") if courses else ()
    high = _ck_after_statin(view)
    sets = ("weakness-proximal",)
    flag = view.flag(findings, sets, judged=(high,) if high else (), courses=courses if findings else ())
    return replace(flag, days=(*flag.days, high.when.last)) if flag and high and high.when else flag


def childhood_sign(view: View) -> Raised | None:
    """P1: tongue fasciculation, hypotonia or absent reflexes; critical in an infant who feeds or breathes badly."""
    sets = ("tongue-fasciculation", "hypotonia", "areflexia")
    breathing_sets = tuple(reversed(view.group("breathing")))
    names = ("feeding-difficulty", *breathing_sets)
    trouble = view.of(*names)
    critical = view.is_infant and bool(trouble)
    flag = view.flag(view.of(*sets), sets, critical=critical)
    if flag is None or not critical:
        return flag
    more = view.flag(trouble, names)
    return replace(flag, facts=(*flag.facts, *(more.facts if more else ())), names=(*flag.names, *_names(more)))


def motor_development(view: View) -> Raised | None:
    """P2: motor regression or delay, or an older movement disorder; U findings of a child join it (4e step 9)."""
    sets = ("motor-regression", "motor-delay", "acute-movement")
    recent = set(view.within("acute_movement", "acute-movement"))
    past = [finding for finding in view.of(*sets) if finding not in recent]
    return view.flag(past, sets)


def hyperexcitability(view: View) -> Raised | None:
    """R1: stiffness, or myokymia (not of the eyelid only) with sweating."""
    stiffness = list(view.of("stiffness"))
    sweating = view.of("sweating")
    if sweating:
        stiffness += [*_not_eyelid(view, "myokymia"), *sweating] if _not_eyelid(view, "myokymia") else []
    return view.flag(stiffness, ("stiffness", "myokymia", "sweating"))


def central(view: View) -> Raised | None:
    """R2: double vision, optic neuritis, facial myokymia, ataxia or unsteady gait."""
    sets = ("optic", "facial-myokymia", "ataxia")
    signs = [*view.of("optic", "ataxia"), *_not_eyelid(view, "facial-myokymia")]
    flag = view.flag(dict.fromkeys(signs), sets)
    acute = bool(view.within("acute_central", "optic"))
    return replace(flag, acute=acute) if flag else None


def eyelid(view: View) -> Raised | None:
    """R3: eyelid twitching alone for over 90 days, or with blepharospasm."""
    spasm = view.of("blepharospasm")
    if spasm:
        return view.flag(spasm, ("blepharospasm",))
    twitches = [
        twitch for twitch in view.twitches if not twitch.reported
    ] or view.twitches  # no answer makes less of a record
    lasting = [twitch for twitch in view.persistent() if twitch.eyelid_only]
    if not lasting or not all(twitch.eyelid_only for twitch in twitches):
        return None
    longest = min(lasting, key=lambda twitch: twitch.since.first if twitch.since else 0)
    onset = longest.since
    answer = onset.first + view.days("eyelid_answer") if onset else None
    days = view.days("persistent_eyelid")
    fact = Fact(
        resource=longest.named.ref,
        label=view.label("twitch-eyelid"),
        quoted=view.own(longest.named.words, *longest.named.concepts),
        place=longest.place.key if longest.place else None,
        visit=longest.place.date if longest.place else None,
        date=onset.text if onset else None,
        limit=f">{days} d",
        limit_source=view.source("persistent_eyelid"),
    )
    return Raised(id="R3", facts=(fact,), days=(answer,), names=(view.twitch_name(longest),))


def unspecific(view: View) -> Iterator[Raised]:
    """R4: unspecific weakness, an abnormal reflex, an abnormal test without a coded sign, a sign in words only."""
    sets = ("weakness-unspecific", "abnormal-reflex", "sign-in-doubt")
    findings = view.of(*sets)
    now = set(sign_today(findings))
    at_once = view.flag((finding for finding in findings if finding in now), sets)
    if at_once is not None:
        yield replace(at_once, today=True)
    raised = view.flag((finding for finding in findings if finding not in now), sets)
    worded = view.flag(view.worded("red-flag"), ())
    tests = [_abnormal_test(done, view) for done in (view.report("exam"), view.report("emg"))]
    for flag in (raised, worded, *tests):
        if flag is not None:
            yield flag


def additional(view: View) -> Iterator[Raised]:
    """ADD: one for each kind of additional symptom (S33, S45)."""
    for name in view.group("additional"):
        flag = view.flag(view.of(name), (name,))
        if flag is not None:
            yield flag
    if not _has_motor_sign(view):
        sets = view.group("breathing")
        flag = view.flag(view.of(*sets), sets)
        if flag is not None:
            yield flag
    in_words = view.flag(view.worded("added"), ())
    if in_words is not None:
        yield in_words
    yield from _family(view)
    unspecific_ = ("weakness-unspecific",)
    flag = view.flag(view.answered(*unspecific_), unspecific_)  # it stood before a normal examination (3a R4)
    if flag is not None:
        yield flag


def _names(flag: Raised | None) -> tuple[str, ...]:
    return flag.names if flag else ()


def _has_motor_sign(view: View) -> bool:
    return bool(view.of(*view.group("motor")))


def _not_eyelid(view: View, name: str) -> list[Finding]:
    eyelids = {twitch.named.ref for twitch in view.twitches if twitch.eyelid_only}
    return [finding for finding in view.of(name) if finding.named.ref not in eyelids]


def _ck_after_statin(view: View) -> Interpretation | None:
    """A raised CK in date, with a statin that ended within a year and none taken now."""
    high = view.standing("creatine-kinase").abnormal
    if high is None or high.side != "high" or view.courses("statin"):
        return None
    oldest = view.today - view.days("statin_ended")
    return high if any(ended.end and ended.end.last >= oldest for ended in view.ended("statin")) else None


def _abnormal_test(done: Done | None, view: View) -> Raised | None:
    """An abnormal examination or EMG, while no sign is coded that explains it."""
    if done is None or done.result != "abnormal" or _has_coded_sign(view):
        return None
    name = view.report_name(done.report)
    fact = report_fact(done.report, view.label(done.report.kind), name, view.side("abnormal"))
    names = (view.abnormal_name(in_sentence(name)),)
    return Raised(id="R4", facts=(fact,), names=names, days=(done.day,))


def _has_coded_sign(view: View) -> bool:
    """A sign with a flag of its own: an abnormal examination without one is itself the sign."""
    signs, of_a_child = (view.of(*view.group(name)) for name in ("coded-signs", "childs-coded-signs"))
    return bool(signs or (view.is_child and of_a_child))


def report_fact(report: Report, label: str, words: str, value: str) -> Fact:
    """An examination or EMG as a fact."""
    return Fact(
        resource=report.ref,
        label=label,
        quoted=words,
        system=report.concept.system,
        code=report.concept.code,
        value=value,
        date=report.when.text if report.when else None,
    )


def _family(view: View) -> Iterator[Raised]:
    for kin in view.relatives("family-disease", "family-history"):
        concept = next(iter(kin.named.concepts), None)
        label, words = view.label("family-history"), view.own(kin.named.words, *kin.named.concepts[:1])
        fact = Fact(
            resource=kin.named.ref,
            label=label,
            quoted=words,
            place="family",
            system=concept.system if concept else None,
            code=concept.code if concept else None,
            date=kin.when.text if kin.when else None,
        )
        day = kin.when.last if kin.when else None
        yield Raised(id="ADD", facts=(fact,), names=(view.relative_name(words),), days=(day,))
