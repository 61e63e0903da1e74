"""What all pages share: escaping, the policy, the files they load, and what a browser may keep."""

import re

import pytest
from web_fakes import Client, started

from cards.printed import plain_unit
from cds.web.assets import ASSETS, asset
from cds.web.pages import cacheable, gaps, page

POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "


@pytest.mark.parametrize("path", ["/evidence", "/evidence/lab-order"])
def test_a_page_is_readable_on_a_phone_and_runs_nothing_inline(path: str) -> None:
    """HTML in UTF-8, own files only, nothing inline, and the policy says so too."""
    client, _ = started()

    answer = client("GET", path)

    assert (200, "text/html; charset=utf-8") == (answer.status_code, answer.headers["content-type"])
    assert "width=device-width" in answer.text
    assert not re.search(r"<style|<script(?! src=\"/assets/)|<iframe|\son\w+=|\sstyle=|javascript:", answer.text)
    assert answer.headers["content-security-policy"].startswith(POLICY)
    assert "{" not in answer.text


@pytest.mark.parametrize("name", sorted(ASSETS))
def test_a_file_is_kept_for_good_under_the_address_that_pages_use(name: str) -> None:
    """The address names the content; without it a browser has to ask again."""
    client, _ = started()

    named, bare = client("GET", asset(name)), client("GET", f"/assets/{name}")

    assert ASSETS[name].content == named.content == bare.content
    assert "public, max-age=31536000, immutable" == named.headers["cache-control"]
    assert "no-cache" == bare.headers["cache-control"]
    assert f'"{ASSETS[name].digest}"' == bare.headers["etag"]


@pytest.mark.parametrize("path", ["/assets/pages.py", "/assets/..%2Fpages.py", "/assets/site.css/x"])
def test_no_other_file_is_served(path: str) -> None:
    """Only what was read at start has an address."""
    client, _ = started()

    assert 404 == client("GET", path).status_code


def test_a_script_is_sent_as_a_script() -> None:
    """With nosniff a browser runs nothing else."""
    client, _ = started()

    assert "text/javascript; charset=utf-8" == client("GET", asset("playground.js")).headers["content-type"]


def test_text_is_escaped() -> None:
    """A template escapes what it is given."""
    made = page("playground/paste.html", _blank() | {"pasted": "</textarea><script>x</script>"})

    assert b"&lt;/textarea&gt;&lt;script&gt;" in bytes(made.body)


def _blank() -> dict[str, object]:
    return {"problem": "", "round": None, "chart": None, "patient": ""}


def test_a_page_that_may_be_kept_is_named_by_its_content() -> None:
    """Another content has another ETag."""
    one, same, other = (
        cacheable("playground/paste.html", _blank() | {"pasted": text}).headers["etag"] for text in ("a", "a", "b")
    )

    assert one == same != other


@pytest.mark.parametrize(("known", "status"), [("{}", 304), ('"x", W/{}', 304), ("*", 304), ('"x"', 200), ("", 200)])
def test_a_known_page_is_not_sent_again(known: str, status: int) -> None:
    """If-None-Match, strong or weak (RFC 9110)."""
    client, _ = started()
    tag = client("GET", "/evidence").headers["etag"]

    answer = client("GET", "/evidence", headers={"if-none-match": known.format(tag)})

    assert (status, tag) == (answer.status_code, answer.headers["etag"])
    assert (status == 304) == (answer.content == b"")
    assert POLICY in answer.headers["content-security-policy"]


def test_placeholders_are_shown_as_gaps() -> None:
    """A reader sees what the chart fills in."""
    assert "Low ‹analyte› and ‹n› more" == gaps("Low {analyte} and {n} more")


@pytest.mark.parametrize(("shown", "unit"), [("mmHg", "mm[Hg]"), ("score", "{score}"), ("", None)])
def test_units_are_shown_without_the_brackets_of_ucum(shown: str, unit: str | None) -> None:
    """People write mmHg."""
    assert shown == plain_unit(unit)


def test_the_demo_charts_are_served() -> None:
    """The FHIR server of the demo is mounted, with CORS for the sandbox."""
    client, _ = started()

    answer = client("GET", "/demo/fhir/Patient/demo-1", headers={"origin": "http://localhost:8080"})

    assert (200, "demo-1") == (answer.status_code, answer.json()["id"])
    assert "http://localhost:8080" == answer.headers["access-control-allow-origin"]


def test_a_head_request_has_no_body() -> None:
    """As everywhere."""
    client: Client = started()[0]

    assert b"" == client("HEAD", "/evidence").content
