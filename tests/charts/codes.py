"""Codes of the notation: a code says its own system by its shape, or by a prefix where the shape is shared."""

import re
from typing import Any

SYSTEMS = {
    "sct": "http://snomed.info/sct",
    "icd": "http://hl7.org/fhir/sid/icd-10-cm",
    "who": "http://hl7.org/fhir/sid/icd-10",
    "loinc": "http://loinc.org",
    "rx": "http://www.nlm.nih.gov/research/umls/rxnorm",
    "atc": "http://www.whocc.no/atc",
    "cpt": "http://www.ama-assn.org/go/cpt",
    "yn": "http://terminology.hl7.org/CodeSystem/v2-0136",
    "eyn": "http://terminology.hl7.org/CodeSystem/v2-0532",
    "flag": "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation",
    "null": "http://terminology.hl7.org/CodeSystem/v3-NullFlavor",
    "reason": "http://terminology.hl7.org/CodeSystem/data-absent-reason",
    "local": "https://example.org/local-codes",
}
SHAPES = (
    ("loinc", re.compile(r"\d{3,6}-\d")),
    ("sct", re.compile(r"\d{6,18}")),
    ("icd", re.compile(r"[A-Z]\d[0-9A-Z](\.[0-9A-Z]{1,4})?")),
)
# analyte: the code for results in mass or other units, the code for results in moles
ANALYTES = {
    "vitD": ("62292-8", "68438-1"),
    "totalCa": ("17861-6", "2000-8"),
    "adjCa": ("29265-6", "29265-6"),
    "iCa": ("38230-9", "1995-0"),
    "albumin": ("1751-7", "1751-7"),
    "eGFR": ("98979-8", "98979-8"),
    "B12": ("2132-9", "14685-2"),
    "folate": ("2284-8", "14732-2"),
    "Mg": ("19123-9", "2601-3"),
    "K": ("2823-3", "2823-3"),
    "Na": ("2951-2", "2951-2"),
    "PO4": ("2777-1", "14879-1"),
    "TSH": ("3016-3", "3016-3"),
    "fT4": ("3024-7", "14920-3"),
    "CK": ("2157-6", "2157-6"),
    "lithium": ("14334-7", "14334-7"),
    "GAD7": ("70274-6", "70274-6"),
    "PHQ9": ("44261-6", "44261-6"),
    "sleep": ("93832-4", "93832-4"),
    "caffeine": ("80489-8", "80489-8"),
    "weight": ("29463-7", "29463-7"),
    "smoking": ("72166-2", "72166-2"),
    "exam": ("10202-0", "10202-0"),
    "emg": ("18749-2", "18749-2"),
    "ncs": ("29755-6", "29755-6"),
}
# LOINC codes that a client sends under the prefetch key `labs`
_LABS = (
    "1989-3 62292-8 14635-7 68438-1 49054-0 17861-6 2000-8 29265-6 1995-0 1994-3 12180-6 38230-9 1751-7 2132-9 "
    "14685-2 2284-8 14732-2 19123-9 2601-3 21377-7 2823-3 6298-4 77142-8 2951-2 2947-0 2777-1 14879-1 3016-3 "
    "11580-8 3024-7 14920-3 2157-6 2160-0 14682-9 98979-8 62238-1 33914-3 77147-7 48642-3 48643-1 2345-7 "
    "14749-6 2339-0 2731-8 14866-8 4548-4 59261-8 17856-6 2524-7 32693-4 2518-9 3422-3"
)
LAB_CODES = frozenset(_LABS.split())
# route: SNOMED code of the FHIR R4 route value set, display
ROUTES = {
    "oral": ("26643006", "Oral route"),
    "intravenous": ("47625008", "Intravenous route"),
    "intramuscular": ("78421000", "Intramuscular route"),
    "subcutaneous": ("34206005", "Subcutaneous route"),
    "topical": ("6064005", "Topical route"),
    "nasal": ("46713006", "Nasal route"),
    "ophthalmic": ("54485002", "Ophthalmic route"),
    "inhaled": ("447694001", "Respiratory tract route"),
    "intra-articular": ("12130007", "Intra-articular route"),
    "vaginal": ("16857009", "Vaginal route"),
    "transdermal": ("45890007", "Transdermal route"),
}


def concept(text: str) -> dict[str, Any]:
    """A CodeableConcept from "R25.3 Fasciculation", "who:G12.2", "text:twitching" or several joined by " + "."""
    made: dict[str, Any] = {}
    for part in text.split(" + "):
        if part.startswith("text:"):
            made["text"] = part.removeprefix("text:")
        else:
            made.setdefault("coding", []).append(coding(part))
    return made


def coding(text: str) -> dict[str, str]:
    """A Coding from "[system:]code[ display]"."""
    code, _, display = text.partition(" ")
    prefix, colon, rest = code.partition(":")
    system, bare = (prefix, rest) if colon else (_system_of(code), code)
    made = {"system": SYSTEMS[system], "code": bare}
    return {**made, "display": display} if display else made


def lab_code(name: str, unit: str) -> str:
    """The LOINC code of an analyte's short name, molar if the unit is; a LOINC code stands for itself."""
    if name not in ANALYTES:
        return name
    mass, molar = ANALYTES[name]
    return molar if "mol" in unit else mass


def route(name: str) -> dict[str, Any]:
    """A dosage route, coded and in words."""
    code, display = ROUTES[name]
    return {"coding": [{"system": SYSTEMS["sct"], "code": code, "display": display}], "text": name}


def _system_of(code: str) -> str:
    for name, shape in SHAPES:
        if shape.fullmatch(code):
            return name
    raise ValueError(f"{code!r}: say its system, e.g. atc:{code}")
