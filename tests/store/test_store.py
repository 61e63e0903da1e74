"""The store on both databases: what goes in comes out, once, and for the right client."""

import re
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine
from store_samples import (
    HOSPITAL,
    NOW,
    OTHER,
    PATIENT,
    SERVICE,
    USER,
    accepted,
    account,
    entry,
    minutes,
    overridden,
    received,
    shown,
    silent_account,
    tallied,
)

from cds.account import NOBODY, Caller, FeedbackItem, Suppressed
from cds.store import statements
from cds.store import store as store_module
from cds.store.down import StoreDown
from cds.store.rows import Entry, Shadowed
from cds.store.schema import used_tokens
from cds.store.store import Store

Rows = Callable[[str], list[dict[str, object]]]


def test_a_shown_card_is_kept_with_its_ids_codes_and_hashes(store: Store, rows: Rows) -> None:
    """Each column, and nothing else."""
    written = store.add([entry(shown("c1"))])

    assert 1 == written
    assert [
        {
            "card": "c1",
            "hook_instance": "i",
            "service": SERVICE,
            "hook": "patient-view",
            "client": "hospital",
            "tenant": "north",
            "patient": PATIENT,
            "user": USER,
            "topic": "abnormal-lab",
            "indicator": "warning",
            "tags": "potassium,calcium",
            "flags": "U2",
            "fingerprint": "f",
            "suggestions": "s1,s2",
            "knowledge_version": "2026.11",
            "software_version": "0.1.0",
            "shown_at": NOW,
        }
    ] == rows("showings")


def test_a_suppressed_card_is_kept(store: Store, rows: Rows) -> None:
    """Each column; beside it nothing is shown."""
    repeat = Suppressed(topic="lifestyle", fingerprint="g", tags=("stress",), flags=())
    written = store.add([Entry(NOBODY, SERVICE, account(suppressed=[repeat]), "2026.11", "0.1.0", NOW)])

    assert 1 == written
    assert [] == rows("showings")
    (row,) = rows("suppressions")
    key = row.pop("key")
    assert {
        "hook_instance": "i",
        "service": SERVICE,
        "hook": "patient-view",
        "client": "demo",
        "tenant": None,
        "patient": PATIENT,
        "user": USER,
        "topic": "lifestyle",
        "tags": "stress",
        "flags": "",
        "fingerprint": "g",
        "knowledge_version": "2026.11",
        "software_version": "0.1.0",
        "suppressed_at": NOW,
    } == row
    assert re.fullmatch("[0-9a-f]{64}", str(key))


def test_a_batch_that_is_written_twice_shows_each_card_once(store: Store, rows: Rows) -> None:
    """As after a connection that broke between the commit and its answer."""
    batch = [entry(shown("c1"), shown("c2", "g"))]

    store.add(batch)
    store.add([*batch, entry(shown("c3"))])

    assert ["c1", "c2", "c3"] == [row["card"] for row in rows("showings")]


def test_a_batch_that_is_written_twice_suppresses_each_card_once(store: Store, rows: Rows) -> None:
    """As above; two repeats of one card in one call are two all the same."""
    twice = account(suppressed=[Suppressed(topic="lifestyle", fingerprint="g")] * 2)
    batch = [Entry(NOBODY, SERVICE, twice, "2026.11", "0.1.0", NOW)]

    store.add(batch)
    store.add(batch)

    assert 2 == len(rows("suppressions"))


def test_one_hook_instance_for_all_calls_hides_no_suppressed_card(store: Store, rows: Rows) -> None:
    """Some clients send the same one always: another moment, client or tenant is another row."""
    repeat = account(suppressed=[Suppressed(topic="lifestyle", fingerprint="g")])

    for caller, at in ((HOSPITAL, NOW), (HOSPITAL, NOW + minutes(0.001)), (OTHER, NOW), (NOBODY, NOW)):
        store.add([Entry(caller, SERVICE, repeat, "2026.11", "0.1.0", at)])

    assert 4 == len(rows("suppressions"))


def test_feedback_is_kept_as_it_was_sent(store: Store, rows: Rows) -> None:
    """Accepted with suggestions, overridden with a reason; the comment stays out."""
    items = (accepted("c1", "s1", "s2"), overridden("c2", comment="Mrs Example knows"))

    store.keep([received(*items)])

    first, second = sorted(rows("feedback"), key=lambda row: str(row["card"]))
    assert {
        "service": SERVICE,
        "client": "hospital",
        "tenant": "north",
        "card": "c1",
        "outcome": "accepted",
        "outcome_at": NOW,
        "suggestions": "s1,s2",
        "reason_code": None,
        "reason_system": None,
        "comment": None,
        "received_at": NOW,
    } == {name: value for name, value in first.items() if name != "key"}
    assert ("overridden", "known", "urn:reasons", None, "") == tuple(
        second[name] for name in ("outcome", "reason_code", "reason_system", "comment", "suggestions")
    )
    assert {64} == {len(str(row["key"])) for row in (first, second)}


def test_comments_are_kept_if_the_operator_wants_them(store: Store, rows: Rows) -> None:
    """With line breaks, quotes and emoji, as they were written."""
    comment = "known\nsince 'May' \"21\" 😀; DROP TABLE feedback"

    store.keep([received(overridden("c1", comment=comment), comments=True)])

    assert [comment] == [row["comment"] for row in rows("feedback")]


def test_the_same_feedback_twice_is_kept_once(store: Store, rows: Rows) -> None:
    """In one request or in two, whatever time it comes; what came first stays."""
    store.keep([received(overridden("c1"), overridden("c1"))])
    store.keep([received(overridden("c1"), at=NOW + minutes(5))])

    assert [NOW] == [row["received_at"] for row in rows("feedback")]


@pytest.mark.parametrize(
    ("item", "caller"),
    [
        (overridden("c1", "2026-11-23T09:31:00.001Z"), HOSPITAL),
        (accepted("c1"), HOSPITAL),
        (overridden("c2"), HOSPITAL),
        (overridden("c1"), OTHER),
        (overridden("c1"), Caller(client="clinic", tenant="north")),
    ],
)
def test_feedback_that_differs_is_kept_beside(store: Store, rows: Rows, item: FeedbackItem, caller: Caller) -> None:
    """Another time, outcome, card, tenant or client."""
    store.keep([received(overridden("c1"))])
    store.keep([received(item, caller=caller)])

    assert 2 == len(rows("feedback"))


def test_the_key_of_feedback_tells_its_parts_apart(store: Store, rows: Rows) -> None:
    """Two suggestions are not one whose id holds a comma."""
    store.keep([received(accepted("c1", "a", "b"), accepted("c1", "a,b"))])

    assert 2 == len(rows("feedback"))


def test_answers_are_found_by_patient_and_fingerprint(store: Store) -> None:
    """The newest of each; cards that nobody answered are not in it."""
    store.add([entry(shown("c1", "f"), shown("c2", "g"), shown("c3", "h")), entry(shown("c4", "f"))])
    store.keep([received(overridden("c1"), overridden("c2"), at=NOW)])
    store.keep([received(accepted("c4"), at=NOW + minutes(2))])

    assert {"f": NOW + minutes(2), "g": NOW} == store.answered(PATIENT, ["f", "g", "h", "unknown"])
    assert {"g": NOW} == store.answered(PATIENT, ["g"])
    assert {} == store.answered("c" * 32, ["f", "g"])


def test_showings_are_found_by_patient_user_and_fingerprint(store: Store) -> None:
    """The newest of each; nothing of another patient or user, and no card that was never shown (N57)."""
    store.add([entry(shown("c1", "f"), shown("c2", "g")), entry(shown("c3", "f"), at=NOW + minutes(2))])

    assert {"f": NOW + minutes(2), "g": NOW} == store.shown(PATIENT, USER, ["f", "g", "unknown"])
    assert {"g": NOW} == store.shown(PATIENT, USER, ["g"])
    assert {} == store.shown("c" * 32, USER, ["f", "g"])
    assert {} == store.shown(PATIENT, "c" * 32, ["f", "g"])


@pytest.mark.parametrize(
    ("shown_to", "sent_by", "counts"),
    [
        (HOSPITAL, HOSPITAL, True),
        (NOBODY, NOBODY, True),
        (HOSPITAL, OTHER, False),
        (HOSPITAL, Caller(client="hospital"), False),
        (Caller(client="hospital"), HOSPITAL, False),
        (HOSPITAL, Caller(client="clinic", tenant="north"), False),
    ],
)
def test_feedback_counts_only_for_cards_of_the_same_client_and_tenant(
    store: Store, shown_to: Caller, sent_by: Caller, counts: bool
) -> None:
    """Whoever guesses a card's id silences nothing at another hospital (API1)."""
    store.add([entry(shown("c1"), caller=shown_to)])
    store.keep([received(overridden("c1"), caller=sent_by)])

    assert counts == ("f" in store.answered(PATIENT, ["f"]))


def test_feedback_may_come_before_the_card_is_written(store: Store) -> None:
    """The two are joined when they are read."""
    store.keep([received(overridden("c1"))])
    before = store.answered(PATIENT, ["f"])
    store.add([entry(shown("c1"))])

    assert ({}, {"f": NOW}) == (before, store.answered(PATIENT, ["f"]))


def test_a_card_shown_very_often_is_searched_among_its_newest(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer to an old showing among hundreds is not found; one to a new showing is."""
    monkeypatch.setattr(statements, "NEWEST", 3)
    statements.last_answers.cache_clear()
    store.add([entry(*(shown(f"c{number}") for number in range(5)))])
    store.keep([received(overridden("c0"), overridden("c1"))])
    old = store.answered(PATIENT, ["f"])
    store.keep([received(overridden("c2"), at=NOW + minutes(1))])
    new = store.answered(PATIENT, ["f"])
    statements.last_answers.cache_clear()

    assert ({}, {"f": NOW + minutes(1)}) == (old, new)


def test_moments_of_any_zone_come_back_as_utc(store: Store, rows: Rows) -> None:
    """To the microsecond, early and late."""
    east = timezone(timedelta(hours=5, minutes=45))
    moments = [datetime(1, 1, 2, tzinfo=east), NOW.astimezone(east), datetime(9999, 12, 31, 23, 59, 59, 999999, east)]
    items = [FeedbackItem(card=f"c{at.year}", outcome="accepted", at=at, timestamp="t") for at in moments]

    for item in items:
        store.keep([received(item)])

    assert moments == [row["outcome_at"] for row in rows("feedback")]
    assert {timedelta(0)} == {row["outcome_at"].utcoffset() for row in rows("feedback")}  # type: ignore[attr-defined]


def test_a_token_is_used_once(store: Store) -> None:
    """The second use is refused, the use of another is not."""
    keys = [sha256(word).hexdigest() for word in (b"one", b"two")]

    assert [True, False, True] == [store.use(key, NOW) for key in (keys[0], keys[0], keys[1])]


def test_a_token_is_used_at_once_in_a_file_that_is_ready(tmp_path: Path) -> None:
    """The same row as in a thread; while another writer has the file, nobody can tell."""
    store = Store.open("", str(tmp_path))
    store.prepare()
    first = [store.use_at_once("k" * 64, NOW), store.use("k" * 64, NOW), store.use_at_once("l" * 64, NOW)]
    other = sqlite3.connect(next(tmp_path.glob("*.db")), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    locked = store.use_at_once("m" * 64, NOW)
    other.execute("ROLLBACK")
    free = store.use_at_once("m" * 64, NOW)
    other.execute("DROP TABLE used_tokens")
    other.close()
    with pytest.raises(StoreDown):
        store.use_at_once("n" * 64, NOW)
    store.close()

    assert ([True, False, True], None, True) == (first, locked, free)


def test_what_is_there_already_stays_on_every_database() -> None:
    """Each kind of database has a word of its own for it, known without a connection."""
    databases = create_engine("sqlite://"), create_engine("postgresql+psycopg://h/n", paramstyle="format")
    said = [statements.insert_new(one, used_tokens) for one in databases]

    assert ["?", "%s"] == [mark for one, mark in zip(said, ("?", "%s"), strict=True) if f"({mark}" in one]
    assert [True, True] == [one.endswith("ON CONFLICT DO NOTHING") for one in said]


def test_what_was_used_at_once_is_brought_into_the_file(tmp_path: Path) -> None:
    """The log beside the file is empty for the next writer; a server brings its own log in, and is not asked."""
    store = Store.open("", str(tmp_path))
    store.prepare()
    store.use_at_once("k" * 64, NOW)
    file = next(tmp_path.glob("*.db"))
    before = b"k" * 64 in file.read_bytes()
    store.checkpoint()
    after = b"k" * 64 in file.read_bytes()
    store.close()
    Store.open("postgresql://nobody@127.0.0.1:1/none", "").checkpoint()

    assert (False, True) == (before, after)


def test_a_file_that_another_thread_replaces_acknowledges_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even where the new one is in use before the write to the old one ends; and no connection stays open."""
    connections: list[sqlite3.Connection] = []

    class Noted(sqlite3.Connection):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            connections.append(self)

    def is_open(connection: sqlite3.Connection) -> bool:
        try:
            return connection.total_changes >= 0
        except sqlite3.ProgrammingError:
            return False

    monkeypatch.setattr(sqlite3.dbapi2, "connect", partial(sqlite3.connect, factory=Noted))
    store = Store.open("", str(tmp_path))
    store.prepare()
    insert_new = statements.insert_new

    def find_a_new_file(*arguments: Any) -> str:
        next(tmp_path.glob("*.db")).unlink()
        store.prepare()
        return insert_new(*arguments)

    monkeypatch.setattr(store_module, "insert_new", find_a_new_file)
    with pytest.raises(StoreDown):
        store.keep([received(accepted("c1"))])
    store.close()

    assert [] == [connection for connection in connections if is_open(connection)]


def test_of_many_uses_at_once_one_is_the_first(store: Store, database_url: str, tmp_path: Path) -> None:
    """Over several stores, as several workers have them."""
    stores = [store, *(Store.open(database_url, str(tmp_path)) for _ in range(3))]
    with ThreadPoolExecutor(8) as threads:
        firsts = list(threads.map(lambda number: stores[number % 4].use("k" * 64, NOW), range(32)))
    for one in stores:
        one.close()

    assert 1 == sum(firsts)


def test_what_is_older_than_the_retention_is_deleted(store: Store, rows: Rows) -> None:
    """Days for cards, repeats and feedback; tokens when they have expired."""
    repeat = Suppressed(topic="lifestyle", fingerprint="g")
    for days in (0, 10, 11):
        at = NOW - timedelta(days=days)
        store.add([entry(shown(f"c{days}"), at=at)])
        store.add([Entry(HOSPITAL, SERVICE, account(suppressed=[repeat]), "k", "s", at)])
        store.add([Entry(HOSPITAL, SERVICE, silent_account(shown(f"s{days}")), "k", "s", at)])
        store.add([Shadowed((tallied(1, day=f"{at:%Y-%m-%d}"),), "s", at)])
        store.keep([received(overridden(f"c{days}"), at=at)])
        store.use(f"t{days}", at)

    deleted = store.prune(NOW, 10)

    one_each = {"showings": 1, "suppressions": 1, "silent_cards": 1, "shadow_counts": 1, "feedback": 1}
    assert one_each | {"used_tokens": 2} == deleted
    assert [2, 2, 2, 2, 2, 1] == [len(rows(table)) for table in deleted]


def test_much_is_deleted_piece_by_piece(store: Store, rows: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    """More than one transaction deletes at once."""
    monkeypatch.setattr(statements, "CHUNK", 2)
    monkeypatch.setattr("cds.store.store.CHUNK", 2)
    statements.delete_older.cache_clear()
    store.add([entry(*(shown(f"c{number}") for number in range(5)), at=NOW - timedelta(days=2))])

    deleted = store.prune(NOW, 1)
    statements.delete_older.cache_clear()

    assert 5 == deleted["showings"]
    assert [] == rows("showings")


def test_a_store_that_was_closed_opens_again(store: Store) -> None:
    """A thread's line as well."""
    store.add([entry(shown("c1"))])
    store.keep([received(overridden("c1"))])
    store.answered(PATIENT, ["f"])
    store.close()

    assert {"f": NOW} == store.answered(PATIENT, ["f"])
    store.probe()


def test_cards_of_a_silent_call_have_a_table_of_their_own(store: Store, rows: Rows) -> None:
    """Withheld ones and those that were shown all the same; only these are known as shown, and no repeat was spared."""
    told = silent_account(
        shown("w"), cards=[shown("c", "e")], suppressed=[Suppressed(topic="lifestyle", fingerprint="g")]
    )
    made = Entry(HOSPITAL, SERVICE, told, "k", "s", NOW)

    assert made.size == store.add([made])
    store.add([made])

    assert [("w", 0, 0), ("c", 0, 1)] == [(row["card"], row["emergency"], row["shown"]) for row in rows("silent_cards")]
    assert ([1, 0], ["c"]) == (
        [len(rows(table)) for table in ("showings", "suppressions")],
        [row["card"] for row in rows("showings")],
    )
    assert {"e"} == store.shown(PATIENT, USER, ["f", "e", "g"]).keys()


def test_a_count_that_is_written_again_takes_the_place_of_the_one_before(store: Store, rows: Rows) -> None:
    """A number of the day so far: also when a batch is written twice. Another run of a worker counts by itself."""
    for number in (1, 3, 3):
        assert 0 == store.add([Shadowed((tallied(number),), "s", NOW + minutes(number))])
    store.add([entry(shown("c1")), Shadowed((tallied(2, run="other"), tallied(5, change="gone")), "s", NOW)])

    told = [(row["client"], row["topic"], row["reason"], row["change"], row["number"]) for row in rows("shadow_counts")]
    assert [
        ("hospital", "lifestyle", "", "new", 3),
        ("hospital", "lifestyle", "", "new", 2),
        ("hospital", "lifestyle", "", "gone", 5),
    ] == told
    assert {("k", "s", "k2", "s2")} == {
        (one["knowledge_version"], one["software_version"], one["candidate_knowledge"], one["candidate_software"])
        for one in rows("shadow_counts")
    }
    assert 1 == len(rows("showings"))
