"""The journal: what a line is, how several writers share a log, and what happens when the disk does not take it."""

import fcntl
import json
import logging
import os
import resource
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from audit_seam import KEY, clock, journal, lines, verify, written
from hypothesis import given
from hypothesis import strategies as st

from cds.audit.journal import Journal
from cds.audit.place import all_of, head_of, log_of
from cds.secrecy import Secret
from cds.settings import Settings

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def read(path: Path) -> list[dict[str, object]]:
    """What the lines of a log say."""
    return [json.loads(line) for line in lines(path)]


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """No file of this process may grow beyond a size: to a writer it looks like a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """The path of an audit, in a folder that is not there yet."""
    return tmp_path / "var" / "audit.jsonl"


def test_a_line_has_its_number_its_time_and_both_hashes(log: Path) -> None:
    """The journal opens the log with a line of its own; the time is UTC whatever the clock's zone."""
    written(log, "one", "two")
    opened, one, two = read(log)

    assert {"kind": "opened", "why": "new", "after": 0} == {name: opened[name] for name in ("kind", "why", "after")}
    assert [1, 2, 3] == [line["seq"] for line in (opened, one, two)]
    assert "2026-11-22T23:30:00.000+00:00" == one["at"]
    assert [one["hash"], "one", "a1b2c3d4"] == [two["prev"], one["name"], one["log"]]
    assert 0o640 == log.stat().st_mode & 0o777


def test_a_chain_goes_on_over_restarts(log: Path) -> None:
    """A second process adds nothing but its lines."""
    written(log, "one")
    written(log, "two")

    assert ["opened", "call", "call"] == [line.get("kind") for line in read(log)]
    assert 0 == verify(log).status


@given(st.dictionaries(st.text(max_size=8), VALUES, max_size=4))
def test_no_value_can_break_a_line(line: dict[str, object]) -> None:
    """Whatever a caller sends, the line is one line of ASCII without control characters."""
    folder = Path("/dev/shm") if Path("/dev/shm").is_dir() else Path()
    path = folder / f"audit-test-{os.getpid()}.jsonl"
    try:
        written_line(path, line)
        content = path.read_bytes()
        status = verify(path).status
    finally:
        path.unlink(missing_ok=True)
        head_of(path).unlink(missing_ok=True)

    assert 2 == content.count(b"\n")
    assert content.isascii()
    assert [] == [byte for byte in content.replace(b"\n", b"") if byte < 32]
    assert 0 == status


def written_line(path: Path, line: dict[str, object]) -> None:
    """Write one line and close."""
    made = journal(path)
    made.write(line)
    made.close()


@pytest.mark.parametrize("text", ["\u2028\u0085\x1b[2J\r\n", "é😀", "\ud800", "\x00"])
def test_text_comes_back_as_it_was(text: str, log: Path) -> None:
    """Line separators, terminal controls, half surrogate pairs: all are escapes."""
    written(log, text)

    assert text == read(log)[1]["name"]


def test_names_of_the_chain_cannot_be_taken(log: Path) -> None:
    """A value under a name of the chain is kept under a name beside it."""
    written_line(log, {"kind": "call", "hash": "mine", "seq": 7})

    line = read(log)[1]
    assert (2, 7, "mine") == (line["seq"], line["seq_"], line["hash_"])


def test_a_line_that_is_far_too_long_is_named_not_kept(log: Path) -> None:
    """More than 256 kB in one line can only be an attack or a fault: its size is kept."""
    written(log, "x" * 300_000)

    line = read(log)[1]
    assert ("call", 300_023) == (line["kind"], line["tooLong"])


def test_an_empty_line_is_a_line(log: Path) -> None:
    """Nothing to say is still a line of the chain."""
    written_line(log, {})

    assert read(log)[1]["kind"] is None
    assert 0 == verify(log).status


def test_two_writers_share_one_chain(log: Path) -> None:
    """Each sees what the other wrote."""
    first, second = journal(log), journal(log)
    for turn in range(3):
        first.write({"turn": turn})
        second.write({"turn": turn})
    first.close()
    second.close()

    assert list(range(1, 8)) == [line["seq"] for line in read(log)]
    assert 0 == verify(log).status


def test_a_closed_journal_opens_again(log: Path) -> None:
    """Closing gives the files back; closing twice does no harm."""
    made = journal(log)
    made.close()
    made.write({"name": "late"})
    made.close()
    made.close()

    assert "late" == read(log)[1]["name"]


def test_rotation_by_name_goes_on_in_a_new_file(log: Path) -> None:
    """The first line of the new file names the number and the hash with which the old one ended."""
    made = journal(log)
    made.write({"name": "one"})
    log.rename(old := log.with_name("audit.jsonl.1"))
    made.write({"name": "two"})
    made.close()

    opened = read(log)[0]
    assert ("opened", "rotated", 2, 3) == (opened["kind"], opened["why"], opened["after"], opened["seq"])
    assert read(old)[-1]["hash"] == opened["prev"]
    assert 0 == verify(old, log).status


def test_rotation_while_the_service_is_down(log: Path) -> None:
    """The head knows where the chain was, also when logrotate has made the new file already."""
    written(log, "one")
    log.rename(log.with_name("audit.jsonl.1"))
    log.touch()
    written(log, "two")

    assert ("rotated", 3) == (read(log)[0]["why"], read(log)[0]["seq"])


def test_copytruncate_is_recorded(log: Path) -> None:
    """The log is emptied in place: the chain goes on, and says so."""
    made = journal(log)
    made.write({"name": "one"})
    log.with_name("audit.jsonl.1").write_bytes(log.read_bytes())
    os.truncate(log, 0)
    made.write({"name": "two"})
    made.close()

    assert ("truncated", 2) == (read(log)[0]["why"], read(log)[0]["after"])
    assert 0 == verify(log, log.with_name("audit.jsonl.1")).status


def test_lines_between_copy_and_truncate_are_missing(log: Path) -> None:
    """What copytruncate loses is found."""
    made = journal(log)
    made.write({"name": "one"})
    log.with_name("audit.jsonl.1").write_bytes(log.read_bytes())
    made.write({"name": "in between"})
    os.truncate(log, 0)
    made.write({"name": "two"})
    made.close()

    assert ["audit.jsonl:1: missing"] == verify(log, log.with_name("audit.jsonl.1")).kinds


def test_a_torn_line_is_closed_and_recorded(log: Path) -> None:
    """What a killed writer left is kept, closed, and described by the next one."""
    written(log, "one")
    whole = log.read_bytes()
    torn = lines(log)[1][:40]
    log.write_bytes(whole + torn)
    written(log, "two")

    left, recovered, two = log.read_bytes().removeprefix(whole).splitlines()
    assert torn + b" torn" == left
    assert ("recovered", 40) == (json.loads(recovered)["kind"], json.loads(recovered)["bytes"])
    assert "two" == json.loads(two)["name"]
    verdict = verify(log)
    assert (1, ["audit.jsonl:3: torn"]) == (verdict.status, verdict.kinds)
    assert "1 finding, 1 of them recorded by the service itself" == verdict.told[-1]
    assert 0 == verify(log, "--tolerate-recorded").status


def test_a_line_whose_head_was_not_written_belongs_to_the_chain(log: Path) -> None:
    """A writer was killed after the line and before the head: nothing is lost, nothing needs to be said."""
    written(log, "one")
    head = head_of(log).read_bytes()
    written(log, "two")
    head_of(log).write_bytes(head)
    written(log, "three")

    assert ["opened", "call", "call", "call"] == [line.get("kind") for line in read(log)]
    assert 0 == verify(log).status


def test_a_head_that_was_put_back_is_not_believed(log: Path) -> None:
    """A running writer knows better; lines that were cut off with it stay missing."""
    made = journal(log)
    made.write({"name": "one"})
    head, content = head_of(log).read_bytes(), log.read_bytes()
    made.write({"name": "two"})
    with head_of(log).open("r+b") as stream:
        stream.write(head)
    os.truncate(log, len(content))
    made.write({"name": "three"})
    made.close()

    assert ("cut", 3) == (read(log)[2]["why"], read(log)[2]["after"])
    assert ["audit.jsonl:3: missing"] == verify(log).kinds


def test_lines_cut_off_while_the_service_was_down_are_missing(log: Path) -> None:
    """The head has their number: the next line leaves room for them."""
    written(log, "one", "two", "three")
    log.write_bytes(b"".join(lines(log)[:2]))
    written(log, "four")

    verdict = verify(log)
    assert ["audit.jsonl:3: missing"] == verdict.kinds
    assert "2 lines before this one: number 3 to 4" in verdict.told[0]


def test_a_head_that_was_deleted_is_told(log: Path) -> None:
    """Then nobody can say that nothing was cut off before."""
    written(log, "one", "two")
    head_of(log).unlink()
    written(log, "three")

    assert ("head missing", 3) == (read(log)[3]["why"], read(log)[3]["after"])
    assert ["audit.jsonl:4: unproven"] == verify(log).kinds


def test_a_head_deleted_under_a_running_service_is_made_anew(log: Path) -> None:
    """The writer remembers, and the chain has no gap."""
    made = journal(log)
    made.write({"name": "one"})
    head_of(log).unlink()
    made.write({"name": "two"})
    made.close()

    assert ["opened", None, None] == [line.get("kind") for line in read(log)]
    assert 0 == verify(log).status


def test_a_head_that_somebody_wrote_to_is_mended(log: Path) -> None:
    """What was added to it is cut off with the next line."""
    made = journal(log)
    made.write({"name": "one"})
    with head_of(log).open("ab") as stream:
        stream.write(b"more\n")
    made.write({"name": "two"})
    made.close()

    assert 192 == head_of(log).stat().st_size
    assert 0 == verify(log).status


def test_another_log_in_its_place_does_not_break_the_chain(log: Path) -> None:
    """A log of another machine was put there: the chain goes on after it, and its own lines are missed."""
    written(log, "one")
    written(other := log.with_name("other.jsonl"), "foreign", log="ffffffff")
    log.write_bytes(other.read_bytes())
    written(log, "two")

    assert ("replaced", 2) == (read(log)[2]["why"], read(log)[2]["after"])
    assert 1 == verify(log).status


def test_a_file_that_is_no_audit_begins_a_new_chain(log: Path) -> None:
    """Nothing is known: what is there is described, and a chain begins behind it."""
    log.parent.mkdir()
    log.write_bytes(b"notes\nof somebody")
    written(log, "one")

    recovered, opened, _ = map(json.loads, lines(log)[2:])
    assert (17, "unreadable", 0) == (recovered["bytes"], opened["why"], opened["after"])
    assert ["audit.jsonl:1: torn", "audit.jsonl:4: unproven"] == verify(log).kinds


def test_a_new_key_begins_a_new_chain(log: Path) -> None:
    """Lines of the old key are told as such, not as altered; the old key still proves them in a copy."""
    written(log, "one", key=KEY[::-1])
    copy = log.with_name("audit.jsonl.1")
    copy.write_bytes(log.read_bytes())
    written(log, "two", log="e5f60718")

    assert ["audit.jsonl:1: foreign key", "audit.jsonl:5: unproven"] == verify(log).kinds
    assert 0 == verify(copy, key=KEY[::-1]).status


def test_junk_longer_than_the_look_back(log: Path) -> None:
    """Five megabytes that are no line: the head still knows the chain."""
    written(log, "one")
    with log.open("ab") as stream:
        stream.write(b"junk\n" * 1_000_000)
    written(log, "two")

    assert 1 == verify(log).status
    assert ("replaced", 2) == (json.loads(lines(log)[-2])["why"], json.loads(lines(log)[-2])["after"])


def test_a_full_disk_costs_lines_but_no_call(log: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The write returns, the loss is counted, logged once, and told by the next line that finds room."""
    made = journal(log)
    made.write({"name": "one"})
    with caplog.at_level(logging.WARNING, "twitch-cds"), room_for(log.stat().st_size + 100):
        for _ in range(3):
            made.write({"name": "lost"})
        assert not made.is_up
        made.write({"name": "lost"})
    with caplog.at_level(logging.WARNING, "twitch-cds"):
        made.write({"name": "two"})
        made.write({"name": "three"})
    made.close()

    assert (4, True) == (made.losses, made.is_up)
    assert ["audit fails", "audit works again"] == [record.message for record in caplog.records]
    last, three = map(json.loads, lines(log)[-2:])
    assert (4, "two") == (last["lost"], last["name"])
    assert "lost" not in three
    verdict = verify(log)
    assert ["audit.jsonl:3: torn", "audit.jsonl:5: lost"] == verdict.kinds
    assert "4 lines before this one could not be written" in verdict.told[1]


def test_a_place_that_cannot_be_written_to_does_not_stop_the_start(tmp_path: Path) -> None:
    """The folder is a file: the journal is down from the start, and every line a loss."""
    (tmp_path / "var").touch()
    made = journal(tmp_path / "var" / "audit.jsonl")
    assert not made.is_up
    made.write({"name": "one"})
    made.close()

    assert (1, False) == (made.losses, made.is_up)


def test_only_regular_files_are_written(log: Path) -> None:
    """A pipe in place of the log would hold the service up: it is refused."""
    log.parent.mkdir()
    os.mkfifo(log)
    made = journal(log)
    made.write({"name": "one"})
    made.close()

    assert (1, False) == (made.losses, made.is_up)


def test_a_head_that_cannot_be_written_costs_no_line(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The line is there, readiness shows the fault, and the next head heals it."""

    def refused(*_: object) -> int:
        raise OSError

    made = journal(log)
    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", refused)
        made.write({"name": "one"})
        made.write({"name": "two"})
        assert (0, False) == (made.losses, made.is_up)
    made.write({"name": "three"})
    made.close()

    assert made.is_up
    assert 4 == len(read(log))
    assert 0 == verify(log).status


def test_what_cannot_be_told_in_json_is_a_loss(log: Path) -> None:
    """A line that contains itself is nobody's intention, and no reason to fail a call."""
    circle: list[object] = []
    circle.append(circle)
    made = journal(log)
    made.write({"circle": circle})
    made.write({"name": "one"})
    made.close()

    assert 1 == made.losses
    assert 1 == read(log)[1]["lost"]


def test_a_writer_that_holds_the_lock_for_long_is_not_waited_for(log: Path) -> None:
    """After a quarter of a second the line is given up, and a call goes on."""
    moments = iter(range(1000))
    made = Journal.open(log, Secret(KEY), clock(), seconds=lambda: next(moments) / 10, sleep=lambda _: None, sync=False)
    holder = os.open(head_of(log), os.O_RDWR)
    fcntl.flock(holder, fcntl.LOCK_EX)
    made.write({"name": "one"})
    assert (1, False) == (made.losses, made.is_up)
    os.close(holder)
    made.write({"name": "two"})
    made.close()

    assert ["opened", None] == [line.get("kind") for line in read(log)]
    assert made.is_up


def test_a_head_that_vanishes_all_the_time(log: Path) -> None:
    """The writer does not try for ever."""

    def vanish() -> float:
        head_of(log).unlink(missing_ok=True)
        return 0.0

    told: list[str] = []
    made = Journal.open(log, Secret(KEY), clock(), seconds=vanish, lost=lambda: told.append("lost"))
    made.write({"name": "one"})
    made.close()

    assert (1, False, ["lost"]) == (made.losses, made.is_up, told)


def test_rotation_under_load(log: Path) -> None:
    """Three writers, the log renamed ten times under them: no line is missing, and none is there twice."""
    renamed = 0

    def write(writer: int) -> None:
        made = journal(log)
        for number in range(300):
            made.write({"writer": writer, "number": number})
        made.close()
        assert 0 == made.losses

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(3)]
    for thread in threads:
        thread.start()
    while renamed < 10 and any(thread.is_alive() for thread in threads):
        if log.exists() and log.stat().st_size > 1000:
            renamed += 1
            log.rename(log.with_name(f"audit.jsonl.{renamed}"))
    for thread in threads:
        thread.join()

    files = all_of(log)
    found = [(line["writer"], line["number"]) for path in files for line in read(path) if "writer" in line]
    assert sorted((writer, number) for writer in range(3) for number in range(300)) == sorted(found)
    assert renamed > 0
    assert 0 == verify(*files[::-1]).status


def test_the_places_of_an_audit(tmp_path: Path) -> None:
    """By default in the data folder; the head beside it, never under the log's own name."""
    assert Path("var/audit.jsonl") == log_of(Settings())
    assert Path("x/y.log") == log_of(Settings(audit_file="x/y.log"))
    assert Path("x/y.head") == head_of(Path("x/y.log"))
    assert Path("x/y.head.head") == head_of(Path("x/y.head"))
    for name in ("a[1].jsonl", "a[1].jsonl.1", "a[1].jsonl-20261123.gz", "a[1].jsonl.bak", "a1.jsonl.1", "a[1].head"):
        (tmp_path / name).touch()

    assert ["a[1].jsonl", "a[1].jsonl-20261123.gz", "a[1].jsonl.1"] == [
        path.name for path in all_of(tmp_path / "a[1].jsonl")
    ]
