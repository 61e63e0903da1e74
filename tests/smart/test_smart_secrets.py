"""What is left behind: cookies that only we can read, and nothing of patient or token anywhere else."""

import asyncio
import json
import logging
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from fastapi import Response
from smart_kit import KEY, PATIENT, TWITCH, opened, send, signed_in, site

from cds.secrecy import Secret
from cds.smart.sealed import Sealer
from cds.smart.session import Session
from cds.web.smart.cookies import Cookies

CANARIES = ("tokenCanary7x", "CanaryName7x", "CanaryText7x", "canary-patient-7x", "canary-doctor-7x")
NOW = datetime(2026, 11, 30, tzinfo=UTC)


def _flow(folder: Path) -> tuple[list[httpx.Response], list[dict[str, object]]]:
    """A whole visit with a canary in every place, a wrong turn included; all answers, and the audit."""
    patient = {**PATIENT, "id": "canary-patient-7x", "name": [{"text": "CanaryName7x"}]}
    twitch = {**TWITCH, "subject": {"reference": "Patient/canary-patient-7x"}}
    place = site(
        folder,
        chart=[patient, twitch],
        patient="canary-patient-7x",
        user="Practitioner/canary-doctor-7x",
        answer={"access_token": "tokenCanary7x"},
    )

    async def steps() -> list[httpx.Response]:
        async with place.browser() as browser:
            path = await signed_in(place, browser)
            answers = [await browser.get(path)]
            fields = {"q.twitch": "Y", "background": "q.drugs", "q.drugs.name.1": "CanaryText7x"}
            answers.append(await send(browser, path, fields | {"q.coffee": "CanaryText7x"}))
            answers.append(await send(browser, path, fields))
            answers.append(await browser.get(f"{path}/result"))
            place.ehr.is_down = True
            answers.append(await send(browser, path, fields | {"q.coffee": "1"}))
            answers.append(await browser.get(path))
            return answers

    return asyncio.run(steps()), place.journal


def test_nothing_of_patient_or_token_is_left_behind(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Neither in the log at any level nor in the audit nor in a file; the audit has a line of the call all the same."""
    with caplog.at_level(logging.DEBUG):
        _, journal = _flow(tmp_path)

    left = caplog.text + json.dumps(journal, default=str) + "".join(map(repr, (one.__dict__ for one in caplog.records)))
    left += "".join(path.read_text("utf-8", "replace") for path in tmp_path.rglob("*") if path.is_file())
    assert [] == [word for word in CANARIES if word in left]
    assert "ehr" in {line.get("client") for line in journal if line["kind"] == "call"}


def test_a_token_is_in_no_page_and_no_address(tmp_path: Path) -> None:
    """Pages show the patient's name and answers, never the token; no address holds anything of either."""
    answers, _ = _flow(tmp_path)

    pages = "".join(answer.text for answer in answers)
    addresses = "".join(f"{answer.url} {answer.headers.get('location', '')}" for answer in answers)
    assert "tokenCanary7x" not in pages
    assert [] == [word for word in CANARIES if word in addresses]


def test_every_page_tells_no_referrer_and_is_not_kept(tmp_path: Path) -> None:
    """So that the address of a visit goes to nobody, and no cache holds a page."""
    answers, _ = _flow(tmp_path)

    assert {("no-referrer", "no-store")} == {
        (answer.headers["referrer-policy"], answer.headers["cache-control"]) for answer in answers
    }


def test_cookies_are_sealed_and_bound(tmp_path: Path) -> None:
    """Encrypted, for one path, out of reach of scripts, over https only."""
    place = site(tmp_path, answer={"access_token": "tokenCanary7x"})

    async def steps() -> tuple[str, list[str]]:
        async with place.browser() as browser:
            path = await signed_in(place, browser)
            answer = await send(browser, path, {"q.twitch": "N"})
            return path, answer.headers.get_list("set-cookie")

    path, cookies = asyncio.run(steps())
    value, *attributes = cookies[0].removeprefix("ask0=").split("; ")

    assert '{"alg":"dir","enc":"A256GCM"}' == opened(value).replace(" ", "")
    assert [f"Path={path}", "Max-Age=900"] == attributes[:2]
    assert [True] * len(cookies) == ["HttpOnly; Secure; SameSite=None; Partitioned" in one for one in cookies]


def test_over_http_on_this_machine_cookies_stay_on_the_site() -> None:
    """The demo is not framed; browsers take `Secure` cookies over https only."""
    kept = Response()
    Cookies(is_secure=False).put(kept, "/smart/visit/x", "text", 60)

    assert "ask0=text; Path=/smart/visit/x; Max-Age=60; HttpOnly; SameSite=Lax" == kept.headers.getlist("set-cookie")[0]


def test_only_the_same_key_and_use_open_what_was_sealed() -> None:
    """Another key, another use, a changed text, or a time that is over: nothing."""
    until = int(NOW.timestamp()) + 60
    sealer = Sealer(KEY, lambda: NOW)
    sealed = sealer.seal("visit", {"a": "b"}, until)

    assert {"a": "b"} == sealer.open("visit", sealed, dict)
    assert {"a": "b"} == Sealer(KEY, lambda: NOW).open("visit", sealed, dict), "other workers share the key"
    assert None is sealer.open("sign-in", sealed, dict)
    assert None is Sealer(Secret("x" * 40), lambda: NOW).open("visit", sealed, dict)
    assert None is sealer.open("visit", sealed[:-4] + "AAAA", dict)
    assert None is sealer.open("visit", "", dict)
    assert None is sealer.open("visit", sealer.seal("visit", {"a": "b"}, until - 60), dict)


def test_a_session_is_not_printed() -> None:
    """Whatever prints it by mistake shows stars."""
    session = Session(
        sid="s", client="c", issuer="i", patient="p", user="u", scope="x", token="tokenCanary7x", began=0, until=1
    )

    assert "Session(***)" == repr(session)
