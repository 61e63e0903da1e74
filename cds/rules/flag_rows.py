"""The rows of the red flags, in the order in which cards and explanations list them (section 3)."""

from cards.topics import Topic
from cds.rules import (
    acute_weakness,
    cholinergic,
    clot,
    electrolytes,
    emergencies,
    encephalitis,
    infancy,
    levels,
    neurology,
    pregnancy,
    serotonin,
    stopped,
    tetany,
)
from cds.rules.reads import Reads
from cds.rules.rule import Rule, sign
from cds.rules.runner import once

EMERG, CHILD, URGENT, EVAL = Topic.EMERG, Topic.PED_NEURO, Topic.NEURO_URG, Topic.NEURO_EVAL
A_CHILDS = (Topic.PED_NEURO,)  # a child's urgent signs are P2 (4e step 9)
TESTS = (Topic.LAB_ORDER,)

EMERGENCY_TAGS = (
    *("calcium", "potassium", "magnesium", "phosphate", "sodium", "glucose", "rhabdomyolysis", "respiratory"),
    *("weakness", "lithium", "theophylline", "serotonin-toxicity", "neuroleptic", "cholinergic", "toxin"),
    *("withdrawal", "thyroid-storm", "encephalitis", "newborn-twitching", "infant-floppiness", "infant-seizure"),
    *("pre-eclampsia", "venous-thromboembolism"),
)

FLAGS = (
    sign("E1", EMERG, "respiratory-emergency", window="respiratory", undated=True, tag="respiratory", used=True),
    Rule(
        id="E2",
        card=EMERG,
        reads=Reads(
            sets=(acute_weakness.PARALYSIS, "weakness", acute_weakness.NUMB, acute_weakness.BOTH_SIDES),
            groups=(acute_weakness.WEAK, acute_weakness.TROUBLE),
            windows=("paralysis", "sudden_weakness", "guillain_barre"),
            attributes=("diseases",),
        ),
        ask=acute_weakness.found,
        told_elsewhere=True,
    ),
    Rule(
        id="E3",
        card=EMERG,
        reads=Reads(
            sets=(*("tetany", "paraesthesia", "long-qt", "seizure", "epilepsy", "hypoparathyroidism", "dialysis"),),
            groups=(electrolytes.CALCIUM_HIGH,),
            analytes=("calcium", "magnesium"),
            limits=("calcium-high-with-sign", "calcium-total-with-sign"),
            medicines=("denosumab",),
            windows=("tetany", "seizure", "calcium_high_sign"),
            attributes=("age",),
        )
        | tetany.READS,
        ask=electrolytes.calcium,
        also=(Topic.KNOWN,),
    ),
    Rule(
        id="E4",
        card=EMERG,
        reads=Reads(
            sets=("tetany", "long-qt", "seizure", "respiratory-emergency"),
            groups=(electrolytes.MAGNESIUM_HIGH, electrolytes.POTASSIUM_LOW, electrolytes.SODIUM_LOW),
            drugs=("digoxin",),
            tests=(electrolytes.BY_VALUE,),
            limits=("magnesium-with-sign", "magnesium-high-with-sign", "potassium-with-sign", "sodium-with-sign"),
            windows=("seizure", "sodium_sign", "respiratory"),
        ),
        ask=electrolytes.electrolytes,
    ),
    Rule(
        id="E5",
        card=EMERG,
        reads=Reads(
            sets=("rhabdomyolysis", "dark-urine", "acute-kidney-injury"),
            groups=("muscle",),
            analytes=("creatine-kinase",),
            limits=("creatine-kinase-urine", "creatine-kinase-symptom"),
            windows=("rhabdomyolysis",),
        ),
        ask=once(emergencies.rhabdomyolysis),
    ),
    Rule(
        id="E6",
        card=EMERG,
        reads=Reads(
            sets=(
                *("clonus", "tremor", "serotonin-syndrome", "neuroleptic-malignant"),
                *("hyperreflexia", "abnormal-reflex", "hypertonia", "agitation", "sweating", "fever"),
            ),
            groups=(serotonin.USED,),
            answers=("ask-temperature",),
            thresholds=("fever", "fever_fahrenheit", serotonin.LEAST),
            analytes=("theophylline",),
            limits=("lithium", "theophylline"),
            medicines=("lithium", "xanthine"),
            classes=(serotonin.CLASSES,),
            windows=("poisoning_syndrome", serotonin.SIGN, serotonin.ENDED, serotonin.STARTED),
        )
        | levels.LITHIUM
        | cholinergic.PICTURE,
        ask=emergencies.poisoning,
    ),
    Rule(
        id="E7",
        card=EMERG,
        reads=Reads(
            sets=("hypotonia", "seizure"),
            analytes=("calcium",),
            windows=("floppiness", "seizure"),
            attributes=("age", "twitch"),
        ),
        ask=infancy.found,
        told_elsewhere=True,
    ),
    Rule(
        id="E8",
        card=EMERG,
        reads=Reads(
            sets=(pregnancy.CODED, pregnancy.UNDIRECTED, pregnancy.HEADACHE, "pregnancy"),
            groups=(clot.SETS, pregnancy.BRISK),
            answers=("ask-blood-pressure", "ask-systolic", "ask-diastolic", "ask-pregnancy"),
            medicines=("estrogen",),
            windows=("pre_eclampsia_sign", "reported_sign", "after_birth", "pregnancy", "thrombosis", "leg_swelling"),
            thresholds=("pregnancy_weeks", "systolic", "diastolic", "severe_systolic", "severe_diastolic"),
            attributes=("pregnancy",),
            sources=("systolic", "diastolic", "severe_systolic", "severe_diastolic"),
        ),
        ask=emergencies.pregnancy_and_clot,
    ),
    Rule(
        id="E9",
        card=EMERG,
        reads=Reads(
            groups=(stopped.CODED, stopped.SIGNS),
            classes=("withdrawn",),
            windows=("withdrawal", "withdrawal_sign", "short_course"),
        ),
        ask=once(stopped.emergency),
    ),
    sign(
        *("E10", EMERG),
        windows={"tetanus": ("tetanus",), "venom": ("venom",)},
        undated=True,
        tag="toxin",
        used=True,
    ),
    sign("E11", EMERG, "thyroid-storm", window="thyroid_storm", undated=True, tag="thyroid-storm", used=True),
    Rule(
        id="P1",
        card=CHILD,
        reads=Reads(
            sets=("tongue-fasciculation", "hypotonia", "areflexia", "feeding-difficulty"),
            groups=("breathing",),
            attributes=("age",),
        ),
        ask=once(neurology.childhood_sign),
        sees="unused",
    ),
    Rule(
        id="P2",
        card=CHILD,
        reads=Reads(sets=("motor-regression", "motor-delay", "acute-movement"), windows=("acute_movement",)),
        ask=once(neurology.motor_development),
        sees="unused",
    ),
    sign("P3", CHILD, "acute-movement", window="acute_movement", critical=True, sees="unused"),
    Rule(
        id="P5",
        card=CHILD,
        reads=encephalitis.READS,
        ask=once(encephalitis.of_child),
        sees="unused",
        told_elsewhere=True,
    ),
    Rule(
        id="P4",
        card=CHILD,
        reads=Reads(attributes=("age", "twitch"), flags=(infancy.OTHERS,)),
        ask=once(infancy.spasms),
        sees="unused",
    ),
    sign("U1", URGENT, "weakness", "acute-paralysis", also=A_CHILDS, sees="open"),
    sign("U2", URGENT, "wasting", also=A_CHILDS, sees="open"),
    sign("U3", URGENT, "tongue-fasciculation", "bulbar", also=A_CHILDS, sees="open"),
    sign("U4", URGENT, "upper-motor-neuron", also=A_CHILDS, sees="open"),
    sign("U5", URGENT, "functional-weakness", also=A_CHILDS, sees="open"),
    Rule(
        id="U6",
        card=URGENT,
        reads=Reads(groups=("breathing", "motor")),
        ask=once(neurology.breathing),
        also=A_CHILDS,
        sees="open",
    ),
    sign("U7", URGENT, "behaviour", also=A_CHILDS, sees="open"),
    Rule(
        id="U8",
        card=URGENT,
        reads=Reads(
            sets=("weakness-proximal",),
            analytes=("creatine-kinase",),
            classes=("myopathic",),
            medicines=("statin",),
            windows=("statin_ended",),
        ),
        ask=once(neurology.medicine_myopathy),
        also=A_CHILDS,
        sees="open",
    ),
    Rule(
        id="U9",
        card=URGENT,
        reads=encephalitis.READS,
        ask=once(encephalitis.of_adult),
        sees="unused",
        told_elsewhere=True,
    ),
    Rule(
        id="R1",
        card=EVAL,
        reads=Reads(sets=("stiffness", "myokymia", "sweating"), attributes=("twitch",)),
        ask=once(neurology.hyperexcitability),
        sees="unused",
    ),
    Rule(
        id="R2",
        card=EVAL,
        reads=Reads(sets=("optic", "facial-myokymia", "ataxia"), windows=("acute_central",), attributes=("twitch",)),
        ask=once(neurology.central),
        sees="unused",
    ),
    Rule(
        id="R3",
        card=EVAL,
        reads=Reads(
            sets=("blepharospasm", "twitch-eyelid"),
            windows=("persistent", "persistent_eyelid", "eyelid_answer"),
            sources=("persistent_eyelid",),
            attributes=("twitch",),
        ),
        ask=once(neurology.eyelid),
        sees="unused",
    ),
    Rule(
        id="R4",
        card=EVAL,
        reads=Reads(
            sets=("weakness-unspecific", "abnormal-reflex", "sign-in-doubt"),
            groups=("coded-signs", "childs-coded-signs"),
            attributes=("age",),
            reports=("exam", "emg"),
            phrases=("red-flag",),
        ),
        ask=neurology.unspecific,
        sees="open",
    ),
    Rule(
        id="ADD",
        card=EVAL,
        reads=Reads(
            groups=("additional", "breathing", "motor"),
            sets=("weakness-unspecific",),
            phrases=("added",),
            relatives=("family-disease", "family-history"),
        ),
        ask=neurology.additional,
        also=TESTS,
        sees="open",
    ),
)
# An emergency that goes out as U9, or P5 of a child (N43); asked after all others, some of which explain it.
ENCEPHALITIS = Rule(
    id="encephalitis",
    card=EMERG,
    reads=encephalitis.READS | encephalitis.TODAY,
    ask=once(encephalitis.emergency),
)
FLAG_IDS = tuple(rule.id for rule in FLAGS)
