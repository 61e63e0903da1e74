"""The site's own codes and units on the evidence pages: of a card, those that one of its rules reads."""

from collections.abc import Callable, Iterator

from cds.knowledge.codes import Concept
from cds.knowledge.load import Knowledge
from cds.knowledge.maps.model import SiteCode
from cds.rules.reads import Reads
from cds.web.evidence.card_evidence import LocalCode, LocalCodes

SHOWN = 500


def local_codes(knowledge: Knowledge, reads: Reads | None = None) -> LocalCodes | None:
    """All of them, or those that are read as what `reads` names; None if the site has no map."""
    site = knowledge.site
    if not site.files:
        return None
    is_read = _reading(reads, knowledge) if reads is not None else bool
    site_codes = [code for code in site.codes if is_read(code.concept)]
    units = site.units if reads is None or reads.analytes else ()
    rows = [*map(_code, site_codes), *(LocalCode(unit.text, unit.unit, "unit", unit.file) for unit in units)]
    return LocalCodes(tuple(_files(knowledge)), len(rows), tuple(rows[:SHOWN]))


def _files(knowledge: Knowledge) -> Iterator[str]:
    for file in knowledge.site.files:
        yield f"{file.name}: {file.codes} codes, {file.units} units"


def _reading(reads: Reads, knowledge: Knowledge) -> Callable[[Concept], bool]:
    classes = [knowledge.medicines[name] for name in reads.medicines]
    groups = {
        group
        for medicine_class in classes
        for group in (*medicine_class.groups, *medicine_class.never, *medicine_class.check_route)
    }
    class_codes = {token.partition(":")[2] for medicine_class in classes for token in medicine_class.codes}
    sets, analytes = set(reads.value_sets), set(reads.analytes)

    def is_read(concept: Concept) -> bool:
        is_medicine = not concept.groups.isdisjoint(groups) or concept.code in class_codes
        return is_medicine or concept.analyte in analytes or not concept.sets.isdisjoint(sets)

    return is_read


def _code(site_code: SiteCode) -> LocalCode:
    concept = site_code.concept
    return LocalCode(
        f"{site_code.system}|{site_code.code}", f"{concept.system}|{concept.code}", concept.display, site_code.file
    )
