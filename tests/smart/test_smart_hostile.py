"""What a chart or a patient writes is shown as text, whatever it looks like (issue 15, point 6)."""

import asyncio
import re
from pathlib import Path

import pytest
from smart_kit import PATIENT, TWITCH, Json, send, signed_in, site

SCRIPT = "<script>alert(1)</script>"
PICTURE = '"><img src=x onerror=alert(1)>'
LINK = "[press](javascript:alert(1)) ![x](https://evil.example/x.png)"
NAMED: Json = {**PATIENT, "name": [{"text": f"Ada {PICTURE}"}]}
CODED: Json = {**TWITCH, "code": {**TWITCH["code"], "text": f"Fasciculation {SCRIPT}"}}
LIVE = re.compile(r"<script(?! src=)|<img|onerror=[^&]*>|href=\"(?:javascript|https://evil)", re.IGNORECASE)


@pytest.mark.parametrize("text", [SCRIPT, PICTURE, LINK, "'-alert(1)-'", "{{ 7 * 7 }}"])
def test_no_text_becomes_markup(tmp_path: Path, text: str) -> None:
    """The patient's name, the chart's words and the answers; on the form, on its way back, and beside the cards."""
    place = site(tmp_path, chart=[NAMED, CODED])
    fields = {"q.twitch": "Y", "background": "q.drugs", "q.drugs.name.1": text}

    async def steps() -> list[str]:
        async with place.browser() as browser:
            path = await signed_in(place, browser)
            form = await browser.get(path)
            wrong = await send(browser, path, {**fields, "q.coffee": text})
            await send(browser, path, fields)
            result = await browser.get(f"{path}/result")
            place.moment.later(16)
            late = await send(browser, path, fields)
            return [form.text, wrong.text, result.text, late.text]

    form, wrong, result, late = asyncio.run(steps())

    assert [] == [found.group() for page in (form, wrong, result, late) for found in LIVE.finditer(page)]
    assert "Ada &#34;&gt;&lt;img" in form
    assert "Write a possible number" in wrong
    assert "The answers are stored in the EHR." in result
    assert text == place.ehr.created[0]["item"][1]["item"][0]["answer"][0]["valueString"]
