"""Why a rule did not fire and why a card is not shown, in plain words: what each rule looks for, and what was there."""

from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct

from cards.topics import TAGS, Topic
from cds.chart.facts import Chart, Drug, LabResult, Named, Problem, Seen
from cds.fhir.dates import When
from cds.knowledge.load import Knowledge
from cds.rules.assess import EMERGENCIES, Assessment
from cds.rules.consult import Consultation
from cds.rules.gate import TWITCH_PHRASES
from cds.rules.lifestyle import FACTORS
from cds.rules.neurology import ADDITIONAL, CHILDHOOD, MOTOR, ROUTINE, URGENT
from cds.rules.picture import DISEASES

BREATHING = ("respiratory-emergency", "respiratory-other")


class Looks(Struct, frozen=True):
    """What a rule looks for: value sets, analytes, classes of medicines and phrase lists."""

    sets: tuple[str, ...] = ()
    analytes: tuple[str, ...] = ()
    medicines: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()


class Trace(Struct, frozen=True, omit_defaults=True):
    """Something on the chart that a rule reads, and what is known against it."""

    resource: str
    label: str
    date: str | None = None
    value: str | None = None
    note: str | None = None


LOOKS: dict[str, Looks] = {
    "E1": Looks(("respiratory-emergency",)),
    "E2": Looks(("acute-paralysis", "weakness")),
    "E3": Looks(("tetany", "paraesthesia", "long-qt", "seizure", "epilepsy"), ("calcium", "magnesium")),
    "E4": Looks(
        ("tetany", "long-qt", "seizure", "epilepsy", "weakness", "acute-paralysis", "confusion", "digoxin"),
        ("potassium", "magnesium", "phosphate", "sodium"),
    ),
    "E5": Looks(
        ("rhabdomyolysis", "dark-urine", "acute-kidney-injury", "cramps")
        + ("weakness", "weakness-unspecific", "acute-paralysis"),
        ("creatine-kinase",),
    ),
    "E6": Looks(
        ("confusion", "tremor", "clonus", "cholinergic-poisoning"),
        ("lithium",),
        ("lithium", "selective-serotonin-reuptake-inhibitor", "serotonin-norepinephrine-reuptake-inhibitor"),
    ),
    "E7": Looks(("hypotonia",)),
    "E8": Looks(
        ("hyperreflexia", "clonus", "headache", "leg-swelling", "pregnancy")
        + ("ask-systolic", "ask-diastolic", "ask-gestation"),
        (),
        ("estrogen",),
    ),
    "U1": Looks(("weakness", "acute-paralysis")),
    "U2": Looks(("wasting",)),
    "U3": Looks(("tongue-fasciculation", "bulbar")),
    "U4": Looks(("upper-motor-neuron",)),
    "U5": Looks(("functional-weakness",)),
    "U6": Looks((*BREATHING, *MOTOR, "tongue-fasciculation")),
    "U7": Looks(("behaviour",)),
    "U8": Looks(("weakness-proximal",), ("creatine-kinase",), ("corticosteroid", "statin")),
    "P1": Looks(("tongue-fasciculation", "hypotonia", "areflexia", "feeding-difficulty", *BREATHING)),
    "P2": Looks(("motor-regression", "motor-delay", "acute-movement")),
    "P3": Looks(("acute-movement",)),
    "R1": Looks(("stiffness", "myokymia", "sweating")),
    "R2": Looks(("optic", "facial-myokymia", "ataxia")),
    "R3": Looks(("blepharospasm", "twitch-eyelid")),
    "R4": Looks(
        ("weakness-unspecific", "abnormal-reflex", "exam", "emg", *MOTOR, "tongue-fasciculation")
        + ("hypotonia", "areflexia", "motor-regression", "stiffness", "optic", "facial-myokymia", "ataxia"),
        phrases=("red-flag",),
    ),
    "ADD": Looks((*ADDITIONAL, *BREATHING, *MOTOR, "tongue-fasciculation", "weakness-unspecific", "family-disease")),
    "LAB": Looks(
        tuple(f"deficiency-{tag}" for tag in TAGS[Topic.LAB_ABN] if tag not in ("creatine-kinase", "tsh", "free-t4")),
        TAGS[Topic.LAB_ABN],
    ),
    "stress": Looks(("stress", "ask-gad7", "ask-phq9")),
    "sleep": Looks(("sleep", "ask-sleep")),
    "exertion": Looks(("exertion",)),
    "caffeine": Looks(("caffeine", "ask-caffeine", "ask-weight")),
    "dehydration": Looks(("dehydration",)),
    "smoking": Looks(("tobacco", "tobacco-current")),
    "diet": Looks(("diet",), phrases=("diet",)),
    "KD": Looks(DISEASES),
    **{tag: Looks(medicines=(tag,)) for tag in TAGS[Topic.MED_REV]},
}
RULES = ("KD", *EMERGENCIES, *CHILDHOOD, *URGENT, *ROUTINE, "R4", "ADD", "LAB", *TAGS[Topic.MED_REV], *FACTORS)
TWITCH = Looks(("twitch", "twitch-eyelid", "twitch-exclude"), phrases=tuple(sorted(TWITCH_PHRASES)))


def sought(looks: Looks, knowledge: Knowledge) -> tuple[str, ...]:
    """What a rule looks for, in words."""
    sets = (knowledge.label(name) for name in looks.sets if name in knowledge.sets)
    analytes = (knowledge.analytes[name].label for name in looks.analytes if name in knowledge.analytes)
    return tuple(dict.fromkeys((*sets, *analytes, *(name.replace("-", " ") for name in looks.medicines))))


def traces(chart: Chart, looks: Looks, knowledge: Knowledge) -> tuple[Trace, ...]:
    """What the chart has of it, the newest of each kind first; these did not qualify if the rule did not fire."""
    found = [
        *((_day(one.onset or one.recorded), _of_problem(one, looks, knowledge)) for one in chart.problems),
        *((_day(one.when), _of_seen(one, looks, knowledge)) for one in chart.seen),
        *((_day(one.when), _of_lab(one, looks, knowledge)) for one in chart.labs),
        *((_day(one.start), _of_drug(one, looks, knowledge)) for one in chart.drugs),
        *(
            (_day(one.when), _report(one.ref, one.kind, one.when, one.result, looks, knowledge))
            for one in chart.reports
        ),
        *((_day(one.when), _of_kin(one.named, one.when, looks, knowledge)) for one in chart.kin),
    ]
    newest = sorted(((day, one) for day, one in found if one is not None), key=lambda pair: -pair[0])
    kept: dict[tuple[str, str | None], Trace] = {}
    for _, one in newest:
        kept.setdefault((one.label, one.note), one)
    return tuple(kept.values())


def _day(when: When | None) -> int:
    return when.first if when else 0


def _text(when: When | None) -> str | None:
    return when.text if when else None


def _label(sets: frozenset[str], phrases: frozenset[str], looks: Looks, knowledge: Knowledge) -> str | None:
    """The name of what was found, if the rule reads it."""
    name = next((name for name in looks.sets if name in sets), None)
    if name is not None:
        return knowledge.label(name)
    return "a phrase in words" if phrases & set(looks.phrases) else None


def _of_problem(problem: Problem, looks: Looks, knowledge: Knowledge) -> Trace | None:
    label = _label(problem.named.sets, problem.named.phrases, looks, knowledge)
    if label is None:
        return None
    against = problem.verification if problem.verification not in (None, "confirmed") else None
    status = against or problem.clinical or ("abated" if problem.abated else None)
    when = problem.onset or problem.recorded
    return Trace(problem.named.ref, label, _text(when), note=status)


def _of_seen(seen: Seen, looks: Looks, knowledge: Knowledge) -> Trace | None:
    phrases = seen.named.phrases | seen.value_phrases
    label = _label(seen.named.sets | seen.value_sets, phrases, looks, knowledge)
    if label is None:
        return None
    quantity = seen.quantity
    number = quantity.value if quantity is not None else None
    value = None if quantity is None or number is None else f"{number:g} {quantity.code or quantity.unit or ''}".strip()
    return Trace(seen.named.ref, label, _text(seen.when), value, "absent" if seen.denied else None)


def _of_lab(result: LabResult, looks: Looks, knowledge: Knowledge) -> Trace | None:
    if result.analyte not in looks.analytes:
        return None
    quantity = result.quantity
    known = quantity is not None and quantity.value is not None
    value = f"{quantity.comparator or ''}{quantity.value:g} {quantity.code or quantity.unit or ''}" if known else None  # type: ignore[union-attr]
    note = "preliminary" if result.preliminary else None
    return Trace(result.ref, knowledge.analytes[result.analyte].label, _text(result.when), value, note)


def _of_drug(drug: Drug, looks: Looks, knowledge: Knowledge) -> Trace | None:
    for concept in drug.concepts:
        classes = (knowledge.medicines[tag] for tag in looks.medicines)
        listed = any(concept.groups & {*one.groups, *one.check_route} for one in classes)
        if listed or concept.sets & set(looks.sets):
            name = concept.ingredient or concept.display
            return Trace(drug.ref, name, _text(drug.start), note=drug.state)
    return None


def _report(
    ref: str, kind: str, when: When | None, result: str | None, looks: Looks, knowledge: Knowledge
) -> Trace | None:
    return Trace(ref, knowledge.label(kind), _text(when), result) if kind in looks.sets else None


def _of_kin(named: Named, when: When | None, looks: Looks, knowledge: Knowledge) -> Trace | None:
    label = _label(named.sets, named.phrases, looks, knowledge)
    return Trace(named.ref, label, _text(when)) if label else None


def near_misses(chart: Chart, knowledge: Knowledge) -> tuple[Trace, ...]:
    """What looks like a twitch on a chart without an active one: resolved, refuted, too old, or another movement."""
    visits = (one for one in chart.visits if one.named.sets or one.named.phrases)
    reasons = tuple(
        Trace(
            one.named.ref, knowledge.label("twitch"), _text(one.start), note=f"visit {one.status or 'without status'}"
        )
        for one in visits
    )
    return (*traces(chart, TWITCH, knowledge), *reasons)


def asked(rule: str, found: Assessment) -> str | None:
    """Why a rule was not asked, if so."""
    if rule in CHILDHOOD and not (found.picture.age is None or found.picture.is_child):
        return "asked of children only"
    return None if rule != "KD" or found.picture.diseases else ""


def shown_rules(consultation: Consultation) -> set[str]:
    """The rules whose outcome stands on a card."""
    names: set[str] = set()
    for choice in consultation.decision.choices:
        names |= {flag.id for flag in choice.flags} | {course.tag for course in choice.courses}
        names |= {factor.tag for factor in choice.factors}
        names |= {"LAB"} if choice.labs else set()
        names |= set(URGENT) if choice.topic is Topic.PED_NEURO or choice.covered is Topic.PED_NEURO else set()
    return names


def topic_of(rule: str) -> tuple[Topic, ...]:
    """The cards that a rule's outcome can stand on."""
    if rule in FACTORS:
        return (Topic.LIFESTYLE,)
    if rule in TAGS[Topic.MED_REV]:
        return (Topic.MED_REV,)
    homes = {"E": Topic.EMERG, "P": Topic.PED_NEURO, "U": Topic.NEURO_URG, "L": Topic.LAB_ABN}
    return (homes.get(rule[0], Topic.NEURO_EVAL),)


def absent(consultation: Consultation) -> Iterator[tuple[Topic, str]]:
    """Each card that is not shown, and why the combination table left it out."""
    found, decision = consultation.found, consultation.decision
    shown = {choice.topic for choice in decision.choices}
    covered = {choice.covered for choice in decision.choices}
    for topic in Topic:
        if topic in shown:
            continue
        if topic in decision.dropped:
            yield topic, "at most three cards are shown: it is named under “Also noted”"
        elif topic in covered:
            yield topic, "a request under way covers the signs: the work-up card stands in its place"
        else:
            yield topic, _REASONS[topic](found, shown | set(decision.dropped))


def _emergency(found: Assessment, shown: set[Topic]) -> str:  # noqa: ARG001 - the signature of all reasons
    return "no emergency rule fired"


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
    answered = found.is_normal and "; a normal examination and EMG answer older signs" or ""
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
    if found.emergencies:
        return "an emergency card stands in its place"
    return "in a known neuromuscular disease only electrolytes are shown"


def _medicines(found: Assessment, shown: set[Topic]) -> str:  # noqa: ARG001
    if not found.courses:
        return "no listed medicine fired"
    return "only medicines that may explain the emergency or the electrolytes are shown, unless the card names them"


def _reassurance(found: Assessment, shown: set[Topic]) -> str:
    if first := _first(found) or _neurology(shown):
        return first
    if not found.is_normal:
        return "it needs a normal examination and EMG since the twitch began, in an adult of known age"
    return "not all of the chart was seen" if not found.picture.complete.all else "a laboratory warning is shown"


def _lab_order(found: Assessment, shown: set[Topic]) -> str:
    if first := _first(found) or _neurology(shown):
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
    if first := _first(found):
        return first
    if shown & {Topic.PED_NEURO, Topic.NEURO_URG, Topic.STATUS}:
        return "it is not shown beside this neurology card"
    return "not all of the problems and observations were seen"


def _gap(found: Assessment, shown: set[Topic]) -> str:
    if first := _first(found):
        return first
    return "another card is shown" if shown else "nothing is missing"


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
    return "an emergency comes first" if found.emergencies else None


def _neurology(shown: Iterable[Topic]) -> str | None:
    cards = {Topic.PED_NEURO, Topic.NEURO_URG, Topic.STATUS, Topic.NEURO_EVAL}
    return "a neurology card is shown, with the missing tests on it" if cards & set(shown) else None
