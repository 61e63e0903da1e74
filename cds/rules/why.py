"""Why a rule did not fire: what each rule looks for, and what of it the chart has."""

from msgspec import Struct

from cards.printed import number, plain_unit
from cards.topics import TAGS, Topic
from cds.chart.facts import Chart, Drug, FamilyMember, LabResult, Problem, Report, Seen, Visit
from cds.chart.naming import TWITCH_PHRASES
from cds.fhir.dates import When
from cds.fhir.resources import Quantity
from cds.knowledge.load import Knowledge
from cds.rules.assess import EMERGENCIES
from cds.rules.emergencies import MUSCLE
from cds.rules.lifestyle import FACTORS
from cds.rules.neurology import ADDITIONAL, CHILDHOOD, MOTOR, ROUTINE, URGENT
from cds.rules.picture import DISEASES

PRESSURE = ("ask-systolic", "ask-diastolic")
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
        ("rhabdomyolysis", "dark-urine", "acute-kidney-injury", *MUSCLE),
        ("creatine-kinase",),
    ),
    "E6": Looks(
        ("confusion", "tremor", "clonus", "cholinergic-poisoning"),
        ("lithium",),
        ("lithium", "selective-serotonin-reuptake-inhibitor", "serotonin-norepinephrine-reuptake-inhibitor"),
    ),
    "E7": Looks(("hypotonia",)),
    "E8": Looks(
        ("hyperreflexia", "clonus", "headache", "leg-swelling", "pregnancy", *PRESSURE, "ask-gestation"),
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
        ("weakness-unspecific", "abnormal-reflex", "exam", "emg"),
        phrases=("red-flag",),
    ),
    "ADD": Looks((*ADDITIONAL, *BREATHING, "weakness-unspecific", "family-disease")),
    "LAB": Looks(
        tuple(f"deficiency-{tag}" for tag in TAGS[Topic.LAB_ABN] if tag not in ("creatine-kinase", "tsh", "free-t4")),
        (*TAGS[Topic.LAB_ABN], "albumin", "egfr"),
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
        *((one.onset or one.recorded, _of_problem(one, looks, knowledge)) for one in chart.problems),
        *((one.when, _of_seen(one, looks, knowledge)) for one in chart.seen),
        *((one.when, _of_lab(one, looks, knowledge)) for one in chart.labs),
        *((one.start, _of_drug(one, looks, knowledge)) for one in chart.drugs),
        *((one.when, _of_report(one, looks, knowledge)) for one in chart.reports),
        *((one.when, _of_kin(one, looks, knowledge)) for one in chart.kin),
    ]
    newest = sorted(((_day(when), one) for when, one in found if one is not None), key=lambda pair: -pair[0])
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
    return Trace(seen.named.ref, label, _text(seen.when), _number(seen.quantity), "absent" if seen.denied else None)


def _number(quantity: Quantity | None) -> str | None:
    if quantity is None or quantity.value is None:
        return None
    unit = plain_unit(quantity.code or quantity.unit)
    return f"{quantity.comparator or ''}{number(quantity.value)} {unit}".strip()


def _of_lab(result: LabResult, looks: Looks, knowledge: Knowledge) -> Trace | None:
    if result.analyte not in looks.analytes:
        return None
    label = knowledge.analytes[result.analyte].label
    note = "preliminary" if result.preliminary else None
    return Trace(result.ref, label, _text(result.when), _number(result.quantity), note)


def _of_drug(drug: Drug, looks: Looks, knowledge: Knowledge) -> Trace | None:
    for concept in drug.concepts:
        classes = (knowledge.medicines[tag] for tag in looks.medicines)
        listed = any(concept.groups & {*one.groups, *one.check_route} for one in classes)
        if listed or concept.sets & set(looks.sets):
            name = concept.ingredient or concept.display
            return Trace(drug.ref, name, _text(drug.start), note=drug.state)
    return None


def _of_report(report: Report, looks: Looks, knowledge: Knowledge) -> Trace | None:
    if report.kind not in looks.sets:
        return None
    return Trace(report.ref, knowledge.label(report.kind), _text(report.when), report.result)


def _of_kin(kin: FamilyMember, looks: Looks, knowledge: Knowledge) -> Trace | None:
    label = _label(kin.named.sets, kin.named.phrases, looks, knowledge)
    return Trace(kin.named.ref, label, _text(kin.when)) if label else None


def near_misses(chart: Chart, knowledge: Knowledge) -> tuple[Trace, ...]:
    """What looks like a twitch on a chart without an active one: resolved, refuted, too old, or another movement."""
    return (*traces(chart, TWITCH, knowledge), *(_of_visit(one, knowledge) for one in chart.visits))


def _of_visit(visit: Visit, knowledge: Knowledge) -> Trace:
    note = f"visit {visit.status or 'without status'}"
    return Trace(visit.named.ref, knowledge.label("twitch"), _text(visit.start), note=note)
