"""What a client is shown: off, silent, pilot or on, service by service; and what is recorded of each call."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from golive_kit import (
    ADVICE,
    EMERGENCY,
    KEY,
    LISTED,
    QUIET,
    SIGN,
    URGENT,
    USER,
    VIEW,
    client_file,
    opened,
)

from cds.errors import RegistryError
from cds.keyed import Pseudonyms
from cds.modes import ALL_ON, Mode, Modes, Pilot
from cds.secrecy import Secret
from cds.trust.registry import load_registry
from cds.web.opening import open_parts

EMPTY = b'{"cards":[]}'
SILENT = f'mode = "silent"\n{LISTED}'
SHOWN = 'mode = "silent"\nsilent_emergencies = "shown"\n'
MILLION = 1_000_000


def test_without_a_mode_a_client_is_on(tmp_path: Path) -> None:
    """Every card is shown, and the audit says which mode that was."""
    with opened(tmp_path, "") as site:
        assert ["emergency"] == site.topics(URGENT)
        (line,) = site.journal.calls

    assert ("on", "cards", 1, False, False) == (
        line["mode"],
        line["outcome"],
        len(line["cards"]),
        "withheld" in line,
        "inPilot" in line,
    )


def test_a_silent_call_is_evaluated_recorded_and_counted_and_shows_nothing(tmp_path: Path) -> None:
    """The answer is the empty one to the byte; audit and numbers have the card that was held back."""
    with opened(tmp_path, SILENT) as site:
        body = site.call(ADVICE).content
        (line,) = site.journal.calls
        withheld = f'twitch_cds_withheld_total{{client="ehr",indicator="info",service="{VIEW}",topic="data-gap"}}'
        counted = (
            site.metric(withheld),
            site.metric('twitch_cds_silent_emergencies_total{client="ehr"}'),
            site.metric("twitch_cds_cards_total"),
        )

    assert EMPTY == body
    assert ("silent", "withheld", ["data-gap"]) == (
        line["mode"],
        line["outcome"],
        [card["topic"] for card in line["withheld"]],
    )
    assert {"cards", "inPilot"}.isdisjoint(line)
    assert (1, 0, 0) == counted


def test_a_chart_without_a_twitch_holds_nothing_back(tmp_path: Path) -> None:
    """It is as silent as ever."""
    with opened(tmp_path, SILENT) as site:
        assert [] == site.topics(QUIET)
        (line,) = site.journal.calls

    assert ("silent", "silent", False) == (line["mode"], line["outcome"], "withheld" in line)


def test_what_cannot_be_answered_is_told_in_silent_mode_too(tmp_path: Path) -> None:
    """An open question (412) and a request with a fault (400): no card comes of them, and a trial has to see them."""
    with opened(tmp_path, SILENT) as site:
        open_question = site.call(QUIET, prefetch={}).status_code
        fault = site.fetch("POST", f"/cds-services/{VIEW}", b"{").status_code
        lines = site.journal.calls

    assert (412, 400) == (open_question, fault)
    assert [("silent", "412"), ("silent", "4xx")] == [(line["mode"], line["outcome"]) for line in lines]


def test_a_service_that_is_off_reads_nothing(tmp_path: Path) -> None:
    """Not even a body that could not be read; its calls are counted and in the audit."""
    with opened(tmp_path, f'modes = {{ "{VIEW}" = "off" }}') as site:
        answers = [site.call(URGENT), site.fetch("POST", f"/cds-services/{VIEW}", b"{")]
        lines = site.journal.calls
        number = site.metric(f'twitch_cds_calls_total{{client="ehr",outcome="off",service="{VIEW}",status="200"}}')

    assert [(200, EMPTY)] * 2 == [(answer.status_code, answer.content) for answer in answers]
    assert [("off", "off", False)] * 2 == [(line["mode"], line["outcome"], "patient" in line) for line in lines]
    assert 2 == number


def test_each_service_has_its_own_mode(tmp_path: Path) -> None:
    """The client is silent, one of its services is on."""
    with opened(tmp_path, f'{SILENT}modes = {{ "{VIEW}" = "on" }}') as site:
        shown = site.topics(URGENT)
        health = site.fetch("GET", "/health/ready").json()["modes"]

    assert ["emergency"] == shown
    assert ({"silent"}, True, False) == (set(health["ehr"].values()), SIGN in health["ehr"], VIEW in health["ehr"])


@pytest.mark.parametrize(
    ("clients", "shown", "withheld", "emergencies"),
    [(SILENT, [], ["emergency"], 1), (SHOWN, ["emergency"], [], 0)],
)
def test_the_committee_decides_whether_an_emergency_is_shown_in_silent_mode(
    tmp_path: Path, clients: str, shown: list[str], withheld: list[str], emergencies: int
) -> None:
    """Listed only, or as the card that it is; either way the audit has it."""
    with opened(tmp_path, clients) as site:
        assert shown == site.topics(URGENT)
        (line,) = site.journal.calls
        number = site.metric('twitch_cds_silent_emergencies_total{client="ehr"}')

    assert (withheld, emergencies) == ([card["topic"] for card in line.get("withheld", ())], number)
    assert [True] * len(withheld) == [card["emergency"] for card in line.get("withheld", ())]
    assert shown == [card["topic"] for card in line.get("cards", ())]


def test_beside_an_emergency_that_is_shown_all_other_cards_stay_hidden(tmp_path: Path) -> None:
    """A critical card of a child and a warning: the first is shown, the second is not."""
    chart = {
        "patient": {"age": "40 y", "sex": "F"},
        "resources": [
            {"twitch": "5 w"},
            EMERGENCY,
            {"lab": "vitD", "value": "28 nmol/L", "at": "9 d"},
            {"condition": "M62.541 wasting of the hand", "onset": "3 w"},
        ],
    }
    with opened(tmp_path / "on", "") as site:
        every = site.topics(chart)
    with opened(tmp_path / "silent", SHOWN) as site:
        some = site.topics(chart)
        (line,) = site.journal.calls

    assert len(every) > 1
    assert ["emergency"] == some
    assert sorted(set(every) - {"emergency"}) == sorted(card["topic"] for card in line["withheld"])


def test_a_card_that_was_held_back_does_not_silence_a_later_one(tmp_path: Path) -> None:
    """`data-gap` is shown to a user once in 30 days: what silent mode held back was not shown."""
    with opened(tmp_path, SILENT) as site:
        silent = [site.topics(ADVICE) for _ in range(2)]
        site.write("")
        site.wait(5)
        shown = [site.topics(ADVICE) for _ in range(2)]

    assert [[], []] == silent
    assert [["data-gap"], []] == shown


def test_feedback_on_a_card_that_nobody_saw_counts_for_nothing(tmp_path: Path) -> None:
    """Its id never left the service; whoever sends it all the same silences nothing."""
    with opened(tmp_path, SILENT) as site:
        site.topics(ADVICE)
        uuid = site.journal.calls[0]["withheld"][0]["uuid"]
        item = {"card": uuid, "outcome": "overridden", "outcomeTimestamp": "2026-11-22T06:55:49Z"}
        kept = site.fetch("POST", f"/cds-services/{VIEW}/feedback", json.dumps({"feedback": [item]}).encode())
        site.write("")
        site.wait(5)
        shown = site.topics(ADVICE)

    assert (200, ["data-gap"]) == (kept.status_code, shown)


@pytest.mark.parametrize("mode", ["off", "silent"])
def test_a_new_mode_is_in_force_within_five_seconds_without_a_restart(tmp_path: Path, mode: str) -> None:
    """And so is the way back."""
    with opened(tmp_path, "") as site:
        before = site.topics(URGENT)
        site.write(f'mode = "{mode}"\n{LISTED}')
        site.wait(5)
        changed = site.topics(URGENT)
        site.write("")
        site.wait(5)
        after = site.topics(URGENT)
        modes = [line["mode"] for line in site.journal.calls]

    assert (["emergency"], [], ["emergency"]) == (before, changed, after)
    assert ["on", mode, "on"] == modes


@pytest.mark.parametrize("wrong", ["mode = off", 'mode = "of"', "mode = false", 'mode = "silent"'])
def test_a_mode_that_cannot_be_read_changes_nothing_and_readiness_says_so(tmp_path: Path, wrong: str) -> None:
    """The old file stays in force: whoever switches off looks at `/health/ready`, which tells what is in force."""
    with opened(tmp_path, "") as site:
        site.write(wrong)
        site.wait(5)
        shown = site.topics(URGENT)
        health = site.fetch("GET", "/health/ready").json()
        site.write('mode = "off"')
        site.wait(5)
        off = site.topics(URGENT)
        mended = site.fetch("GET", "/health/ready").json()

    assert (["emergency"], "down", False) == (shown, health["trust"], "modes" in health)
    assert ([], "up", "off") == (off, mended["trust"], mended["modes"]["ehr"][VIEW])


@pytest.mark.parametrize(
    ("clients", "begins"),
    [
        ("", "When the chart"),
        ('mode = "off"', "SWITCHED OFF for this client: "),
        (SILENT, "SILENT for this client: calls are evaluated and recorded, and no card is shown. When the chart"),
        (
            SHOWN,
            "SILENT for this client: calls are evaluated and recorded, and no card is shown. But for emergencies, ",
        ),
        (f'mode = "pilot"\npilot = {{ percent = 5 }}\n{LISTED}', "PILOT for this client: cards are shown to the users"),
    ],
)
def test_discovery_says_what_a_client_is_shown(tmp_path: Path, clients: str, begins: str) -> None:
    """Before the description of each service; under both addresses."""
    with opened(tmp_path, clients) as site:
        answers = [site.fetch("GET", path).json() for path in ("/cds-services", "/cds-services/")]

    described = {one["id"]: one["description"] for one in answers[0]["services"]}
    assert described[VIEW].startswith(begins)
    assert answers[0] == answers[1]


def test_only_who_takes_part_in_a_pilot_is_shown_cards(tmp_path: Path) -> None:
    """Named by the hash that the audit has; a user without a name takes no part."""
    hashed = Pseudonyms(Secret(KEY)).of("user", "ehr|", USER)
    with opened(tmp_path, f'mode = "pilot"\npilot = {{ users = ["{hashed}"] }}\n{LISTED}') as site:
        shown = [site.topics(URGENT, user) for user in (USER, "Practitioner/other")]
        lines = site.journal.calls

    assert [["emergency"], []] == shown
    assert [("pilot", True, "cards"), ("pilot", False, "withheld")] == [
        (line["mode"], line["inPilot"], line["outcome"]) for line in lines
    ]
    assert hashed == lines[0]["user"]


def test_a_call_without_a_user_takes_no_part_in_a_pilot(tmp_path: Path) -> None:
    """Even in a pilot of everybody: nobody is known to have been told of it."""
    body = {
        "hook": "medication-refill",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {"patientId": "p1", "medications": {"resourceType": "Bundle", "entry": []}},
    }
    with opened(tmp_path, f'mode = "pilot"\npilot = {{ percent = 100 }}\n{LISTED}') as site:
        answer = site.fetch("POST", "/cds-services/muscle-twitch-medication-refill", json.dumps(body).encode())
        everybody = site.topics(URGENT)
        lines = site.journal.calls

    assert (200, ["emergency"]) == (answer.status_code, everybody)
    assert [False, True] == [line["inPilot"] for line in lines]


def test_a_share_of_all_users_is_drawn_by_their_keyed_hash(tmp_path: Path) -> None:
    """Some of forty are shown cards, the same ones after a restart, and the others are not."""
    clients = f'mode = "pilot"\npilot = {{ percent = 50 }}\n{LISTED}'
    users = [f"Practitioner/{number}" for number in range(40)]
    with opened(tmp_path, clients) as site:
        first = [user for user in users if site.topics(URGENT, user)]
    with opened(tmp_path, clients) as site:
        again = [user for user in reversed(users) if site.topics(URGENT, user)]

    assert 10 < len(first) < 30
    assert first == again[::-1]


@pytest.fixture(scope="module")
def drawn() -> list[str]:
    """The keyed hashes of a million users."""
    pseudonyms = Pseudonyms(Secret(KEY))
    return [pseudonyms.of("pilot", "ehr|", f"Practitioner/{number}") for number in range(MILLION)]


@pytest.mark.parametrize("percent", [0.5, 5, 10, 33.3, 50, 90])
def test_a_pilot_is_within_one_percent_of_its_share_over_a_million_users(drawn: list[str], percent: float) -> None:
    """By count: of ten percent between 99,000 and 101,000."""
    pilot = Pilot(percent=percent)
    number = sum(pilot.holds("", one) for one in drawn)

    assert 0.01 >= abs(number / MILLION * 100 / percent - 1)


@pytest.mark.parametrize(("percent", "number"), [(0, 0), (100, MILLION)])
def test_nobody_and_everybody_are_exact(drawn: list[str], percent: float, number: int) -> None:
    """Of a million."""
    pilot = Pilot(percent=percent)

    assert number == sum(pilot.holds("", one) for one in drawn)


def test_a_larger_share_holds_everybody_of_a_smaller_one(drawn: list[str]) -> None:
    """Who is in stays in when a pilot grows."""
    small, large = ({one for one in drawn[:50_000] if Pilot(percent=share).holds("", one)} for share in (10, 25))

    assert small < large


def test_every_process_draws_the_same_users(drawn: list[str]) -> None:
    """Another process, with another seed of its own hashing, has the same first hundred."""
    code = (
        "from cds.keyed import Pseudonyms; from cds.modes import Pilot; from cds.secrecy import Secret\n"
        f"p = Pseudonyms(Secret({KEY!r})); pilot = Pilot(percent=10)\n"
        "print([n for n in range(1000) if pilot.holds('', p.of('pilot', 'ehr|', f'Practitioner/{n}'))])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert [n for n in range(1000) if Pilot(percent=10).holds("", drawn[n])] == json.loads(said)


def test_a_silent_client_without_a_decision_on_emergencies_stops_the_start_with_one_line(tmp_path: Path) -> None:
    """It names the file, the client and the key, and what to write."""
    with opened(tmp_path, "") as site:
        site.write('mode = "silent"')
        with pytest.raises(RegistryError) as problem:
            open_parts(site.settings)

    assert problem.value.text.startswith(
        f'{tmp_path}/clients.toml: client[1] "ehr".silent_emergencies: is missing: a mode'
    )
    assert "\n" not in problem.value.text


@pytest.mark.parametrize(
    ("text", "place", "reason"),
    [
        ('mode = "Silent"', ".mode", "must be one of off, silent, pilot, on, in quotes"),
        (
            'modes = { "muscle-twitch" = "off" }',
            ".modes.muscle-twitch",
            "is not a service; the services are muscle-twitch-",
        ),
        (f'modes = {{ "{VIEW}" = "quiet" }}', f".modes.{VIEW}", "must be one of off, silent, pilot, on"),
        (f'modes = {{ "{VIEW}" = "silent" }}', ".silent_emergencies", "is missing: a mode of this client"),
        ('mode = "silent"\nsilent_emergencies = "hidden"', ".silent_emergencies", 'must be "shown" or "listed"'),
        ('mode = "pilot"\npilot = { percent = 5 }', ".silent_emergencies", "is missing: a mode of this client"),
        (f'mode = "pilot"\n{LISTED}', ".pilot", "is missing or empty, although a mode is pilot"),
        (f'mode = "pilot"\npilot = {{}}\n{LISTED}', ".pilot", "is missing or empty"),
        ("pilot = { percent = 101 }", ".pilot.percent", "must be a number from 0 to 100"),
        ("pilot = { percent = -1 }", ".pilot.percent", "must be a number from 0 to 100"),
        ("pilot = { percent = nan }", ".pilot.percent", "must be a number from 0 to 100"),
        ('pilot = { users = ["Practitioner/1"] }', ".pilot.users", "holds 'Practitioner/1', which is not a hash"),
        ("pilot = { share = 5 }", ".pilot.share", "is not a key of a client"),
    ],
)
def test_what_is_wrong_with_a_mode_is_told_with_its_place(tmp_path: Path, text: str, place: str, reason: str) -> None:
    """As for every other key of the file."""
    path = tmp_path / "clients.toml"
    path.write_text(client_file(text), "utf-8")

    with pytest.raises(RegistryError) as problem:
        load_registry(path, services=(VIEW, SIGN))

    assert (f'client[1] "ehr"{place}', True) == (problem.value.place, problem.value.reason.startswith(reason))


def test_all_that_may_be_written_is_read(tmp_path: Path) -> None:
    """Modes, the pilot and the decision; a pilot that is not used yet may stand there."""
    path = tmp_path / "clients.toml"
    pilot = f'pilot = {{ percent = 2.5, users = ["{"a" * 32}"] }}'
    text = f'mode = "silent"\nmodes = {{ "{SIGN}" = "off" }}\n{pilot}\n{LISTED}'
    path.write_text(client_file(text), "utf-8")
    (client,) = load_registry(path, services=(VIEW, SIGN)).clients

    assert (
        Modes(
            usual=Mode.SILENT,
            by_service={SIGN: Mode.OFF},
            pilot=Pilot(users=frozenset({"a" * 32}), percent=2.5),
            shows_emergencies=False,
        )
        == client.modes
    )
    assert ALL_ON == Modes()


def test_readiness_says_nothing_where_all_is_on(tmp_path: Path) -> None:
    """One word less to read."""
    with opened(tmp_path, "") as site:
        assert "modes" not in site.fetch("GET", "/health/ready").json()
