"""The rows of the red flags, in the order in which cards and explanations list them (section 3)."""

from cards.topics import Topic
from cds.rules import acute_weakness, electrolytes, emergencies, levels, neurology
from cds.rules.reads import Reads
from cds.rules.rule import Rule, sign
from cds.rules.trial import once

EMERG, CHILD, URGENT, EVAL = Topic.EMERG, Topic.PED_NEURO, Topic.NEURO_URG, Topic.NEURO_EVAL
A_CHILDS = (Topic.PED_NEURO,)  # a child's urgent signs are P2 (4e step 9)
TESTS = (Topic.LAB_ORDER,)

EMERGENCY_TAGS = (
    *(
        "calcium",
        "potassium",
        "magnesium",
        "phosphate",
        "sodium",
        "glucose",
        "rhabdomyolysis",
        "respiratory",
        "weakness",
    ),
    *(
        "lithium",
        "theophylline",
        "serotonin-toxicity",
        "cholinergic",
        "infant-floppiness",
        "pre-eclampsia",
        "venous-thromboembolism",
    ),
)

FLAGS = (
    sign("E1", EMERG, "respiratory-emergency", window="respiratory", undated=True, tag="respiratory", used=True),
    Rule(
        id="E2",
        card=EMERG,
        reads=Reads(
            sets=("acute-paralysis", "weakness", *acute_weakness.COMPANIONS),
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
            sets=(
                *("tetany", "paraesthesia", "long-qt", "seizure", "epilepsy", "hypoparathyroidism", "dialysis"),
                *("confusion", "drowsiness", "dehydration", "acute-kidney-injury"),
            ),
            analytes=("calcium", "magnesium"),
            limits=("calcium-high-with-sign", "calcium-total-with-sign"),
            medicines=("denosumab",),
            windows=("tetany", "seizure", "calcium_high_sign"),
        ),
        ask=electrolytes.calcium,
    ),
    Rule(
        id="E4",
        card=EMERG,
        reads=Reads(
            sets=(
                *("tetany", "long-qt", "seizure", "weakness", "acute-paralysis", "weakness-unspecific", "areflexia"),
                *("confusion", "drowsiness", "respiratory-emergency"),
            ),
            drugs=("digoxin",),
            analytes=("potassium", "magnesium", "phosphate", "sodium", "glucose"),
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
            sets=("clonus", "cholinergic-poisoning"),
            analytes=("theophylline",),
            limits=("lithium", "theophylline"),
            medicines=("lithium", "xanthine"),
            classes=("serotonergic",),
            windows=("clonus", "cholinergic"),
        )
        | levels.LITHIUM,
        ask=emergencies.poisoning,
    ),
    sign(
        *("E7", EMERG, "hypotonia"),
        window="floppiness",
        infants=True,
        tag="infant-floppiness",
        used=True,
        told_elsewhere=True,
    ),
    Rule(
        id="E8",
        card=EMERG,
        reads=Reads(
            sets=("hyperreflexia", "clonus", "headache", "leg-swelling"),
            answers=("ask-blood-pressure", "ask-systolic", "ask-diastolic"),
            medicines=("estrogen",),
            windows=("pre_eclampsia_sign", "leg_swelling"),
            thresholds=("pregnancy_weeks", "systolic", "diastolic"),
            attributes=("pregnancy",),
            sources=("systolic", "diastolic"),
        ),
        ask=emergencies.pregnancy_and_clot,
    ),
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
            groups=("coded-signs",),
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
            relatives=("family-disease", "family-history"),
        ),
        ask=neurology.additional,
        also=TESTS,
        sees="open",
    ),
)
FLAG_IDS = tuple(rule.id for rule in FLAGS)
