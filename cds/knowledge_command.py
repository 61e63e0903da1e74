"""`twitch-cds knowledge`: what tests prove of this version, asked of an installation; and its value sets as FHIR."""

import sys

from msgspec import json

from cards.order_models import faults
from cds.call import build_engine
from cds.fhir import ucum, unit_table
from cds.knowledge.export import bundle
from cds.progress import working
from cds.settings import environment, load


def run() -> int:
    """Print a line for each check: 0 all is well, 1 it is not; what stops a start is raised."""
    with working("Checking"):
        engine = build_engine(load(environment()))
        drafts = list(faults(engine.orders))
        units = [unit for unit, size in unit_table.read().items() if not _is_right(size, ucum.size(unit))]
    sys.stdout.write(f"pass  facts and wording: version {engine.knowledge_version}\n")
    site = engine.knowledge.site
    if site.files:
        summary = f"{len(site.codes)} codes and {len(site.units)} units in {len(site.files)} files"
        sys.stdout.write(f"pass  the site's own codes: {summary}\n")
    _write("drafts are valid FHIR R4", drafts)
    _write("units have the sizes that UCUM gives them", units)
    return int(bool(drafts or units))


def export() -> int:
    """Print value sets and the site's own codes as FHIR R4."""
    engine = build_engine(load(environment()))
    sys.stdout.write(json.format(json.encode(bundle(engine.knowledge)), indent=1).decode() + "\n")
    return 0


def _is_right(ours: unit_table.Size | None, parsed: unit_table.Size | None) -> bool:
    """Whether a row says what the parser says; the last bits are noise."""
    if ours is None or parsed is None:
        return ours is parsed
    return ours.dimensions == parsed.dimensions and abs(ours.value - parsed.value) <= 1e-12 * abs(parsed.value)


def _write(title: str, wrong: list[str]) -> None:
    sys.stdout.write(f"{'fail' if wrong else 'pass'}  {title}\n")
    sys.stdout.writelines(f"      {line}\n" for line in wrong)
