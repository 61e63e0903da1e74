"""What a caller sends is nowhere afterwards but in its answer: not in logs, metrics, audit, errors or database."""

import socket
from dataclasses import dataclass
from pathlib import Path

import pytest
from canaries import Canaries, Sent, everything
from service.candidates import python
from service.process import Answer, Running, running
from service.waiting import wait_until

from cds.settings import SETTINGS, load

KEY = "zqHashKeyCanary7x" * 3
QUOTING = """hello()
while True:
    said = repr(heard())
    answer(card(said, summary=said, tags=(said,), flags=(said,)))
"""  # a candidate that makes names of cards, tags and flags of all that it hears


@dataclass(frozen=True)
class Visit:
    """Everything was sent to one service; what it answered, and what it left behind."""

    word: Canaries
    answers: dict[str, tuple[Sent, Answer]]
    left: dict[str, bytes]
    processes: bytes


@pytest.fixture(scope="module", params=["alone", "with a candidate"])
def visit(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Visit:
    """One process that logs all it can, with database and audit of the demo; once beside a candidate that quotes."""
    folder, word = tmp_path_factory.mktemp("leaks"), Canaries()
    limits = {"max_body_bytes": "1000000", "max_entries": "2000"}
    if has_candidate := request.param == "with a candidate":
        path = python(tmp_path_factory.mktemp("candidate") / "next", QUOTING)
        limits |= {"shadow": str(path), "shadow_timeout_ms": "600000"}
    with running(folder, log_level="debug", hash_key=KEY, **limits) as service:
        answers = {sent.name: (sent, ask(service, sent)) for sent in everything(word)}
        service.raw(b"GET /" + word("raw path").encode() + b" HTTP/9.9\r\n" + word("raw header").encode() + b"\r\n\r\n")
        with socket.create_connection(service.place) as connection:  # a body that never comes whole
            connection.sendall(b"POST /cds-services HTTP/1.1\r\n" + word("half header").encode() + b": x\r\n")
        processes = Path(f"/proc/{service.process.pid}/cmdline").read_bytes() if Path("/proc").is_dir() else b""
        if has_candidate:
            wait_until(lambda: service.metric('twitch_cds_shadow_events_total{event="different"}') >= 1)
        metrics = service.fetch("GET", "/metrics").body
    left = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return Visit(word, answers, left | {"metrics": metrics}, processes)


def ask(service: Running, sent: Sent) -> Answer:
    """Send one request."""
    return service.fetch(sent.method, sent.path, sent.body, sent.headers)


def test_every_request_got_the_answer_that_it_was_made_for(visit: Visit) -> None:
    """Else the search below would prove nothing."""
    assert {name: sent.status for name, (sent, _) in visit.answers.items()} == {
        name: answer.status for name, (_, answer) in visit.answers.items()
    }
    assert len(visit.word.words) > 90


def test_no_error_repeats_what_was_sent(visit: Visit) -> None:
    """Nor do acknowledgements: only cards quote the chart, and only what their design says."""
    told = {
        name: visit.word.found_in(answer.body + repr(answer.headers).encode())
        for name, (sent, answer) in visit.answers.items()
        if not sent.quotes
    }

    assert {} == {name: places for name, places in told.items() if places}


def test_cards_quote_no_name_and_no_token(visit: Visit) -> None:
    """Of free text they quote what led to the card and what a medicine that is not known is called (N48), of ids those
    of the resources they name.
    """
    quoted = {"condition id", "observation id", "medicine id", "other id", "drug text", "visit id", "complaint id"}
    # What was heard stands on the card (N17), and so does the site of a sign that is read in words (N13).
    quoted |= {"heard problem", "heard reason", "heard complaint", "site text"}
    quoted |= {"patient id"}  # whom a proposed order is for

    for name in ("cards", "orders"):
        assert set(visit.word.found_in(visit.answers[name][1].body)) <= quoted


def test_nothing_is_left_behind(visit: Visit) -> None:
    """Logs at their most talkative, the audit, every byte of the database, the metrics."""
    found = {name: visit.word.found_in(content) for name, content in visit.left.items()}

    assert {} == {name: places for name, places in found.items() if places}
    assert {"stderr", "metrics", "data/twitch-cds.db", "data/audit.jsonl"} <= visit.left.keys()
    assert all(visit.left[name] for name in ("stderr", "data/twitch-cds.db", "data/audit.jsonl"))


def test_what_could_not_be_read_is_counted_without_its_words(visit: Visit) -> None:
    """The card names the medicine; metrics and audit have only its type, why, and how many."""
    assert "drug text" in visit.word.found_in(visit.answers["cards"][1].body)
    assert b'type="Medication"' in visit.left["metrics"]
    assert b'"Medication:code":' in visit.left["data/audit.jsonl"]
    assert [] == visit.word.found_in(visit.left["metrics"] + visit.left["data/audit.jsonl"])


def test_calls_and_feedback_did_reach_database_and_audit(visit: Visit) -> None:
    """They are found by what may be kept: ids of cards and hashes."""
    card = visit.answers["cards"][1].json["cards"][0]["uuid"].encode()

    assert card in visit.left["data/audit.jsonl"]
    assert any(card in content for name, content in visit.left.items() if "twitch-cds.db" in name)
    assert visit.left["data/audit.jsonl"].count(b'"kind":"call"') > 15


def test_secrets_are_neither_shown_nor_told(visit: Visit) -> None:
    """The key of the hashes: not in the list of processes, nor in anything that was written."""
    assert b"serve" in visit.processes or not visit.processes
    assert KEY.encode() not in visit.processes + b"".join(visit.left.values())


def test_a_secret_setting_has_no_repr() -> None:
    """Should settings ever be logged, secrets are not."""
    values = {
        "HASH_KEY": "kkkkl" * 8,
        "DATABASE_URL": "postgresql://u:kkkkpass@h/d",
        "GOVERNANCE_PASSWORD": "kkkkl" * 8,
    }
    known = {f"TWITCH_CDS_{name}": value for name, value in values.items()}
    given = {name: known.get(name, "kkkkl" * 8) for name, *_, secret in SETTINGS if secret}

    assert given
    assert "kkkk" not in repr(load(given))
