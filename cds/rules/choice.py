"""What the combination table chooses: the cards, each with what it is about."""

from msgspec import Struct

from cards.topics import Indicator, Topic
from cds.rules.abnormal_labs import Abnormal
from cds.rules.causes import Cause
from cds.rules.flags import Flags
from cds.rules.lifestyle import Factor
from cds.rules.medication import Course
from cds.rules.new_signs import NewSign
from cds.rules.stopped import Stopped

# What silence in known disease rests on: each may hold a new sign, an emergency or the medicine behind one (N52).
SILENCE_NEEDS = (
    *("Patient", "Condition", "Observation", "MedicationRequest", "MedicationStatement", "MedicationAdministration"),
    *("ServiceRequest", "DiagnosticReport", "Encounter", "QuestionnaireResponse", "Flag", "ClinicalImpression"),
    "Appointment",
)


class Choice(Struct, frozen=True, kw_only=True):
    """One card chosen, with what it is about."""

    topic: Topic
    indicator: Indicator
    flags: Flags = ()
    labs: tuple[Abnormal, ...] = ()
    courses: tuple[Course, ...] = ()
    factors: tuple[Factor, ...] = ()
    causes: tuple[Cause, ...] = ()
    new_signs: tuple[NewSign, ...] = ()
    stopped: tuple[Stopped, ...] = ()
    covered: Topic | None = None


class Decision(Struct, frozen=True):
    """The cards in their order, those without a place, those answered before, and those a dormant twitch hides (N7)."""

    choices: tuple[Choice, ...]
    dropped: tuple[Topic, ...] = ()
    repeated: tuple[Topic, ...] = ()
    dormant: tuple[Topic, ...] = ()
