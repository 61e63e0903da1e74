"""What silent mode held back, as it is read every day: by `twitch-cds silent` and on the governance page."""

import asyncio
import contextlib
import csv
import html
import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from charts.options import options
from golive_kit import ADVICE, EMERGENCY, LISTED, NOON, QUIET, SIGN, URGENT, USER, VIEW, Site, opened

from cds import cli
from cds.errors import UsageError
from cds.report import silent_command
from cds.report.model import Period
from cds.report.silent import silent
from cds.report.source import reading
from cds.web.app import create_app
from cds.web.governance import routes
from cds.web.opening import open_parts

SILENT = f'mode = "silent"\n{LISTED}'
SHOWN = 'mode = "silent"\nsilent_emergencies = "shown"\n'
DAY = 86_400


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A silent client; the command finds its database."""
    monkeypatch.setenv("TWITCH_CDS_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("TWITCH_CDS_TIME_ZONE", "Europe/Berlin")
    with opened(tmp_path, SILENT, time_zone="Europe/Berlin", governance_token="g" * 16 + "o" * 16) as made:
        yield made


def printed(site: Site, *arguments: str) -> str:
    """What the command prints now."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        assert 0 == silent_command.run(silent_command.Options(**options("silent", *arguments)), lambda: site.now)
    return out.getvalue()


def page(site: Site, query: str = "") -> str:
    """The governance page as it is read, its tags taken out."""
    answer = site.fetch("GET", "/governance" + query, credential="g" * 16 + "o" * 16)
    assert 200 == answer.status_code
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", answer.text)))


def test_nothing_held_back_is_one_sentence(site: Site) -> None:
    """A chart without a twitch leaves no trace in the list."""
    site.topics(QUIET)

    assert "Silent mode held nothing back on 2026-11-22 (Europe/Berlin).\n" == printed(site)
    assert "Silent mode held nothing back until 2026-11-22 (Europe/Berlin).\n" == printed(site, "--until", "2026-11-22")


def test_an_emergency_is_listed_with_what_leads_to_the_patient(site: Site) -> None:
    """Client, time, hashes, card and hookInstance; never an id of the chart, and no value."""
    site.topics(URGENT)
    site.topics(ADVICE)
    (line, _) = site.journal.calls
    said = printed(site)

    assert [
        "Emergencies in silent mode on 2026-11-22 (Europe/Berlin): 1",
        "",
        "2026-11-22 13:00:00  ehr  emergency (E4, potassium)",
        f"  NOT SHOWN to anybody, by {VIEW}",
        f"  patient {line['patient']}, user {line['user']}",
        f"  hookInstance {line['hookInstance']}, by which the EHR finds the patient",
        "",
        "Cards of silent calls on 2026-11-22 (Europe/Berlin):",
        "       1  data-gap (1 patient(s))",
        "       1  emergency (1 patient(s))",
    ] == said.splitlines()
    assert [] == [word for word in (USER, "Practitioner", "golden", "2.3") if word in said]


def test_an_emergency_that_was_shown_is_listed_as_shown(site: Site) -> None:
    """It counts as a card that was shown too, so that feedback on it is known."""
    site.write(SHOWN)
    site.wait(5)
    site.topics(URGENT)

    assert "  shown as a card, by muscle-twitch-patient-view" in printed(site).splitlines()
    assert "       1  emergency (1 patient(s), 1 of them shown)" in printed(site).splitlines()
    (emergency,) = json.loads(printed(site, "--json"))["emergencies"]
    assert (True, site.journal.calls[0]["cards"][0]["uuid"]) == (emergency["shown"], emergency["card"])


def test_what_was_answered_before_is_no_repeat_in_silent_mode(site: Site) -> None:
    """The report of shown cards does not say that a clinician was spared a card that nobody could see."""
    site.write("")
    site.wait(5)
    shown = [site.topics(ADVICE), site.topics(ADVICE)]
    site.write(SILENT)
    site.wait(5)
    silent_again = site.topics(ADVICE)
    with reading(site.settings) as connection:
        rows = connection.exec_driver_sql("SELECT count(*) FROM suppressions").scalar_one()

    assert ([["data-gap"], []], []) == (shown, silent_again)
    assert 1 == rows


def test_days_and_clients_are_chosen(site: Site) -> None:
    """By the calendar of the site: a call at 23:30 in UTC belongs to the next day in Berlin."""
    site.topics(URGENT)
    site.wait(DAY / 2 - 1800)
    site.topics(URGENT)

    def days(*arguments: str) -> list[str]:
        return [one["at"][:16] for one in json.loads(printed(site, *arguments, "--json"))["emergencies"]]

    assert ["2026-11-22T23:30"] == days()
    assert ["2026-11-22T23:30", "2026-11-22T12:00"] == days("--since", "2026-11-22")
    assert ["2026-11-22T12:00"] == days("--since", "2026-11-22", "--until", "2026-11-22")
    assert ([], ["2026-11-22T23:30"]) == (days("--client", "other"), days("--client", "ehr"))
    assert "from 2026-11-21 until 2026-11-23" in printed(site, "--since", "2026-11-21", "--until", "2026-11-23")


def test_a_sheet_holds_what_the_list_holds(site: Site) -> None:
    """Safe to open: a tenant that a spreadsheet would run stands behind a quote."""
    site.write(f'{SILENT}tenants = ["=cmd|calc"]\n')
    site.wait(5)
    site.call(URGENT, tenant="=cmd|calc")
    site.memory.flush(600)
    (row,) = csv.DictReader(io.StringIO(printed(site, "--csv"), newline=""))
    (line,) = site.journal.calls

    assert (
        "2026-11-22T13:00:05+01:00",
        "ehr",
        "'=cmd|calc",
        VIEW,
        "emergency",
        "critical",
        "E4",
        "potassium",
        "no",
    ) == (
        *(row[name] for name in ("time", "client", "tenant", "service", "card")),
        *(row[name] for name in ("indicator", "flags", "tags", "shown")),
    )
    assert [line["patient"], line["user"], line["hookInstance"], line["withheld"][0]["uuid"]] == [
        row[name] for name in ("patient_hash", "user_hash", "hook_instance", "uuid")
    ]


def test_a_tenant_is_told(site: Site) -> None:
    """Beside the client."""
    site.write(f'{SILENT}tenants = ["north"]\n')
    site.wait(5)
    site.call(URGENT, tenant="north")
    site.memory.flush(600)

    assert "  ehr north  emergency" in printed(site)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--since", "2026-11-23", "--until", "2026-11-22"), "--since 2026-11-23 is after --until 2026-11-22"),
        (("--since", "yesterday"), "--since: 'yesterday' is not a date such as 2026-11-01"),
    ],
)
def test_days_that_make_no_sense_are_refused(site: Site, arguments: tuple[str, ...], words: str) -> None:
    """With the option."""
    with pytest.raises(UsageError, match=words):
        printed(site, *arguments)


def test_of_very_many_the_newest_are_listed_and_the_rest_counted(site: Site) -> None:
    """None is lost in number."""
    for number in range(3):
        site.topics(URGENT)
        site.wait(60 * number)
    with reading(site.settings) as connection:
        found = silent(connection, Period(now=NOON, zone=site.settings.zone), most=2)

    assert (2, 1) == (len(found.emergencies), found.more)
    assert found.emergencies[0].at > found.emergencies[1].at
    assert 3 == found.counts[0].cards


def test_the_list_says_how_many_more_there_are(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """And what to do about it; the number at the top is that of all."""
    for _ in range(3):
        site.topics(URGENT)
    monkeypatch.setattr(silent_command, "silent", lambda *given, **more: silent(*given, **more, most=1))
    lines = printed(site).splitlines()

    assert "Emergencies in silent mode on 2026-11-22 (Europe/Berlin): 3" == lines[0]
    assert "and 2 older ones: choose fewer days (at most 500 are listed)" in lines


def test_the_page_shows_the_modes_and_the_list(site: Site) -> None:
    """What each client is shown now, every emergency with hash and hookInstance, and all cards in number."""
    site.topics(URGENT)
    site.topics(ADVICE)
    site.write(f'{SILENT}modes = {{ "{SIGN}" = "pilot" }}\npilot = {{ percent = 5 }}\n')
    site.wait(5)
    said = page(site)
    call = site.journal.calls[0]

    assert "What each client is shown" in said
    assert f"ehr silent (5 % of all users and 0 named) {SIGN} : pilot listed only" in said.replace(
        f"{SIGN}:", f"{SIGN} :"
    )
    assert "Emergencies: 1" in said
    assert f"E4, potassium to nobody {call['hookInstance']} {call['patient']} {call['user']}" in said
    assert "What to examine 1 0 1" in said


def test_a_filter_by_card_hides_no_emergency(site: Site) -> None:
    """A filter by service does; what was shown all the same says so."""
    site.write(SHOWN)
    site.wait(5)
    site.topics(URGENT)

    assert "Emergencies: 1" in page(site, "?topic=lifestyle")
    assert "E4, potassium yes" in page(site)
    assert "What silent mode held back" not in page(site, f"?service={SIGN}")


def test_where_all_is_on_the_page_says_that_too(site: Site) -> None:
    """And has no list."""
    site.write("")
    site.wait(5)
    site.topics(URGENT)
    said = page(site)

    assert "ehr on – –" in said
    assert "What silent mode held back" not in said


def test_silent_mode_without_an_emergency_says_so(site: Site) -> None:
    """None is a number too."""
    site.topics(ADVICE)

    assert "Emergencies: 0 None in this period." in page(site)
    assert "Emergencies in silent mode on 2026-11-22 (Europe/Berlin): 0" == printed(site).splitlines()[0]


def test_the_newest_are_on_the_page_and_the_rest_is_counted(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in the command."""
    for _ in range(3):
        site.topics({**URGENT, "resources": [*URGENT["resources"], EMERGENCY]})
    monkeypatch.setattr(routes, "silent", lambda *given, **more: silent(*given, **more, most=2))

    assert "Emergencies: 3" in page(site)
    assert "And 1 older ones: choose a shorter period." in page(site)


def test_the_command_is_found_and_takes_one_form(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """From the shell, on the day of the machine's clock; two forms at once are refused."""
    site.topics(URGENT)

    assert 0 == cli.main(["silent", "--since", "2026-11-22", "--until", "2026-11-22"])
    assert "Emergencies in silent mode on 2026-11-22 (Europe/Berlin): 1" in capsys.readouterr().out
    assert 2 == cli.main(["silent", "--csv", "--json"])
    assert "--csv: not allowed with --json" in capsys.readouterr().err


@pytest.mark.parametrize(("demo", "is_told"), [("", True), ("true", False)])
def test_a_service_as_it_is_opened_tells_the_modes_of_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, demo: str, is_told: bool
) -> None:
    """Where everybody may call nobody is registered, and there is nothing to tell."""
    with opened(tmp_path, SILENT) as made:
        given = made.settings
    changed = replace(given, demo=bool(demo), auth="off" if demo else "required", governance_token="g" * 16 + "o" * 16)

    async def page_of() -> str:
        parts = open_parts(changed)
        transport = httpx.ASGITransport(create_app(parts, changed))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            answer = await client.get("/governance", headers={"authorization": f"Bearer {changed.governance_token}"})
        for errand in parts.close:
            await errand()
        return answer.text

    assert is_told == ("What each client is shown" in asyncio.run(page_of()))
