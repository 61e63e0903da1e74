"""When a card may name motor neuron disease (second edition N12): it only ever removes the name, never a card."""

from cds.chart.facts import Problem, Source
from cds.chart.polarity import DENIED
from cds.knowledge.load import Knowledge
from cds.rules.assess import Assessment
from cds.rules.findings import Finding
from cds.rules.flags import Flags
from cds.rules.known_disease import is_known
from cds.rules.picture import Picture
from cds.rules.reads import DISEASES, EXPECTED, WHILE_TREATED, Reads
from cds.rules.timing import EXPLAINED, first_onset

BULBAR, BREATHING, LONG_TRACTS, WASTING = "U3", "U6", "U4", "U2"
BESIDE_LONG_TRACTS = "beside-long-tracts"  # a list of rules of the data
TONGUE, LIMBS = "tongue", "limbs"  # groups of the data
READS = Reads(
    values=("specific-sign", "thyrotoxic-myopathy", "family-dystrophy", "kd-dystrophy"),
    value_groups=(TONGUE, LIMBS),
    windows=("specific_sign",),
    thresholds=("naming_years",),
)


def may_be_named(assessment: Assessment) -> bool:
    """Whether the urgent signs of an adult point to motor neuron disease, with nothing beside them that speaks of else.

    Signs that something explains and those that the patient told name nothing. Old and doubted ones are no urgent
    signs any more.
    """
    naming = _naming(assessment.urgent)
    return (
        _is_free(assessment)
        and bool(naming)
        and (_is_typical(naming, assessment.picture.knowledge) or _is_specific(naming, assessment.picture))
    )


def is_of_dystrophy(picture: Picture) -> bool:
    """Whether a relative, or the history of the family, tells of a muscular dystrophy (S27)."""
    kin = (family_member.named.sets for family_member in picture.chart.kin)
    return any("kd-dystrophy" in sets for sets in kin) or bool(picture.findings.of("family-dystrophy"))


def _is_free(assessment: Assessment) -> bool:
    picture = assessment.picture
    unnamed = set(picture.knowledge.listed("unnamed-beside"))
    thyroid = (problem for problem in picture.chart.problems if "thyrotoxic-myopathy" in problem.named.sets)
    return not (
        picture.age is None
        or picture.age < picture.knowledge.at("naming_years")
        or picture.is_known
        or any(_is_on_file(problem, picture.knowledge) for problem in picture.chart.problems)
        or any(flag.tag in unnamed for flag in assessment.emergencies)
        or any(problem.verification not in DENIED for problem in thyroid)
        or is_of_dystrophy(picture)
    )


def _is_on_file(problem: Problem, knowledge: Knowledge) -> bool:
    """Whether a known disease is on file, though another entry refutes it; myasthenia counts while it is treated."""
    diseases = {*knowledge.group(DISEASES), *knowledge.group(EXPECTED)} - {WHILE_TREATED}
    return is_known(problem) and not diseases.isdisjoint(problem.named.sets)


def _naming(flags: Flags) -> dict[str, list[Finding]]:
    """The signs that may name it, by the flag that they raise."""
    naming = {flag.id: [finding for finding in flag.found if _names(finding)] for flag in flags}
    return {flag: signs for flag, signs in naming.items() if signs}


def _names(finding: Finding) -> bool:
    explained = any(remark.key == EXPLAINED for remark in finding.remarks)
    return not explained and finding.source is not Source.PATIENT


def _is_typical(naming: dict[str, list[Finding]], knowledge: Knowledge) -> bool:
    """N12 (a) to (c): wasting or the tongue; two regions of the body; long tracts beside a lower sign."""
    signs = [finding for group in naming.values() for finding in group]
    tongue = any(not sign.sets.isdisjoint(knowledge.group(TONGUE)) for sign in signs)
    regions = sum(
        (
            BULBAR in naming,
            BREATHING in naming,
            *(any(limb in sign.sets for sign in signs) for limb in knowledge.group(LIMBS)),
        )
    )
    tracts = LONG_TRACTS in naming and any(flag in naming for flag in knowledge.flags(BESIDE_LONG_TRACTS))
    return WASTING in naming or tongue or regions > 1 or tracts


def _is_specific(naming: dict[str, list[Finding]], picture: Picture) -> bool:
    """N12 (d): a specific sign that is younger than the twitch, or at most a year older."""
    first = first_onset(picture)
    since = (picture.today if first is None else first) - picture.knowledge.days("specific_sign")
    signs = (finding for group in naming.values() for finding in group if "specific-sign" in finding.sets)
    return any(sign.day is not None and sign.day >= since for sign in signs)
