"""Which summary an emergency gets, and the sentences that lead what is to be considered."""

from cards.advice import ChartName, Note
from cds.rules import weakness_used
from cds.rules.acute_weakness import GUILLAIN_BARRE
from cds.rules.flags import Flags
from cds.rules.picture import Picture
from cds.rules.pregnancy import UNKNOWN_WEEKS

FIRST = {GUILLAIN_BARRE: "guillain_barre", UNKNOWN_WEEKS: "weeks_not_recorded"}  # by the sentence of a flag


def summary(flags: Flags) -> tuple[str, dict[str, str]]:
    """The variant and its values: a sentence of its own only where nothing of another kind is told beside it."""
    flag = next((flag for flag in flags if flag.sentence), None)
    if flag is not None and flag.sentence and {flag.tag for flag in flags} == {flag.tag}:
        return flag.sentence, dict(flag.values)
    return "default", {flag.tag: flag.trigger for flag in flags if flag.tag and flag.trigger}


def told(flags: Flags) -> dict[str, ChartName]:
    """What the chart calls what is behind each tag, with its day: of a result, else of the first finding (N58)."""
    by_flag: dict[str, ChartName] = {}
    for tag, flag in ((flag.tag, flag) for flag in flags if flag.tag and flag.facts):
        by_flag.setdefault(tag, ChartName(next(iter(flag.names), ""), flag.facts[0].date or ""))
    return by_flag


def first(flags: Flags, variant: str) -> tuple[Note, ...]:
    """What must not be read over where the summary speaks of something else (N40)."""
    sentences = {flag.sentence: flag for flag in flags if flag.sentence in FIRST and flag.sentence != variant}
    return tuple(Note(FIRST[sentence], dict(flag.values)) for sentence, flag in sentences.items() if sentence)


def of_weakness(flags: Flags, picture: Picture) -> tuple[Note, ...]:
    """Weakness that the emergency explains is examined again (N45); a CK that nothing explains asks for its disease."""
    days = [finding.when for finding in picture.weak_used if finding.when]
    disease = (Note("muscle_disease"),) if weakness_used.asks_for_muscle_disease(picture, flags) else ()
    if not days:
        return disease
    first = min(days, key=lambda when: when.first)
    return (Note("weakness_after_correction", {"date": first.text}), *disease)
