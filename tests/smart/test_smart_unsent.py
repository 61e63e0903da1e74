"""Answers that come when a visit is over: they wait for the next sign-in of the same user for the same patient."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from smart_kit import BASE, PATIENT, Json, Site, send, signed_in, site, text_of

from cds.smart.session import Unsent

LATE: dict[str, Any] = {"q.twitch": "Y", "q.coffee": "7", "q.signs": "none"}
WAIT = "Sign in again within 15 minutes"
MARK = re.compile(r'name="whose" value="([^"]+)"')
Steps = Callable[[httpx.AsyncClient], Awaitable[Any]]


def in_browser(place: Site, steps: Steps) -> Any:
    """Take some steps in one browser."""

    async def whole() -> Any:
        async with place.browser() as browser:
            return await steps(browser)

    return asyncio.run(whole())


async def too_late(place: Site, browser: httpx.AsyncClient, answers: Json, path: str = "", **more: Any) -> str:
    """Answer a form whose visit is over; what the page says."""
    path = path or await signed_in(place, browser)
    page = await browser.get(path)
    whose = MARK.findall(page.text)[0]
    place.moment.later(15.1)
    sent = await send(browser, path, {**answers, "whose": whose, **more})
    assert 403 == sent.status_code
    return sent.text


async def form(place: Site, browser: httpx.AsyncClient) -> tuple[str, str]:
    """Sign in anew: the path of the visit, and its form."""
    path = await signed_in(place, browser)
    return path, (await browser.get(path)).text


def is_filled_in(page: str) -> bool:
    """Whether the late answer stands in the form."""
    return 'name="q.coffee" value="7"' in page


def test_they_are_filled_in_for_the_same_user_and_patient_and_stored_once(tmp_path: Path) -> None:
    """Nothing is lost and nothing sent unseen: the form says that they are there, and one press stores them."""
    place = site(tmp_path)

    async def steps(browser: httpx.AsyncClient) -> tuple[str, str, str]:
        late = await too_late(place, browser, LATE)
        path, page = await form(place, browser)
        assert [] == place.ehr.created
        await send(browser, path, LATE)
        _, after = await form(place, browser)
        return late, page, after

    late, page, after = in_browser(place, steps)

    assert WAIT in late
    assert f'href="/smart/launch?iss={BASE.replace(":", "%3A").replace("/", "%2F")}"' in late
    assert is_filled_in(page)
    assert "Your earlier answers are filled in." in text_of(page)
    assert ["QuestionnaireResponse"] == [one["resourceType"] for one in place.ehr.created]
    assert not is_filled_in(after)


@pytest.mark.parametrize("other", [{"patient": "p2"}, {"user": "Practitioner/d2"}])
def test_nobody_else_gets_them(tmp_path: Path, other: dict[str, str]) -> None:
    """Another patient, or another user at the same browser, has an empty form; the right one still finds them."""
    second = {**PATIENT, "id": "p2"}
    place = site(tmp_path, chart=[PATIENT, second])

    async def steps(browser: httpx.AsyncClient) -> tuple[str, str]:
        await too_late(place, browser, LATE)
        for name, value in other.items():
            setattr(place.ehr, name, value)
        _, strange = await form(place, browser)
        place.ehr.patient, place.ehr.user = "p1", "Practitioner/d1"
        _, own = await form(place, browser)
        return strange, own

    strange, own = in_browser(place, steps)

    assert not is_filled_in(strange)
    assert is_filled_in(own)


def test_they_wait_for_fifteen_minutes(tmp_path: Path) -> None:
    """Then they can be opened no more."""
    place = site(tmp_path)

    async def steps(browser: httpx.AsyncClient) -> tuple[str, str]:
        late = await too_late(place, browser, LATE)
        place.moment.later(15)
        return late, (await form(place, browser))[1]

    late, page = in_browser(place, steps)

    assert WAIT in late
    assert not is_filled_in(page)


def test_a_form_that_lay_for_longer_is_shown_to_be_copied(tmp_path: Path) -> None:
    """Whose it was is known for fifteen minutes after the end of its visit."""
    place = site(tmp_path)

    async def steps(browser: httpx.AsyncClient) -> str:
        path = await signed_in(place, browser)
        whose = MARK.findall((await browser.get(path)).text)[0]
        place.moment.later(30)
        return (await send(browser, path, {**LATE, "whose": whose})).text

    page = in_browser(place, steps)

    assert WAIT not in page
    assert "Your answers were not stored in the EHR." in text_of(page)
    assert "How many cups of coffee or tea do you drink each day? 7" in text_of(page)


def test_what_a_stranger_made_up_is_not_kept(tmp_path: Path) -> None:
    """Only what this service sealed says whose a form is, and not what it sealed for something else."""
    place = site(tmp_path)

    async def steps(browser: httpx.AsyncClient) -> list[str]:
        path = await signed_in(place, browser)
        visit = next(one for one in browser.cookies.jar if one.name == "ask0" and one.value).value or ""
        await browser.get(path)
        place.moment.later(15.1)
        return [(await send(browser, path, {**LATE, "whose": one})).text for one in ("made up", visit)]

    assert [False, False] == [WAIT in page for page in in_browser(place, steps)]


def test_answers_of_the_patient_stay_those_of_the_patient(tmp_path: Path) -> None:
    """A tablet that was handed over leads to no sign-in; the next visit is a clinician's, its author the patient."""
    place = site(tmp_path)

    async def steps(browser: httpx.AsyncClient) -> None:
        path = await signed_in(place, browser)
        await send(browser, f"{path}/hand")
        late = await too_late(place, browser, LATE, path)
        assert (True, False) == (WAIT in late, "/smart/launch" in late)
        path, page = await form(place, browser)
        assert is_filled_in(page)
        await send(browser, path, LATE)

    in_browser(place, steps)

    assert ["Patient/p1"] == [one["author"]["reference"] for one in place.ehr.created]


def test_wrong_answers_wait_too_and_are_not_sent_unseen(tmp_path: Path) -> None:
    """They are there to be mended; a request to send them again does nothing, for they were never sent."""
    place = site(tmp_path)

    async def steps(browser: httpx.AsyncClient) -> tuple[str, int]:
        await too_late(place, browser, {**LATE, "q.coffee": "many"})
        path, page = await form(place, browser)
        again = await send(browser, f"{path}/again")
        return page, again.status_code

    page, status = in_browser(place, steps)

    assert 'name="q.coffee" value="many"' in page
    assert 303 == status
    assert [] == place.ehr.created


def test_what_is_stored_already_does_not_wait(tmp_path: Path) -> None:
    """The same answers sent once more when the visit is over are in the EHR, and the page does not say otherwise."""
    place = site(tmp_path)

    async def steps(browser: httpx.AsyncClient) -> tuple[str, str]:
        path = await signed_in(place, browser)
        await send(browser, path, LATE)
        late = await too_late(place, browser, LATE, path)
        return late, (await form(place, browser))[1]

    late, page = in_browser(place, steps)

    assert WAIT not in late
    assert "were not stored" not in late
    assert not is_filled_in(page)
    assert 1 == len(place.ehr.created)


def test_without_an_answer_nothing_waits(tmp_path: Path) -> None:
    """An empty form has nothing to keep."""
    place = site(tmp_path)

    assert WAIT not in in_browser(place, lambda browser: too_late(place, browser, {}))


def test_an_ehr_that_is_registered_no_more_gets_none(tmp_path: Path) -> None:
    """Its form is shown to be copied."""
    place = site(tmp_path)

    async def steps(browser: httpx.AsyncClient) -> str:
        path = await signed_in(place, browser)
        whose = MARK.findall((await browser.get(path)).text)[0]
        place.ehrs.of = lambda issuer: None  # type: ignore[method-assign]
        return (await send(browser, path, {**LATE, "whose": whose})).text

    page = in_browser(place, steps)

    assert WAIT not in page
    assert "Your answers were not stored in the EHR." in text_of(page)


def test_a_mark_is_not_printed() -> None:
    """Neither is what waits: no name of a patient gets into a log by chance."""
    assert "Unsent(***)" == repr(Unsent(client="c", issuer="i", patient="p1", user="u", sid="s"))
