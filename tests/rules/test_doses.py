"""Daily doses: read where they are stated in numbers, unreadable otherwise, never guessed (4d Renewal)."""

from typing import Any

import msgspec
import pytest

from cds.fhir.resources import Dosage
from cds.knowledge.codes import Concept
from cds.knowledge.load import load
from cds.rules.doses import Dose, daily, strength

KNOWLEDGE = load()
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
TABLET = Concept(RXNORM, "198145", "prednisone 10 MG Oral Tablet", ingredient="prednisone")
INGREDIENT = Concept(RXNORM, "8640", "prednisone", ingredient="prednisone")
DAILY = {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}}
_DOSAGE = msgspec.json.Decoder(Dosage)


def dose(*dosages: dict[str, Any], product: Concept = TABLET) -> Dose | None:
    """The daily dose of instructions as a chart holds them."""
    return daily([_DOSAGE.decode(msgspec.json.encode(one)) for one in dosages], product, KNOWLEDGE)


def take(value: object, unit: str | None = "mg", timing: object = DAILY, **more: Any) -> dict[str, Any]:
    """One instruction: an amount in UCUM, daily unless said."""
    quantity = {"value": value, "code": unit} if unit else {"value": value}
    return {"doseAndRate": [{"doseQuantity": quantity}], "timing": timing, **more}


def every(frequency: object, period: object = 1, unit: object = "d", **more: object) -> dict[str, Any]:
    """A timing."""
    return {"repeat": {"frequency": frequency, "period": period, "periodUnit": unit, **more}}


@pytest.mark.parametrize(
    ("dosage", "mg"),
    [
        (take(10), 10),
        (take(0.01, "g"), 10),
        (take(2500, "ug"), 2.5),
        (take(10, timing=every(2)), 20),
        (take(10, timing=every(1, 2)), 5),
        (take(10, timing=every(1, 12, "h")), 20),
        (take(70, timing=every(1, 1, "wk")), 10),
        (take(10, timing=every(1, frequencyMax=3)), 30),
        (take(10, timing={"repeat": {"timeOfDay": ["08:00:00", "20:00:00"]}}), 20),
        (take(10, timing={"repeat": {"period": 1, "periodUnit": "d"}}), 10),
        (take(1, "{tbl}"), 10),
        (take(2, "{pill}"), 20),
        (take(1, "{capsule}"), 10),
        (take(1, "1"), 10),
        (take(0.5, "tablet(s)"), 5),
        ({"doseAndRate": [{"doseQuantity": {"value": 5, "unit": "mg"}}], "timing": DAILY}, 5),
        ({"doseAndRate": [{"doseQuantity": {"value": 500, "unit": "mcg"}}], "timing": DAILY}, 0.5),
        ({"doseAndRate": [{"doseQuantity": {"value": 2, "unit": "Tablets"}}], "timing": DAILY}, 20),
        (
            {
                "doseAndRate": [{"doseQuantity": {"value": 2, "code": "TAB", "system": "http://example.org/forms"}}],
                "timing": DAILY,
            },
            20,
        ),
        ({"doseAndRate": {"doseQuantity": [{"value": 5, "code": "mg"}]}, "timing": DAILY}, 5),
        (
            {
                "doseAndRate": [{"doseRange": {"low": {"value": 5}, "high": {"value": 10, "code": "mg"}}}],
                "timing": DAILY,
            },
            10,
        ),
        ({"doseAndRate": [take(5)["doseAndRate"][0], take(10)["doseAndRate"][0]], "timing": DAILY}, 10),
        ({"doseQuantity": {"value": 5, "code": "mg"}, "timing": DAILY}, 5),
        ({"doseRange": {"high": {"value": 5, "code": "mg"}}, "timing": DAILY}, 5),
        (
            {"maxDosePerPeriod": {"numerator": {"value": 40, "code": "mg"}, "denominator": {"value": 2, "code": "d"}}},
            20,
        ),
        (
            {
                "maxDosePerPeriod": [
                    {"numerator": {"value": 3, "code": "{tbl}"}, "denominator": {"value": 24, "unit": "hours"}}
                ]
            },
            30,
        ),
    ],
)
def test_a_stated_dose_is_read(dosage: dict[str, Any], mg: float) -> None:
    """Dose times frequency in mg, tablets by the product's strength, else the most that is allowed in a period."""
    assert Dose(mg, "mg") == dose(dosage)


@pytest.mark.parametrize(
    "dosage",
    [
        {},
        {"text": "10 mg once daily"},
        {"timing": DAILY},
        {"doseAndRate": [{"doseQuantity": {"value": 10, "code": "mg"}}]},
        take(10, timing={}),
        take(10, timing={"repeat": {"frequency": 1}}),
        take(10, timing={"code": {"text": "BID"}}),
        take(10, timing=every(1, 1, None)),
        take(10, timing=every(1, 1, "moons")),
        take(10, timing=every(1, "1")),
        take(10, timing=every(1, 0)),
        take(10, None),
        take(None),
        take("10"),
        take(True),
        take(-10),
        take(0),
        take(1e300),
        take(1, "mg/kg"),
        take(5, "mL"),
        take(100, "[iU]"),
        take(1, "puff"),
        {"doseAndRate": 7, "timing": DAILY},
        {"doseAndRate": [{"rateQuantity": {"value": 5, "code": "mg/h"}}], "timing": DAILY},
        {"doseAndRate": [take(10)["doseAndRate"][0], take(1, "mL")["doseAndRate"][0]]},
        {"maxDosePerPeriod": {"numerator": {"value": 40, "code": "mg"}}},
        {"maxDosePerPeriod": "40 mg a day"},
    ],
)
def test_what_is_not_stated_is_not_guessed(dosage: dict[str, Any]) -> None:
    """Free text, codes for a timing, units that are no mass, missing parts: unreadable."""
    assert dose(dosage) is None


def test_numbers_out_of_range_are_unreadable() -> None:
    """What JSON allows and no number holds is no dose."""
    raw = b'{"doseAndRate": [{"doseQuantity": {"value": 1e999, "code": "mg"}}], "timing": {"repeat": {"period": 1}}}'

    assert daily([_DOSAGE.decode(raw)], TABLET, KNOWLEDGE) is None


def test_without_instructions_there_is_no_dose() -> None:
    """Nothing said, nothing read."""
    assert dose() is None


@pytest.mark.parametrize(
    ("dosages", "expected"),
    [
        ([take(10), take(5)], Dose(15, "mg")),
        ([take(10, sequence=1), take(5, sequence=1)], Dose(15, "mg")),
        ([take(40, sequence=1), take(30, sequence=2), take(20, sequence=3)], Dose(40, "mg")),
        ([take(10), {"text": "more if needed"}], Dose(10, "mg", is_complete=False)),
        ([take(10, sequence=1), {"text": "then as told", "sequence": 2}], Dose(10, "mg", is_complete=False)),
        ([take(10), take(1, "{tbl}")], Dose(20, "mg")),
        ([{"text": "x"}, {"text": "y"}], None),
    ],
)
def test_several_instructions(dosages: list[dict[str, Any]], expected: Dose | None) -> None:
    """Together they add up, one after the other the highest counts; what is unread makes it a least dose."""
    assert expected == dose(*dosages)


def test_pieces_and_mass_cannot_be_added() -> None:
    """A product whose strength is not known gives pieces; beside a mass nothing can be said."""
    assert Dose(2, "8640") == dose(take(2, "{tbl}"), product=INGREDIENT)
    assert dose(take(2, "{tbl}"), take(10), product=INGREDIENT) is None
    assert dose(take(2, "{tbl}", sequence=1), take(10, sequence=2), product=INGREDIENT) is None


@pytest.mark.parametrize(
    ("one", "other", "higher"),
    [
        (Dose(20, "mg"), Dose(10, "mg"), True),
        (Dose(10, "mg"), Dose(10, "mg"), False),
        (Dose(5, "mg"), Dose(10, "mg"), False),
        (Dose(20, "mg", is_complete=False), Dose(10, "mg"), True),
        (Dose(20, "mg"), Dose(10, "mg", is_complete=False), False),
        (Dose(2, "198145"), Dose(1, "198145"), True),
        (Dose(2, "198145"), Dose(1, "312617"), False),
        (Dose(20, "mg"), Dose(1, "198145"), False),
    ],
)
def test_only_a_surely_higher_dose_is_higher(one: Dose, other: Dose, higher: bool) -> None:
    """The same unit is needed, and the dose so far must be known wholly."""
    assert higher is one.exceeds(other)


@pytest.mark.parametrize(
    ("display", "ingredient", "mg"),
    [
        ("prednisone 10 MG Oral Tablet", "prednisone", 10),
        ("Deltasone 2.5 MG Oral Tablet", "prednisone", 2.5),
        ("predniSONE 5 MG Oral Capsule", "prednisone", 5),
        ("ethinyl estradiol 0.03 MG / levonorgestrel 0.15 MG Oral Tablet", "ethinyl estradiol", 0.03),
        ("drospirenone 0.5 MG / estradiol 1 MG Oral Tablet", "estradiol", 1),
        (
            "estrogens, conjugated (USP) 0.3 MG / medroxyprogesterone acetate 1.5 MG Oral Tablet",
            "conjugated estrogens",
            None,
        ),
        ("prednisone 5 MG/ML Oral Solution", "prednisone", None),
        ("prednisone Oral Tablet", "prednisone", None),
        ("prednisone 10 MG", "prednisone", None),
        ("{21 (methylprednisolone 4 MG Oral Tablet) } Pack", "methylprednisolone", None),
        ("168 HR estradiol 0.00208 MG/HR Transdermal System", "estradiol", None),
    ],
)
def test_the_strength_is_read_from_the_products_name(display: str, ingredient: str, mg: float | None) -> None:
    """Only of a tablet or capsule, and only where the name leaves no doubt which number it is."""
    assert mg == strength(Concept(RXNORM, "1", display, ingredient=ingredient))
