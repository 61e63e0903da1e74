"""The 13 source attributes of evidence-based decision support (45 CFR 170.315(b)(11)(iv)(A))."""

from collections.abc import Iterator, Sequence

from cds.knowledge.load import Knowledge
from cds.rules.reads import ASSESSED, SOCIAL, Reads
from cds.web.evidence.card_evidence import Attribute, Source, Versions

UNREAD = ("race", "ethnicity", "language", "sexual orientation", "gender identity")
NOT_READ = "Not used: no rule reads it, and it is not decoded from the record."
DEVELOPER = "The Twitch CDS project, open source under Apache-2.0."
FUNDING = "The project declares no funding; the operator of this installation must declare its own."
SEX = "Used: selects the laboratory range for the patient's sex, as for creatine kinase."
NO_SEX = "Not used for this card."
BIRTH = "Used: the age in completed years selects the rules for children or adults, and limits by age."
SOCIAL_USED = "Used where coded: smoking status and diet."
ASSESSED_USED = "Used where recorded: the total scores of the GAD-7 and PHQ-9 questionnaires."
NOT_USED = "Not used for this card."


def attributes(
    reads: Reads, sources: Sequence[Source], versions: Versions, knowledge: Knowledge
) -> tuple[Attribute, ...]:
    """All 13, told from what the rules of a card read."""
    is_social, is_assessed = (
        any(name in reads.value_sets for name in knowledge.group(group)) for group in (SOCIAL, ASSESSED)
    )
    return (
        Attribute(number=1, name="Bibliographic citation", value="; ".join(source.short for source in sources)),
        Attribute(number=2, name="Developer", value=DEVELOPER),
        Attribute(number=3, name="Funding source of the implementation", value=FUNDING),
        Attribute(number=4, name="Release and revision dates", value=_dates(versions)),
        *_unread(),
        _use(10, "Use of sex", SEX, NO_SEX, is_used=bool(reads.analytes)),
        Attribute(number=11, name="Use of date of birth", value=BIRTH, used=True),
        _use(12, "Use of social determinants of health", SOCIAL_USED, NOT_USED, is_used=is_social),
        _use(13, "Use of health status assessments", ASSESSED_USED, NOT_USED, is_used=is_assessed),
    )


def _dates(versions: Versions) -> str:
    return (
        f"Software {versions.software}; clinical knowledge {versions.knowledge} (a digest of all that is "
        f"read and decides); sources and limits last reviewed {versions.reviewed}."
    )


def _unread() -> Iterator[Attribute]:
    for number, kind in enumerate(UNREAD, 5):
        yield Attribute(number=number, name=f"Use of {kind}", value=NOT_READ, used=False)


def _use(number: int, name: str, yes: str, no: str, *, is_used: bool) -> Attribute:
    return Attribute(number=number, name=name, value=yes if is_used else no, used=is_used)
