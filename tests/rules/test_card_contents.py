"""What the cards say beside their summary: the facts, remarks and drafts that the rules choose."""

from typing import Any

import pytest
from visits import Json, answer, basis, coded, orders, seen

TWITCH: Json = {"twitch": "2 w"}
LASTING: Json = {"twitch": "6 w"}
LABS: Json = {"normal_labs": "3 d"}
REFERRAL: Json = {"request": "183521007 Referral to neurology service", "at": "10 d"}
PREDNISONE = "rx:198145 prednisone"
SIMVASTATIN = "rx:312961 simvastatin"
PREGNANT: Json = {"condition": "77386006 Pregnancy"}
RELATIVE: Json = {"family": "FTH", "has": "86044005 Amyotrophic lateral sclerosis"}
ANXIOUS: Json = {"lab": "GAD7", "value": "14 {score}"}
HIGH_PHOSPHATE: Json = {"lab": "PO4", "value": "1.9 mmol/L", "range": "0.8-1.5"}
CK = "Creatine kinase measurement"


def ended(drug: str, until: str) -> Json:
    """A course of two years that ended."""
    return {"drug": drug, "status": "stopped", "from": "2 y", "until": until}


def detail(*lines: Json, card: int = 0, **case: Any) -> str:
    """The detail of one card of a chart."""
    text: str = answer(*lines, **case)[card]["detail"]
    return text


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ([TWITCH], "**Not found here, which is not “absent”:** neurological examination since onset"),
        ([TWITCH, {"lab": "exam", "words": "normal"}], "its result is not coded: result unknown"),
        ([{"twitch": "2 w", "site": "80243003 Eyelid"}], "Recorded body site: eyelid. Site adjusts wording only"),
        ([{"twitch": "2 w", "code": "text:Calf twitching"}], "The calf is the commonest benign site"),
        ([{"twitch": "2026-11"}], "Timing uncertain"),
        ([TWITCH, ANXIOUS, {"lab": "PHQ9", "value": "12 {score}"}], "PHQ-9 12: look at item 9"),
        ([TWITCH, PREGNANT, {"lab": "caffeine", "value": "300 mg/d"}], "the limit is 200 mg/day"),
        ([TWITCH, {"lab": "CK", "value": "300 U/L"}], "No laboratory upper limit for CK: a default limit was used"),
        ([TWITCH, {"lab": "TSH", "value": "12 m[IU]/L"}], "Biotin supplements can falsify thyroid results"),
        (
            [TWITCH, {"lab": "K", "interp": "L"}],
            "Potassium of 2026-11-19 is on file but could not be read",
        ),
        ([TWITCH, {"lab": "3024-7", "value": "3 ng/dL", "interp": "H"}], "judged by the laboratory's flag"),
        (
            [TWITCH, {"lab": "K", "value": "3.1 mmol/L"}, HIGH_PHOSPHATE],
            "Other abnormal results: phosphate 1.9 mmol/L high (2026-11-19).",
        ),
        ([TWITCH, {"lab": "adjCa", "value": "1.8 mmol/L", "at": "40 d"}], "was severe, but is too old"),
        ([TWITCH, {"lab": "K", "value": "2.2 mmol/L", "status": "preliminary"}], "Potassium is a preliminary result"),
        ([TWITCH, {"condition": "text:Muscle weakness"}], "recorded as text only: code it with side and course"),
        (
            [TWITCH, {"condition": "text:Muscle weakness"}],
            "is not ruled out by this chart: examine before reassuring",
        ),
        (
            [TWITCH, {"condition": "249939004 Proximal muscle weakness"}],
            "Weakness of face, neck, hip or shoulder: CK and neuromuscular referral",
        ),
        ([LASTING, RELATIVE], "Family history recorded: Amyotrophic"),
        ([TWITCH, {"condition": "G62.9 Polyneuropathy"}], "Already on the problem list: Polyneuropathy"),
        ([TWITCH, {"drug": "text:Wonder drops"}], "1 medicine on file, 1 could not be checked: Wonder drops."),
        ([TWITCH, ended(SIMVASTATIN, "20 d")], "Simvastatin ended on"),
        ([TWITCH, ended(PREDNISONE, "30 d")], "shortly before onset"),
        ([TWITCH, ended(PREDNISONE, "43 d")], "Prednisone ended on"),
        ([TWITCH, {"drug": PREDNISONE, "undated": True}], "whether it began before the twitching is unknown"),
        ([{"twitch": "2026-11-12"}, {"drug": PREDNISONE, "start": "2026-11"}], "Timing uncertain"),
    ],
)
def test_the_detail_says(lines: list[Json], sentence: str) -> None:
    """Each remark of the knowledge stands on the card that its chart gets."""
    assert sentence in detail(*lines)


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ([TWITCH, ended(PREDNISONE, "100 d")], "rednisone ended"),
        ([TWITCH, {"drug": PREDNISONE}, ended(PREDNISONE, "30 d")], "ended on"),
        ([TWITCH, {"lab": "CK", "value": "300 U/L", "range": "-250"}], "a default limit was used"),
        ([TWITCH], "Recorded body site"),
        ([TWITCH, {"condition": "88092000 Muscle atrophy"}], "update the request"),
        ([TWITCH, ANXIOUS, {"lab": "PHQ9", "value": "9 {score}"}], "PHQ-9 9"),
    ],
)
def test_the_detail_does_not_say(lines: list[Json], sentence: str) -> None:
    """What does not hold for a chart is left out."""
    assert sentence not in detail(*lines)


def test_low_albumin_prefers_ionised_calcium() -> None:
    """Adjusted calcium is doubtful below 25 g/L of albumin or 60 mL/min of eGFR (2a)."""
    lean: list[Json] = [{"lab": "totalCa", "value": "1.85 mmol/L"}, {"lab": "albumin", "value": "24 g/L"}]
    renal: Json = {"lab": "62238-1", "value": "45 mL/min/{1.73_m2}"}
    adjusted: Json = {"lab": "adjCa", "value": "2.10 mmol/L"}
    doubtful = "ionised calcium is preferred"

    assert doubtful in detail(TWITCH, adjusted, {"lab": "albumin", "value": "24.9 g/L"})
    assert doubtful not in detail(TWITCH, adjusted, {"lab": "albumin", "value": "25 g/L"})
    assert doubtful in detail(TWITCH, adjusted, {"lab": "62238-1", "value": "59 mL/min/{1.73_m2}"})
    assert doubtful not in detail(TWITCH, adjusted, {"lab": "62238-1", "value": "60 mL/min/{1.73_m2}"})
    assert doubtful in detail(TWITCH, *lean)
    assert doubtful in detail(TWITCH, {"lab": "adjCa", "value": "2.10 mmol/L"}, renal)
    assert doubtful not in detail(TWITCH, {"lab": "adjCa", "value": "2.10 mmol/L"})


def test_high_calcium_speaks_against_vitamin_d() -> None:
    """Low vitamin D with a high calcium is told in its own words, and no replacement is suggested (S20)."""
    card = answer(TWITCH, {"lab": "vitD", "value": "20 nmol/L"}, {"lab": "adjCa", "value": "2.80 mmol/L"})[0]

    assert "calcium is high: find the cause before any replacement" in card["summary"]
    assert "no vitamin D or calcium until the cause is known" in card["detail"]


def test_children_are_judged_by_children_s_limits() -> None:
    """GAD-7 under 12 and caffeine without a weight are said to be unjudged; with a weight the limit is named."""
    child: Json = {"patient": {"age": "10 y"}}
    slept: Json = {
        "condition": "G47.00 Insomnia, unspecified"
    }  # what is only to be examined is not asked of habits (N55)
    drinks: Json = {"lab": "caffeine", "value": "200 mg/d"}

    unjudged = detail(TWITCH, slept, {"lab": "GAD7", "value": "15 {score}"}, drinks, **child)

    assert "Adult questionnaire limits were not applied at this age" in unjudged
    assert "Caffeine could not be judged" in unjudged
    assert "3 mg per kg body weight" in detail(TWITCH, slept, drinks, {"lab": "weight", "value": "40 kg"}, **child)


def test_an_emergency_quotes_the_other_labs_once() -> None:
    """D2: what LAB-ABN would have said stands inside EMERG, each result once; in known disease electrolytes only."""
    low: list[Json] = [{"lab": "K", "value": "2.3 mmol/L"}, {"lab": "vitD", "value": "20 nmol/L"}]
    als: Json = {"condition": "86044005 Amyotrophic lateral sclerosis"}

    text = detail(TWITCH, *low)

    assert (text.count("2.3 mmol/L"), text.count("**25-OH vitamin D:** 20")) == (1, 1)
    assert "**25-OH vitamin D:** 20" not in detail(TWITCH, *low, als)


def test_a_sign_older_than_the_examination_is_not_called_newer() -> None:
    """Wasting survives a normal examination and EMG; only a newer sign is said to postdate them (D9)."""
    normal: list[Json] = [{"lab": "exam", "interp": "N", "at": "100 d"}, {"lab": "emg", "interp": "N", "at": "90 d"}]
    wasting: Json = {"condition": "88092000 Muscle atrophy"}

    assert "predates the sign" in detail({"twitch": "14 mo"}, *normal, wasting)
    assert "predates the sign" not in detail({"twitch": "14 mo"}, *normal, {**wasting, "recorded": "6 mo"})


def test_only_an_older_request_needs_an_update() -> None:
    """A request that covers a critical sign does not replace the card, and is not called out of date (D5)."""
    infant: Json = {"patient": {"age": "9 mo", "sex": "M"}}
    signs: list[Json] = [
        {"condition": "37280007 Absent reflex", "recorded": "40 d"},
        {"condition": "78164000 Feeding problem"},
    ]

    assert "update the request" not in detail(TWITCH, *signs, REFERRAL, **infant)
    assert "update the request" in detail(TWITCH, {"condition": "88092000 Muscle atrophy"}, REFERRAL)


@pytest.mark.parametrize(
    ("sign", "sex", "expected"),
    [
        ("26544005 Muscle weakness", "F", True),
        ("398151007 Hypotonia", "M", True),
        ("609225004 Motor regression", "M", True),
        ("F82 Specific developmental disorder of motor function", "M", True),
        ("F82 Specific developmental disorder of motor function", "F", False),
    ],
)
def test_ck_goes_with_a_child_s_referral(sign: str, sex: str, expected: bool) -> None:
    """CK is drafted with the paediatric referral; for motor delay alone in boys only (4a, 3 P2)."""
    card = answer(TWITCH, {"condition": sign}, patient={"age": "4 y", "sex": sex})[0]

    assert (CK in orders(card)) is expected


def test_ck_is_not_drafted_twice() -> None:
    """With cramps CK joins the missing tests, unless it was measured or ordered within 30 days (4d)."""
    cramp: Json = {"condition": "55300003 Cramp"}
    twitch: Json = {"twitch": "6 w"}
    ordered: Json = {"request": "397798009 Creatine kinase measurement", "at": "10 d"}

    assert CK in orders(answer(twitch, cramp)[0])
    assert CK not in orders(answer(twitch, cramp, ordered)[0])
    assert CK not in orders(answer(twitch, cramp, {"lab": "CK", "value": "90 U/L"})[0])


def test_unread_observations_leave_tests_open() -> None:
    """Where Observations did not all arrive, no test is called missing and none is drafted (D17)."""
    lost: Json = {"missing": {"labs": "operation-outcome"}}

    cards = answer(TWITCH, {"condition": "398151007 Hypotonia"}, {"drug": "rx:7646 omeprazole"}, **lost)

    assert seen(cards) == ["medication-review info proton-pump-inhibitor"]
    assert orders(cards[0]) == []
    assert orders(answer(TWITCH, {"condition": "398151007 Hypotonia"}, patient={"age": "4 y"}, **lost)[0]) == [
        "Referral to pediatric neurologist (procedure)"
    ]


def test_a_delay_is_worded_as_development() -> None:
    """Motor delay alone asks for child development; with weakness for CK and neuromuscular referral (P2)."""
    child: Json = {"patient": {"age": "4 y", "sex": "M"}}
    delay: Json = {"condition": "F82 Specific developmental disorder of motor function"}

    assert "child development review" in answer(TWITCH, delay, **child)[0]["summary"]
    assert (
        "paediatric neuromuscular referral"
        in answer(TWITCH, delay, {"condition": "26544005 Muscle weakness"}, **child)[0]["summary"]
    )


def test_an_old_deficiency_is_dated_by_its_record() -> None:
    """The fact of a recorded deficiency names the Condition and when it was recorded (2e)."""
    card = answer(TWITCH, {"condition": "E55.9 Vitamin D deficiency", "recorded": "60 d", "onset": "3 y", "id": "d1"})[
        0
    ]

    assert [(one["resource"], one["date"]) for one in basis(card)["facts"] if one["resource"] == "Condition/d1"] == [
        ("Condition/d1", "2026-09-23")
    ]


def test_an_appointment_on_file_is_the_fact_of_status() -> None:
    """STATUS names the request that covers the sign (D5)."""
    booked = {
        "resourceType": "Appointment",
        "id": "a9",
        "status": "booked",
        "created": "2026-11-10",
        "specialty": [coded("http://snomed.info/sct", "394591006")],
    }
    card = answer(TWITCH, {"condition": "88092000 Muscle atrophy", "recorded": "40 d"}, guests=[booked])[0]

    assert "Appointment/a9" in [one["resource"] for one in basis(card)["facts"]]


def test_a_card_has_an_end() -> None:
    """A chart that repeats itself makes no endless card: the first facts stand, and how many more there are."""
    signs: list[Json] = [{"condition": "88092000 Muscle atrophy", "id": f"w{number}"} for number in range(200)]
    card = answer(TWITCH, *signs)[0]

    assert len(basis(card)["facts"]) < 200
    assert "more" in card["detail"]


def test_many_twitches_do_not_crowd_out_the_emergency() -> None:
    """However often the twitch is recorded, the value that makes the emergency stands on its card."""
    often: list[Json] = [{"twitch_seen": "82470000 Muscle fasciculation", "at": f"{day} d"} for day in range(1, 60)]
    card = answer(*often, {"lab": "K", "value": "2.3 mmol/L", "id": "potassium"})[0]

    assert "Observation/potassium" in [fact["resource"] for fact in basis(card)["facts"]]


def test_a_new_central_sign_has_a_time_frame() -> None:
    """Optic neuritis or diplopia of the last 28 days is to be seen within two weeks (3a R2)."""
    frame = "Optic neuritis or double vision that is new: within 2 weeks"

    assert frame in detail(TWITCH, {"condition": "H53.2 Diplopia", "recorded": "28 d"})
    assert frame not in detail(TWITCH, {"condition": "H53.2 Diplopia", "recorded": "29 d"})
