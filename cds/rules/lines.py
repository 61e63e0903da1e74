"""The lines on whatever card comes first, and which known causes are no more than a line (N25, N26; N60)."""

from collections.abc import Iterable, Iterator, Sequence

from cards.advice import Note
from cds.rules import calm
from cds.rules.assess import Assessment
from cds.rules.causes import Cause
from cds.rules.choice import Choice

LINES = {
    "root": "cause_root",
    "polyneuropathy": "cause_polyneuropathy",
    "face": "cause_face",
    "rare": "cause_rare",
}


def of(found: Assessment, chosen: Sequence[Choice]) -> tuple[Note, ...]:
    """All lines, given every card that is due."""
    return tuple(_of_causes(found, chosen))


def causes_left(found: Assessment, chosen: Sequence[Choice]) -> tuple[Cause, ...]:
    """The known causes that have a card: none beside neurology, and none whose own test LAB-ABN judges (N26)."""
    if calm.BESIDE & {one.topic for one in chosen}:
        return ()
    judged = {lab.tag for lab in found.labs}
    return tuple(cause for cause in found.causes if cause.stands and judged.isdisjoint(cause.tests))


def _of_causes(found: Assessment, chosen: Sequence[Choice]) -> Iterator[Note]:
    shown = {cause.tag for choice in chosen for cause in choice.causes}
    used = {one for flag in found.emergencies for one in flag.found}
    sign = next(_signs(chosen), "")
    for cause in found.causes:
        said = {"diagnosis": cause.label, "date": cause.date or found.picture.knowledge.names.undated}
        if not cause.stands:
            yield Note(LINES[cause.tag], said)
        elif cause.tag in shown or found.picture.diseases or not used.isdisjoint(cause.found):
            continue
        elif sign:
            yield Note("cause_not_explaining", {**said, "sign": sign})
        else:
            yield Note("cause_on_file", said)


def _signs(chosen: Iterable[Choice]) -> Iterator[str]:
    """What the cards that are due name, the most urgent first."""
    return (name for choice in chosen for flag in choice.flags for name in flag.names)
