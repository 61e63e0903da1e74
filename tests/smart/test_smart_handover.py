"""The tablet in the patient's hands: the form and nothing else, until the clinician's code."""

import asyncio
import re
from pathlib import Path

import httpx
from smart_kit import ANSWERS, Site, send, signed_in, site, text_of


async def _handed(place: Site, browser: httpx.AsyncClient) -> tuple[str, str]:
    """A visit that was handed over: its path and its code."""
    path = await signed_in(place, browser)
    page = await send(browser, f"{path}/hand")
    return path, re.findall(r"\d{6}", text_of(page.text))[0]


def test_the_patient_sees_the_questions_only(tmp_path: Path) -> None:
    """No name, nothing of the chart, no way but the form; the result leads back to it."""
    place = site(tmp_path)

    async def steps() -> tuple[str, int, str]:
        async with place.browser() as browser:
            path, _ = await _handed(place, browser)
            page, result = await browser.get(path), await browser.get(f"{path}/result")
            return page.text, result.status_code, result.headers["location"].removeprefix(path)

    page, status, location = asyncio.run(steps())

    assert (303, "") == (status, location)
    assert [] == [word for word in ("Ada", "From the chart", "checked", "Hand the tablet", "<a href") if word in page]
    assert "Please answer what you know." in page


def test_the_code_opens_the_result(tmp_path: Path) -> None:
    """The patient is the author of the answers; the clinician sees what the service says."""
    place = site(tmp_path)

    async def steps() -> list[str]:
        async with place.browser() as browser:
            path, code = await _handed(place, browser)
            sent = await send(browser, path, ANSWERS)
            thanks = await browser.get(sent.headers["location"])
            locked = await browser.get(f"{path}/result")
            opened = await send(browser, f"{path}/unlock", {"code": code})
            result = await browser.get(opened.headers["location"])
            return [text_of(thanks.text), locked.headers["location"].removeprefix(path), text_of(result.text)]

    thanks, locked, result = asyncio.run(steps())

    assert "Please hand the tablet back now." in thanks
    assert "" == locked
    assert "Advice with these answers" in result
    assert {"reference": "Patient/p1"} == place.ehr.created[0]["author"]


def test_the_code_is_shown_once_and_not_guessed(tmp_path: Path) -> None:
    """A second hand-over shows none; five wrong codes end the visit."""
    place = site(tmp_path)

    async def steps() -> tuple[int, list[int], str, int]:
        async with place.browser() as browser:
            path, code = await _handed(place, browser)
            again = await send(browser, f"{path}/hand")
            wrong = f"{(int(code) + 1) % 1_000_000:06d}"
            tries = [await send(browser, f"{path}/unlock", {"code": wrong} if n else {}) for n in range(5)]
            over = await send(browser, f"{path}/unlock", {"code": code})
            return again.status_code, [one.status_code for one in tries], text_of(tries[-1].text), over.status_code

    again, tries, last, over = asyncio.run(steps())

    assert (303, [403] * 5, 403) == (again, tries, over)
    assert "Too many wrong codes." in last


def test_a_visit_that_was_not_handed_over_needs_no_code(tmp_path: Path) -> None:
    """Unlocking it changes nothing."""
    place = site(tmp_path)

    async def steps() -> int:
        async with place.browser() as browser:
            path = await signed_in(place, browser)
            return (await send(browser, f"{path}/unlock", {"code": "1"})).status_code

    assert 303 == asyncio.run(steps())
