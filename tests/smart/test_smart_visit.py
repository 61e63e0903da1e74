"""A visit: the form with what the chart answers, the answers on their way, and what the service says then."""

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B.observation import Observation
from fhir.resources.R4B.questionnaireresponse import QuestionnaireResponse
from smart_kit import (
    ANSWERS,
    BASE,
    FRAME,
    PATIENT,
    PUBLIC,
    REGISTERED,
    SLEEP,
    TWITCH,
    Json,
    Site,
    answer_of,
    asked_of,
    launched,
    send,
    signed_in,
    site,
    text_of,
)


def visited(place: Site, fields: dict[str, Any] | None = None) -> tuple[int, str, str]:
    """Sign in, and open the form, or answer it; the status, what the page says, and the page."""

    async def steps() -> tuple[int, str, str]:
        async with place.browser() as browser:
            path = await signed_in(place, browser)
            answer = await (browser.get(path) if fields is None else send(browser, path, fields))
            if answer.status_code == 303:
                answer = await browser.get(answer.headers["location"])
            return answer.status_code, text_of(answer.text), answer.text

    return asyncio.run(steps())


def kinds(created: list[Json]) -> list[str]:
    """What was stored."""
    return [one["resourceType"] for one in created]


def test_the_form_names_the_patient_and_whom_it_is_for(tmp_path: Path) -> None:
    """So that nobody answers for somebody else, and nobody takes it for an examination."""
    status, text, _ = visited(site(tmp_path))

    assert 200 == status
    assert "Ada Okafor · Born 1980-05-01" in text
    assert "For health-care professionals, to use with the patient." in text


def test_what_the_chart_answers_is_filled_in_with_its_origin(tmp_path: Path) -> None:
    """The coded twitch with its onset, and a young Observation; each says where it comes from."""
    _, text, page = visited(site(tmp_path))

    assert 'name="q.twitch" value="Y" checked' in page
    assert 'name="q.onset.year" value="2026"' in page
    assert 'name="q.sleep" value="6.5"' in page
    assert "From the chart: Fasciculation, 2026-11-10" in text
    assert "From the chart: Sleep duration, 2026-11-01" in text


def observed(code: str, day: str = "2026-11-01", **value: Any) -> Json:
    """An Observation of one LOINC code."""
    return {
        **{name: part for name, part in SLEEP.items() if name != "valueQuantity"},
        "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
        "effectiveDateTime": day,
        **value,
    }


def coded(system: str, code: str) -> Json:
    """A coded value."""
    return {"coding": [{"system": system, "code": code}]}


LOINC, SNOMED = "http://loinc.org", "http://snomed.info/sct"


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (observed("72166-2", valueCodeableConcept=coded(LOINC, "LA18976-3")), 'name="q.smoke" value="Y" checked'),
        (observed("69725-0", valueInteger=2), 'name="q.gad1" value="more-than-half" checked'),
        (observed("68509-9", valueQuantity={"value": 0}), 'name="q.gad2" value="not-at-all" checked'),
        (
            observed("72166-2", valueCodeableConcept=coded(f"{PUBLIC}/CodeSystem/muscle-twitching", "former")),
            'name="q.smoke" value="former" checked',
        ),
    ],
)
def test_coded_observations_fill_in_their_question(tmp_path: Path, found: Json, expected: str) -> None:
    """By their code and value, as the reading has it."""
    assert expected in visited(site(tmp_path, chart=[PATIENT, TWITCH, found]))[2]


@pytest.mark.parametrize(
    "found",
    [
        observed("72166-2", valueCodeableConcept=coded(LOINC, "LA18978-9")),  # never smoked: No and Former both fit
        observed("72166-2", valueString="smokes"),
        observed("72166-2", valueCodeableConcept=coded(LOINC, "LA18976-3"), day="2024-01-01"),  # too old
        observed("69725-0", valueInteger=7),
        observed("69725-0"),
        observed("93832-4"),
        observed("93832-4", valueQuantity={"value": 400, "unit": "min", "code": "min"}),
        observed("93832-4", valueQuantity={"value": 90, "unit": "h", "code": "h"}),
        observed("93832-4", valueQuantity={"value": 6, "comparator": "<", "unit": "h", "code": "h"}),
        observed("93832-4", day="2027-01-01", valueQuantity={"value": 6, "unit": "h", "code": "h"}),
        observed("93832-4", valueQuantity={"value": 6, "unit": "h"}, status="preliminary"),
        observed("93832-4", valueQuantity={"value": 6, "unit": "h"}, subject={"reference": "Patient/p2"}),
        observed("93832-4", valueQuantity={"value": 6, "unit": "h"}, effectiveDateTime=None),
    ],
)
def test_what_does_not_answer_a_question_exactly_is_asked(tmp_path: Path, found: Json) -> None:
    """Old, future, preliminary, another's, in another unit, or of no answer of the list."""
    found = {name: value for name, value in found.items() if value is not None}

    page = visited(site(tmp_path, chart=[PATIENT, found]))[2]

    assert [] == re.findall(r"<input[^>]*checked", page)
    assert 'id="q.sleep" name="q.sleep" value=""' in page


def test_a_twitch_in_words_is_asked_anew(tmp_path: Path) -> None:
    """Only a coded one is filled in: what was mentioned is to be confirmed by an answer."""
    worded = {**TWITCH, "code": {"text": "muscle twitching"}}

    assert 'value="Y" checked' not in visited(site(tmp_path, chart=[PATIENT, worded]))[2]


def test_a_twitch_without_onset_has_its_question_open(tmp_path: Path) -> None:
    """Nothing is filled in that is not recorded."""
    undated = {name: value for name, value in TWITCH.items() if name != "onsetDateTime"}

    page = visited(site(tmp_path, chart=[PATIENT, undated]))[2]

    assert 'name="q.twitch" value="Y" checked' in page
    assert 'name="q.onset.year" value=""' in page


def test_an_ehr_without_the_patient_is_warned_of(tmp_path: Path) -> None:
    """The form works without a name, and asks everything; it says that the patient must be checked."""
    _, text, page = visited(site(tmp_path, chart=[]))

    assert "The EHR did not give the name of the patient." in text
    assert 'value="q.preg"' in page


@pytest.mark.parametrize(
    ("patient", "name"),
    [
        ({"name": [{"family": "Old"}, {"use": "official", "text": "New Name"}]}, "New Name"),
        ({"name": [{"given": ["A", "B"], "family": "C"}]}, "A B C"),
        ({"name": [{"use": "usual"}, {"given": "x"}]}, ""),
        ({"name": "Ada"}, ""),
        ({"id": "p2"}, ""),
    ],
)
def test_names_are_read_as_the_ehr_writes_them(tmp_path: Path, patient: Json, name: str) -> None:
    """The official name first, a text before its parts; another patient's name is never shown."""
    place = site(tmp_path, chart=[{**PATIENT, **patient}])

    text = visited(place)[1]

    assert (name in text) if name else ("did not give the name" in text)


@pytest.mark.parametrize(
    ("patient", "has"),
    [
        ({}, True),
        ({"gender": "male"}, False),
        ({"gender": None}, True),
        ({"birthDate": "2020-01-01"}, False),
        ({"birthDate": "1950-01-01"}, False),
        ({"birthDate": None}, True),
        ({"birthDate": "1980"}, True),
        ({"birthDate": "2027-01-01"}, True),  # it cannot be
        ({"gender": "other"}, True),
        ({"gender": 7}, True),
    ],
)
def test_pregnancy_is_asked_of_those_it_may_concern(tmp_path: Path, patient: Json, has: bool) -> None:
    """N22: an age of 12 to 55, or unknown, and a sex that is not recorded as male."""
    whole = {name: value for name, value in {**PATIENT, **patient}.items() if value is not None}

    assert has == ('value="q.preg"' in visited(site(tmp_path, chart=[whole]))[2])


def test_a_child_is_not_asked_about_habits(tmp_path: Path) -> None:
    """N22: coffee, energy drinks, smoking, GAD-2, diet and the alcohol answers from 12 years."""
    page = visited(site(tmp_path, chart=[{**PATIENT, "birthDate": "2018-01-01"}]))[2]

    assert [] == [one for one in ("q.coffee", "q.energy", "q.smoke", "q.gad1", "q.diet", "alcstop") if one in page]
    assert "q.sleep" in page


def test_answers_are_stored_with_what_follows_from_them(tmp_path: Path) -> None:
    """One QuestionnaireResponse of the patient, an Observation for each LOINC code of N22, all valid FHIR."""
    place = site(tmp_path)

    status, text, _ = visited(
        place,
        {
            **ANSWERS,
            "q.onset.year": "2026",
            "q.onset.month": "3",
            "q.preg": "",
            "q.drugs.name.1": "Magnesium",
            "q.drugs.change.1": "started",
        },
    )

    response, *observations = place.ehr.created
    assert (200, True) == (status, "The answers are stored in the EHR." in text)
    QuestionnaireResponse.model_validate({**response, "item": response["item"]})
    assert {"reference": "Patient/p1"} == response["subject"] == response["source"]
    assert {"reference": "Practitioner/d1"} == response["author"]
    assert ("completed", "2026-11-30T09:00:00+00:00") == (response["status"], response["authored"])
    assert f"{PUBLIC}/Questionnaire/muscle-twitching|1.0.0" == response["questionnaire"]
    assert "Y" == answer_of(response, "q.twitch")[0]["valueCoding"]["code"]
    assert "N" == answer_of(response, "q.family")[0]["valueCoding"]["code"]
    assert [{"valueDate": "2026-03"}] == answer_of(response, "q.onset")
    drug = next(one for one in response["item"] if one["linkId"] == "q.drugs")
    assert ["q.drugs.name", "q.drugs.change"] == [one["linkId"] for one in drug["item"]]
    for one in observations:
        Observation.model_validate(one)
        assert [{"reference": "QuestionnaireResponse/new-0"}] == one["derivedFrom"]
    assert {
        "93832-4": {"value": 4.5, "unit": "h", "system": "http://unitsofmeasure.org", "code": "h"},
        "69725-0": {"value": 3, "unit": "{score}", "system": "http://unitsofmeasure.org", "code": "{score}"},
        "68509-9": {"value": 1, "unit": "{score}", "system": "http://unitsofmeasure.org", "code": "{score}"},
        "72166-2": "former",
        "82810-3": "N",
    } == {
        one["code"]["coding"][0]["code"]: one.get("valueQuantity") or one["valueCodeableConcept"]["coding"][0]["code"]
        for one in observations
    }


def test_a_pregnancy_is_stored_with_its_weeks(tmp_path: Path) -> None:
    """82810-3 and 18185-9; weeks are a part of the answer Yes."""
    place = site(tmp_path)

    visited(place, {"q.twitch": "Y", "background": "q.preg", "q.preg.weeks": "20"})

    response, *observations = place.ehr.created
    answer = answer_of(response, "q.preg")[0]
    assert ("Y", 20) == (answer["valueCoding"]["code"], answer["item"][0]["answer"][0]["valueInteger"])
    assert ["82810-3", "18185-9"] == [one["code"]["coding"][0]["code"] for one in observations]
    assert [] == answer_of(response, "q.family")


def test_the_result_is_that_of_the_engine_with_the_answers(tmp_path: Path) -> None:
    """Stress by GAD-2, caffeine and sleep are named now; what the app may not read is said to be unchecked."""
    status, text, page = visited(site(tmp_path), ANSWERS)

    assert 200 == status
    assert "Advice with these answers" in text
    assert "530 mg" in text or "caffeine" in text.lower()
    assert "access was not granted" in text
    assert 'href="https://ehr.example.org/chart/p1"' in page


def test_a_red_flag_of_the_patient_is_shown_at_once_and_reassures_nobody(tmp_path: Path) -> None:
    """N21: breathless at rest is R4-today."""
    _, text, _ = visited(site(tmp_path), {**ANSWERS, "q.signs": "breath"})

    assert "ask and examine today" in text
    assert [] == [words for words in ("No red flags", "usually benign", "Reassurance") if words in text]


def test_answers_never_lower_a_coded_finding(tmp_path: Path) -> None:
    """Coded wasting stays urgent, whatever the patient says."""
    wasting = {**TWITCH, "id": "c2", "code": {"coding": [{"system": SNOMED, "code": "88092000"}]}}
    place = site(tmp_path, chart=[PATIENT, TWITCH, wasting])

    before, after = visited(place, ANSWERS), visited(place, {**ANSWERS, "q.signs": "none"})

    assert "card-warning" in before[2]
    assert ("card-warning" in before[2]) == ("card-warning" in after[2])


def test_no_card_is_no_reassurance(tmp_path: Path) -> None:
    """Where the service is silent the page says that this rules nothing out."""
    _, text, _ = visited(site(tmp_path, chart=[PATIENT]), {"q.twitch": "N"})

    assert "No card for these answers. This rules nothing out." in text


def test_an_engine_that_cannot_answer_says_why(tmp_path: Path) -> None:
    """Without the problem list and without a twitch the answer is 412, not silence."""
    scope = {"scope": "openid fhirUser patient/Patient.r patient/QuestionnaireResponse.c"}
    _, text, _ = visited(site(tmp_path, answer=scope), {"q.twitch": "UNK"})

    assert "The service could not evaluate the answers here:" in text


def test_a_no_ends_the_form(tmp_path: Path) -> None:
    """N22: what stands in other fields (filled in by the chart) is not stored beside it."""
    place = site(tmp_path)

    visited(place, {"q.twitch": "N", "q.sleep": "6.5", "q.signs": "none"})

    assert ["QuestionnaireResponse"] == kinds(place.ehr.created)
    assert ["q.twitch"] == [one["linkId"] for one in place.ehr.created[0]["item"]]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"q.twitch": "N", "q.signs": "weak"}, "You said No here, but ticked something below."),
        ({"q.twitch": "Y", "q.signs": ["none", "weak"]}, "Two answers contradict each other."),
        ({"q.twitch": ["Y", "N"]}, "Two answers contradict each other."),
        ({"q.twitch": "Y", "background": ["none", "q.family"]}, "Two answers contradict each other."),
        ({"q.twitch": "Y", "q.coffee": "many"}, "Write a possible number"),
        ({"q.twitch": "Y", "q.coffee": "51"}, "Write a possible number"),
        ({"q.twitch": "Y", "q.coffee": "2.5"}, "Write a possible number"),
        ({"q.twitch": "Y", "q.sleep": "25"}, "Write a possible number"),
        ({"q.twitch": "Y", "q.onset.month": "3"}, "Write a year"),
        ({"q.twitch": "Y", "q.onset.year": "2026", "q.onset.day": "3"}, "Write a year"),
        ({"q.twitch": "Y", "q.onset.year": "26"}, "Write a year"),
        ({"q.twitch": "Y", "q.onset.year": "2026", "q.onset.month": "13"}, "Write a year"),
        ({"q.twitch": "Y", "q.onset.year": "2026", "q.onset.month": "2", "q.onset.day": "30"}, "Write a year"),
        ({"q.twitch": "Y", "q.onset.year": "2026", "q.onset.month": "12"}, "Write a year"),
        ({"q.twitch": "Y", "q.onset.year": "0000", "q.onset.month": "1", "q.onset.day": "x"}, "Write a year"),
        ({"q.twitch": "Y", "q.onset.year": "1899"}, "Write a year"),
        ({"q.twitch": "Y", "q.start28": "Y", "q.signs": "thin"}, "This goes with an answer that you did not give"),
        ({"q.twitch": "Y", "q.preg.weeks": "20"}, "This goes with an answer that you did not give"),
        ({"q.twitch": "Y", "q.preg.weeks": "99"}, "This goes with an answer that you did not give"),
        ({"q.twitch": "N", "q.where": "tongue"}, "You said No here"),
        ({"q.twitch": "N", "q.signs": "breath"}, "You said No here"),
        ({"q.twitch": ["N", "Y"]}, "Two answers contradict each other"),
        ({"q.twitch": "Y", "q.often": ["now-and-then", "every-day"]}, "Two answers contradict each other"),
        ({"q.twitch": "Y", "q.signs": ["none", "weak"]}, "Two answers contradict each other"),
        ({"q.twitch": "Y", "background": ["none", "q.family"]}, "Two answers contradict each other"),
        ({"q.twitch": "Y", "q.sleep": "7 h"}, "Write a possible number"),
        ({"q.twitch": "Y", "q.sleep": "-7"}, "Write a possible number"),
        ({"q.twitch": "Y", "q.coffee": "\u0663"}, "Write a possible number"),
        ({}, "No question was answered yet."),
        ({"q.twitch": "maybe"}, "No question was answered yet."),
    ],
)
def test_wrong_answers_are_shown_again_and_nothing_is_stored(tmp_path: Path, fields: Json, words: str) -> None:
    """Each with its reason; right ones beside them stay as they are."""
    place = site(tmp_path)

    status, text, page = visited(place, {**fields, "q.energy": "3"} if fields.get("q.twitch") == "Y" else fields)

    assert (422, True, []) == (status, words in text, place.ehr.created)
    if fields.get("q.twitch") == "Y":
        assert 'name="q.energy" value="3"' in page


def test_a_no_that_follows_nothing_is_left_out(tmp_path: Path) -> None:
    """Weakness that did not begin of late, of somebody without weakness, says nothing."""
    place = site(tmp_path)

    visited(place, {"q.twitch": "Y", "q.start28": "N", "q.signs": "thin"})

    assert ["q.twitch", "q.signs"] == [one["linkId"] for one in place.ehr.created[0]["item"]]


@pytest.mark.parametrize("first", [{}, {"q.twitch": "UNK"}, {"q.twitch": "Y"}])
def test_a_place_is_kept_unless_there_is_no_twitch(tmp_path: Path, first: Json) -> None:
    """N22: only a No ends the form. Who is not sure, or skips it, may still say that it is the tongue."""
    place = site(tmp_path)

    visited(place, {**first, "q.where": "tongue", "q.often": "every-day"})

    assert [*first, "q.where", "q.often"] == [one["linkId"] for one in place.ehr.created[0]["item"]]


def twice(place: Site, first: Json, second: Json, between: Any = None) -> list[int]:
    """Answer, and answer again in the same visit."""

    async def steps() -> list[int]:
        async with place.browser() as browser:
            path = await signed_in(place, browser)
            one = await send(browser, path, first)
            if between:
                between()
            other = await send(browser, path, second)
            return [one.status_code, other.status_code]

    return asyncio.run(steps())


@pytest.mark.parametrize("honours", [True, False])
def test_sent_twice_is_stored_once(tmp_path: Path, honours: bool) -> None:
    """Back and send again: the same answers are sent no second time, whatever the EHR makes of conditions."""
    place = site(tmp_path, honours_conditions=honours)

    assert [303, 303] == twice(place, ANSWERS, ANSWERS)

    assert 1 == kinds(place.ehr.created).count("QuestionnaireResponse")
    assert len(place.ehr.created) == len(set(place.ehr.conditions))


@pytest.mark.parametrize("honours", [True, False])
def test_a_double_press_is_stored_once(tmp_path: Path, honours: bool) -> None:
    """Two requests at the same moment wait for one sending."""
    place = site(tmp_path, honours_conditions=honours)

    async def steps() -> list[int]:
        async with place.browser() as browser:
            path = await signed_in(place, browser)
            place.ehr.hold = asyncio.Event()
            both = [asyncio.create_task(send(browser, path, ANSWERS)) for _ in range(2)]
            for _ in range(200):
                await asyncio.sleep(0)
            place.ehr.hold.set()
            return [one.status_code for one in await asyncio.gather(*both)]

    assert [303, 303] == asyncio.run(steps())
    assert 1 == kinds(place.ehr.created).count("QuestionnaireResponse")


def test_changed_answers_are_another_response(tmp_path: Path) -> None:
    """A correction is stored beside the first: the app may create, never change."""
    place = site(tmp_path)

    twice(place, ANSWERS, {**ANSWERS, "q.coffee": "2"})

    assert 2 == kinds(place.ehr.created).count("QuestionnaireResponse")


def test_after_sending_the_form_comes_back_with_the_answers(tmp_path: Path) -> None:
    """The way back loses nothing, and fills nothing in over what was answered."""
    place = site(tmp_path)

    async def steps() -> str:
        async with place.browser() as browser:
            path = await signed_in(place, browser)
            await send(browser, path, {**ANSWERS, "q.sleep": "3", "q.drugs.name.2": "Zinc"})
            return (await browser.get(path)).text

    page = asyncio.run(steps())

    assert 'name="q.sleep" value="3"' in page
    assert 'name="q.drugs.name.2" value="Zinc"' in page
    assert 'value="q.drugs" checked' in page
    assert "From the chart" not in page


def test_two_tabs_of_two_patients_never_mix(tmp_path: Path) -> None:
    """Each visit has its own cookie under its own path; answers go to the patient of their form."""
    place = site(tmp_path, chart=[PATIENT, {**PATIENT, "id": "p2", "name": [{"text": "Bo Berg"}]}])

    async def steps() -> list[str]:
        async with place.browser() as browser:
            first = await signed_in(place, browser)
            place.ehr.patient = "p2"
            second = await signed_in(place, browser)
            pages = [(await browser.get(path)).text for path in (first, second)]
            await send(browser, second, {"q.twitch": "Y", "q.coffee": "2"})
            await send(browser, first, {"q.twitch": "Y", "q.coffee": "1"})
            return pages

    pages = asyncio.run(steps())

    assert [True, True] == ["Ada Okafor" in pages[0], "Bo Berg" in pages[1]]
    assert [("Patient/p2", 2), ("Patient/p1", 1)] == [
        (one["subject"]["reference"], answer_of(one, "q.coffee")[0]["valueInteger"]) for one in place.ehr.created
    ]


def test_a_visit_of_another_path_opens_nothing(tmp_path: Path) -> None:
    """A sealed cookie that is sent to another visit's path is not taken."""
    place = site(tmp_path)

    async def steps() -> int:
        async with place.browser() as browser:
            path = await signed_in(place, browser)
            held = {one.name: one.value or "" for one in browser.cookies.jar if one.path == path}
        async with place.browser() as other:
            header = "; ".join(f"{name}={value}" for name, value in held.items())
            return (await other.get(f"/smart/visit/{'A' * 22}", headers={"cookie": header})).status_code

    assert 403 == asyncio.run(steps())


def test_a_visit_ends_after_fifteen_minutes_and_loses_no_answer(tmp_path: Path) -> None:
    """What was typed meanwhile is shown to be copied; nothing is stored."""
    place = site(tmp_path)

    async def steps() -> list[str]:
        async with place.browser() as browser:
            path = await signed_in(place, browser)
            place.moment.later(14.9)
            assert 200 == (await browser.get(path)).status_code
            place.moment.later(0.2)
            late, sent = await browser.get(path), await send(browser, path, {"q.twitch": "Y", "q.coffee": "7"})
            assert [403, 403] == [late.status_code, sent.status_code]
            return [text_of(late.text), text_of(sent.text)]

    late, sent = asyncio.run(steps())

    assert "This visit has expired." in late
    assert "How many cups of coffee or tea do you drink each day? 7" in sent
    assert "Your answers were not stored in the EHR." in sent
    assert [] == place.ehr.created


def test_a_token_that_ends_sooner_ends_the_visit(tmp_path: Path) -> None:
    """Nothing is kept beyond what the EHR granted."""
    place = site(tmp_path, answer={"expires_in": 60})

    async def steps() -> int:
        async with place.browser() as browser:
            path = await signed_in(place, browser)
            place.moment.later(1.1)
            return (await browser.get(path)).status_code

    assert 403 == asyncio.run(steps())


def test_a_registration_that_is_taken_away_ends_its_visits(tmp_path: Path) -> None:
    """The file of clients decides at each request."""
    place = site(tmp_path)

    async def steps() -> int:
        async with place.browser() as browser:
            path = await signed_in(place, browser)
            place.ehrs.of = lambda issuer: None  # type: ignore[method-assign]
            return (await browser.get(path)).status_code

    assert 403 == asyncio.run(steps())


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 422])
def test_an_ehr_that_refuses_leaves_the_text_to_copy(tmp_path: Path, status: int) -> None:
    """The answers are used for this view only."""
    place = site(tmp_path, create_status=status)

    code, text, page = visited(place, {**ANSWERS, "q.signs": "breath"})

    assert 200 == code
    assert "The EHR did not take the answers." in text
    assert "Which of these have you noticed? Short of breath at rest or lying flat" in text
    assert "ask and examine today" in text
    assert "Send again" not in page
    assert 1 == len([one for one in place.ehr.requests if one.method == "POST" and "/fhir/" in str(one.url)])


def test_an_ehr_that_lets_the_app_read_only_is_not_asked_to_store(tmp_path: Path) -> None:
    """The granted scope says so."""
    place = site(
        tmp_path, answer={"scope": "openid fhirUser patient/Patient.r patient/Condition.rs patient/Observation.rs"}
    )

    text = visited(place, ANSWERS)[1]

    assert "The EHR gives this app read access only." in text
    assert [] == [one for one in place.ehr.requests if one.method == "POST" and "/fhir/" in str(one.url)]


def test_an_ehr_that_takes_no_observations_has_the_answers(tmp_path: Path) -> None:
    """What is derived is beside the answers, which are what counts."""
    place = site(tmp_path, refuses="Observation")

    text = visited(place, ANSWERS)[1]

    assert "Some single values could not be stored with them." in text
    assert ["QuestionnaireResponse"] == kinds(place.ehr.created)


def test_an_ehr_that_holds_the_answers_already_is_content(tmp_path: Path) -> None:
    """412 of a conditional create: it is there."""
    assert "The answers are stored in the EHR." in visited(site(tmp_path, create_status=412), ANSWERS)[1]


@pytest.mark.parametrize(
    "failure", [{"create_status": status} for status in (408, 409, 425, 429, 500, 503)] + [{"is_down": True}]
)
def test_an_ehr_that_does_not_answer_is_asked_again_by_hand(tmp_path: Path, failure: Json) -> None:
    """The page says that it is not known, keeps the answers, and sends the same ones once more."""
    place = site(tmp_path)

    async def steps() -> list[str]:
        async with place.browser() as browser:
            path = await signed_in(place, browser)
            for name, value in failure.items():
                setattr(place.ehr, name, value)
            answer = await send(browser, path, {"q.twitch": "Y", "q.coffee": "7"})
            first = await browser.get(answer.headers["location"])
            place.ehr.create_status, place.ehr.is_down = 201, False
            answer = await send(browser, f"{path}/again")
            return [first.text, (await browser.get(answer.headers["location"])).text]

    first, second = asyncio.run(steps())

    assert "may or may not be stored" in first
    assert "Send again" in first
    assert "each day? 7" in first
    assert "The answers are stored in the EHR." in second
    assert 1 == kinds(place.ehr.created).count("QuestionnaireResponse")


def test_nothing_is_sent_again_or_shown_before_it_was_answered(tmp_path: Path) -> None:
    """Both lead to the form."""
    place = site(tmp_path)

    async def steps() -> list[tuple[int, str]]:
        async with place.browser() as browser:
            path = await signed_in(place, browser)
            answers = [await send(browser, f"{path}/again"), await browser.get(f"{path}/result")]
            return [(one.status_code, one.headers["location"].removeprefix(path)) for one in answers]

    assert [(303, ""), (303, "")] == asyncio.run(steps())


@pytest.mark.parametrize("came_from", ["cross-site", "same-site"])
def test_another_site_cannot_answer(tmp_path: Path, came_from: str) -> None:
    """A form that another site submits is refused, cookies or not."""
    place = site(tmp_path)

    async def steps() -> int:
        async with place.browser() as browser:
            path = await signed_in(place, browser)
            return (await browser.post(path, data={"q.twitch": "Y"}, headers={"sec-fetch-site": came_from})).status_code

    assert 400 == asyncio.run(steps())
    assert [] == place.ehr.created


def test_only_the_registered_ehr_frames_the_pages(tmp_path: Path) -> None:
    """frame-ancestors names its origin; pages that belong to no EHR are framed by nobody."""
    place = site(tmp_path)

    async def steps() -> list[str]:
        async with place.browser() as browser:
            path = await signed_in(place, browser)
            stranger = await browser.get("/smart/launch", params={"iss": "https://evil.example.org"})
            return [one.headers["content-security-policy"] for one in (await browser.get(path), stranger)]

    framed, strange = asyncio.run(steps())

    assert framed.endswith(f"frame-ancestors {FRAME}")
    assert strange.endswith("frame-ancestors 'none'")


def test_without_frame_ancestors_nobody_frames_the_pages(tmp_path: Path) -> None:
    """The default of a registration."""
    place = site(
        tmp_path, REGISTERED.replace("frame_ancestors", "# frame_ancestors").replace("return_url", "# return_url")
    )

    async def steps() -> tuple[str, str]:
        async with place.browser() as browser:
            path = await signed_in(place, browser)
            page = await browser.get((await send(browser, path, {"q.twitch": "N"})).headers["location"])
            return page.headers["content-security-policy"], text_of(page.text)

    policy, text = asyncio.run(steps())

    assert policy.endswith("frame-ancestors 'none'")
    assert "You can close this window" in text


def test_the_card_that_asks_is_named(tmp_path: Path) -> None:
    """`appContext` of our card comes back with the token; what no card of ours made is not shown."""
    named = visited(site(tmp_path, answer={"appContext": '{"topic":"lab-order"}'}))[1]
    strange = [visited(site(tmp_path, answer={"appContext": one}))[1] for one in ('{"topic":"<b>"}', "x" * 501, 7, "[")]

    assert "asks for this." in named
    assert [False] * 4 == ["asks for this." in text for text in strange]


def test_the_way_back_is_the_registration_s_alone(tmp_path: Path) -> None:
    """Open redirect: no parameter of a launch or an answer names where a link or a redirect leads."""
    place = site(tmp_path)

    async def steps() -> list[str]:
        async with place.browser() as browser:
            asked = asked_of(
                await launched(browser, redirect_uri="https://evil.example", return_url="https://evil.example")
            )
            place.ehr.nonce = asked["nonce"]
            query = {"code": "c", "state": asked["state"], "iss": BASE, "return_url": "https://evil.example"}
            first = await browser.get("/smart/callback", params=query)
            second = await browser.get(first.headers["location"])
            page = await browser.get(second.headers["location"], params={"return_url": "https://evil.example"})
            return [
                asked["redirect_uri"],
                first.headers["location"].partition("?")[0],
                second.headers["location"],
                page.text,
            ]

    redirect, callback, visit, page = asyncio.run(steps())

    assert f"{PUBLIC}/smart/callback" == redirect
    assert callback.startswith("/smart/callback/")
    assert visit.startswith("/smart/visit/")
    assert "evil.example" not in page


def test_answers_that_a_browser_cannot_keep_are_shown(tmp_path: Path) -> None:
    """A token of an unusual length leaves no room: the answers are stored, and stand there to be copied."""
    long = {"access_token": "x" * 6000, "scope": "patient/*.cruds " + "y" * 9050}
    fields = {"q.twitch": "Y", **{f"q.drugs.name.{row}": "z" * 200 for row in (1, 2, 3)}}
    place = site(tmp_path, answer=long)

    async def steps() -> tuple[int, str]:
        async with place.browser() as browser:
            answer = await send(browser, await signed_in(place, browser), fields)
            return answer.status_code, text_of(answer.text)

    status, text = asyncio.run(steps())

    assert (502, True) == (status, "z" * 200 in text)
    assert ["QuestionnaireResponse"] == kinds(place.ehr.created)


def test_what_is_stored_fits_the_published_questionnaire(tmp_path: Path) -> None:
    """Its canonical, and for each item the linkId, the text, the type of answer and one of its codes."""
    place = site(tmp_path)
    fields = {"q.onset.year": "2026", "background": ["q.drugs", "q.preg"], "q.preg.weeks": "9", "q.signs": "weak"}
    visited(place, {**ANSWERS, **fields, "q.where": ["calf", "leg"], "q.start28": "N", "q.drugs.name.1": "Zinc"})

    async def served() -> Json:
        async with place.browser() as browser:
            return dict((await browser.get("/Questionnaire/muscle-twitching")).json())

    form, response = asyncio.run(served()), place.ehr.created[0]
    items = {one["linkId"]: one for one in _every(form["item"])}
    assert f"{form['url']}|{form['version']}" == response["questionnaire"]
    answered = list(_every(response["item"]))
    assert len(answered) > 12
    for one in answered:
        asked = items[one["linkId"]]
        offered = [option["valueCoding"] for option in asked.get("answerOption", ())]
        assert asked["text"] == one["text"]
        for answer in one.get("answer", ()):
            if offered:
                assert {(c["system"], c["code"]) for c in offered} >= {
                    (answer["valueCoding"]["system"], answer["valueCoding"]["code"])
                }
            else:
                assert f"value{asked['type'].capitalize()}" in answer


def _every(items: list[Json]) -> list[Json]:
    """All items, those below others too."""
    found = []
    for one in items:
        below = [*one.get("item", ()), *(part for answer in one.get("answer", ()) for part in answer.get("item", ()))]
        found += [one, *_every(below)] if one.get("type") != "group" or "text" in one else _every(below)
    return found


def test_a_visit_ends_where_its_registration_is_another_clients(tmp_path: Path) -> None:
    """The same EHR and the same key, but registered by somebody else meanwhile: what was begun is over."""
    before = site(tmp_path)

    async def steps() -> tuple[int, int]:
        async with before.browser() as browser:
            path = await signed_in(before, browser)
            first = await browser.get(path)
            after = site(tmp_path, REGISTERED.replace('name = "ehr"', 'name = "another"'))
            async with after.browser() as other:
                other.cookies = browser.cookies
                return first.status_code, (await other.get(path)).status_code

    assert (200, 403) == asyncio.run(steps())


def test_what_is_done_does_not_prolong_a_visit(tmp_path: Path) -> None:
    """Fifteen minutes from the sign-in, whatever is pressed on the way: the token is kept no longer."""
    place = site(tmp_path)

    async def steps() -> list[int]:
        async with place.browser() as browser:
            path = await signed_in(place, browser)
            place.moment.later(14)
            found = [(await send(browser, f"{path}/hand")).status_code]
            for minutes in (0.5, 1.5):
                place.moment.later(minutes)
                found.append((await browser.get(path)).status_code)
            return found

    assert [200, 200, 403] == asyncio.run(steps())
