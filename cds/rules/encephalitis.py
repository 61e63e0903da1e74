"""U9, P5 and their emergency: a change of mind with signs of autoimmune encephalitis (second edition N43)."""

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from cds.rules import fever
from cds.rules.findings import Finding
from cds.rules.flags import Raised, sample_days
from cds.rules.lab_limits import Interpretation
from cds.rules.reads import Reads
from cds.rules.view import View

MENTAL, BESIDE = "changed-mind", "beside-changed-mind"  # groups of the data
SODIUM, LIMIT = "sodium", "sodium-encephalitis"
SENTENCE = "encephalitis"
RULES = "explain-mind"  # a list of rules of the data: emergencies, by their tags
BY_SAMPLE, BY_CODE = "explain-mind-by-sample", "explain-mind-by-code"  # lists of the data
READS = Reads(
    groups=(MENTAL, BESIDE),
    analytes=(SODIUM,),
    limits=(LIMIT,),
    windows=("encephalitis", "metabolic_lead"),
    attributes=("age",),
    flags=(RULES,),
    tags=(BY_SAMPLE, BY_CODE),
)
TODAY = Reads(
    sets=("seizure", "fever"),
    answers=("ask-temperature",),
    windows=("seizure", "encephalitis_fever"),
    thresholds=("fever", "fever_fahrenheit"),
)


def of_adult(view: View) -> Raised | None:
    """U9: also where the age is not known."""
    return None if view.is_child else _picture(view)


def of_child(view: View) -> Raised | None:
    """P5: the same under 16."""
    return _picture(view) if view.is_child else None


def emergency(view: View) -> Raised | None:
    """The picture with a seizure of the last week or a fever of the last days."""
    flag = _picture(view)
    if flag is None:
        return None
    seizures = view.within("seizure", "seizure")
    hot = tuple(fever.found(view, "encephalitis_fever"))
    if not (seizures or hot):
        return None
    facts = (*flag.facts, *(view.fact(seizure, "seizure") for seizure in seizures), *hot)
    ident = "P5" if view.is_child else "U9"
    return replace(flag, id=ident, facts=facts, tag="encephalitis", used=True, sentence=None, values=())


def _picture(view: View) -> Raised | None:
    """A change of mind that nothing else explains, and one thing beside it, all of the last 90 days."""
    minds, signs_beside = view.group(MENTAL), view.group(BESIDE)
    mental = [finding for finding in view.within("encephalitis", *minds) if not _is_explained(finding, view)]
    beside = view.within("encephalitis", *signs_beside)
    low = _low_sodium(view)
    if not mental or not (beside or low):
        return None
    low_labs = (low,) if low else ()
    flag = view.flag(dict.fromkeys((*mental, *beside)), (*minds, *signs_beside), judged=low_labs)
    values = (("sign", _word(mental, minds, view)), ("beside", _word(beside, signs_beside, view)))
    return replace(flag, sentence=SENTENCE, values=values) if flag else None


def _word(findings: Iterable[Finding], sets: tuple[str, ...], view: View) -> str:
    """The word of the knowledge for the first that there is, and not the chart's; low sodium if there is none."""
    present = {name for finding in findings for name in finding.sets}
    return view.short(next((name for name in sets if name in present), SODIUM))


def _low_sodium(view: View) -> Interpretation | None:
    """A sodium below 135 mmol/L of the last 90 days."""
    newest = view.standing(SODIUM).judged
    results = (*view.acute(SODIUM), *((newest,) if newest else ()))
    low = (result for result in results if view.exceeds(result, LIMIT) and view.is_within(result.when, "encephalitis"))
    return next(low, None)


def _is_explained(mental: Finding, view: View) -> bool:
    """Counted by another emergency, or within a week of its sample or code."""
    flags = [flag for rule in view.flags(RULES) for flag in view.outcome(rule)]
    by_sample, by_code = view.tags(BY_SAMPLE), view.tags(BY_CODE)
    if any(mental in flag.found for flag in flags):
        return True
    lead = view.days("metabolic_lead")
    days = [day for flag in flags for day in _days(flag, by_sample, by_code)]
    return any(mental.day is not None and abs(mental.day - day) <= lead for day in days)


def _days(flag: Raised, by_sample: tuple[str, ...], by_code: tuple[str, ...]) -> Iterator[int]:
    if flag.tag in by_sample:
        yield from sample_days(flag)
    if flag.tag in by_code:
        yield from (day for day in flag.days if day is not None)
