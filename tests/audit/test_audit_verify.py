"""`twitch-cds audit verify`: whatever is done to an audit is found, and what is whole is called clean."""

import fcntl
import gzip
import json
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import audit_writer
import pytest
from audit_seam import KEY, Verdict, journal, lines, verify, written
from hypothesis import given
from hypothesis import strategies as st

from cds.audit import findings
from cds.audit import verify as verifying
from cds.audit.place import head_of
from cds.audit.reading import snapshot
from cds.errors import UsageError

Change = Callable[[bytes], bytes]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """An audit over two files: a genesis line and four lines, rotated, then an opening line and five."""
    path = tmp_path / "audit.jsonl"
    written(path, *"abcd")
    path.rename(path.with_name("audit.jsonl.1"))
    written(path, *"efghi")
    return path


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The same audit as bytes: the older log, the log, the head."""
    path = tmp_path_factory.mktemp("audit") / "audit.jsonl"
    written(path, *"abcd")
    path.rename(path.with_name("audit.jsonl.1"))
    written(path, *"efghi")
    return {one.name: one.read_bytes() for one in path.parent.iterdir()}


def old(log: Path) -> Path:
    """The older log."""
    return log.with_name("audit.jsonl.1")


def change(path: Path, do: Change) -> None:
    """Change the bytes of a file."""
    path.write_bytes(do(path.read_bytes()))


def change_lines(path: Path, do: Callable[[list[bytes]], list[bytes]]) -> None:
    """Change a file line by line."""
    path.write_bytes(b"".join(do(lines(path))))


def test_a_whole_audit_is_clean(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The service's own log and the older ones beside it, found by the settings; the summary tells their bounds."""
    monkeypatch.setenv("TWITCH_CDS_AUDIT_FILE", str(log))
    verdict = verify()

    assert 0 == verdict.status
    assert [
        f"2 files, 11 lines proved, {(log.stat().st_size + old(log).stat().st_size) / 1e6:.1f} MB in 0.0 s",
        "first 2026-11-22T23:30:00.000+00:00, last 2026-11-22T23:30:04.000+00:00",
        "chain a1b2c3d4: numbers 1 to 11",
        f"head {head_of(log).read_text().split()[0]}",
        "clean",
    ] == verdict.told


def test_files_come_in_any_order_packed_or_not(log: Path) -> None:
    """gzip is known by its content; a file named twice is read once."""
    packed = log.with_name("audit.jsonl-20261122.gz")
    packed.write_bytes(gzip.compress(old(log).read_bytes()))

    assert verify(old(log), log).told == verify(log, log, packed).told


def test_older_logs_alone(log: Path) -> None:
    """Without the log that is written to, the end is said to be unproved; the caller chose the files."""
    verdict = verify(old(log))

    assert (0, "clean as far as given: the end is not proved without its head") == (verdict.status, verdict.told[-1])


def test_the_log_without_the_older_ones(log: Path) -> None:
    """Old logs may have been deleted on purpose: the summary tells where the lines given begin."""
    verdict = verify(log)

    assert (0, "chain a1b2c3d4: numbers 6 to 11") == (verdict.status, verdict.told[2])


def test_the_log_was_just_rotated_away(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No new log yet: the head still tells where the chain must end."""
    monkeypatch.setenv("TWITCH_CDS_AUDIT_FILE", str(log))
    log.rename(log.with_name("audit.jsonl.0"))
    assert 0 == verify().status
    log.with_name("audit.jsonl.0").unlink()

    assert ["audit.jsonl.1:5: cut off at the end"] == verify().kinds


NEW, OLD = "audit.jsonl", "audit.jsonl.1"
Lines = list[bytes]
CHANGES: dict[str, tuple[str, Callable[[Lines], Lines], list[str]]] = {
    "value": (NEW, lambda own: with_line(own, 2, own[2].replace(b'"f"', b'"x"')), [f"{NEW}:3: altered"]),
    "hash": (NEW, lambda own: with_line(own, 2, own[2][:-9] + b"0" + own[2][-8:]), [f"{NEW}:3: altered"]),
    "removed": (NEW, lambda own: own[:2] + own[4:], [f"{NEW}:3: missing"]),
    "first": (NEW, lambda own: own[1:], [f"{NEW}:1: missing"]),
    "oldest": (OLD, lambda own: own[1:], [f"{OLD}:1: cut off at the start"]),
    "between": (OLD, lambda own: own[:-2], [f"{NEW}:1: missing"]),
    "last": (NEW, lambda own: own[:-2], [f"{NEW}:4: cut off at the end"]),
    "all": (NEW, lambda own: [], [f"{NEW}: cut off at the end"]),
    "swapped": (NEW, lambda own: [own[0], own[2], own[1], *own[3:]], [f"{NEW}:3: reordered"]),
    "moved": (NEW, lambda own: [own[0], *own[2:], own[1]], [f"{NEW}:6: reordered"]),
    "twice": (NEW, lambda own: [*own[:3], own[2], *own[3:]], [f"{NEW}:4: repeated"]),
    "twice-late": (NEW, lambda own: [*own, own[2]], [f"{NEW}:7: repeated"]),
    "blank": (NEW, lambda own: [*own[:3], b"\n", *own[3:]], [f"{NEW}:4: altered"]),
    "carriage-return": (NEW, lambda own: with_line(own, 0, own[0][:-1] + b"\r\n"), [f"{NEW}:1: altered"]),
    "joined": (NEW, lambda own: with_line(own, 1, own[1][:-1]), [f"{NEW}:2: altered", f"{NEW}:3: missing"]),
    "cut": (NEW, lambda own: with_line(own, 5, own[5][:99]), [f"{NEW}:6: torn", f"{NEW}:6: cut off at the end"]),
    "last-altered": (NEW, lambda own: with_line(own, 5, own[5].replace(b'"i"', b'"x"')), [f"{NEW}:6: altered"]),
    "run-altered": (NEW, lambda own: [own[0], *(one.replace(b"ll", b"lx") for one in own[1:])], [f"{NEW}:2: altered"]),
    "long": (NEW, lambda own: [own[0], b"x" * 2_000_000 + b"\n", *own[1:]], [f"{NEW}:2: altered"]),
}


def with_line(own: Lines, place: int, line: bytes) -> Lines:
    """Lines with one of them changed."""
    return [*own[:place], line, *own[place + 1 :]]


@pytest.mark.parametrize(("file", "do", "kinds"), CHANGES.values(), ids=CHANGES)
def test_each_change_is_named(file: str, do: Callable[[Lines], Lines], kinds: list[str], log: Path) -> None:
    """The finding says what was done and where."""
    change_lines(log.with_name(file), do)
    verdict = verify(log, old(log))

    assert (1, kinds) == (verdict.status, verdict.kinds)


@st.composite
def edits(draw: st.DrawFn) -> tuple[str, Change]:
    """One edit of one file: a byte or a run of bytes changed, put in or taken out, the end cut, or lines moved."""
    name = draw(st.sampled_from(["audit.jsonl", "audit.jsonl.1"]))
    start, length = draw(st.integers(0, 10**6)), draw(st.integers(1, 300))
    byte = draw(st.integers(0, 255))
    kind = draw(st.sampled_from(["alter", "insert", "remove", "truncate", "swap", "drop", "double"]))

    def do(content: bytes) -> bytes:
        place = start % len(content)
        if kind == "alter":
            other = byte if content[place] != byte else byte ^ 1
            return content[:place] + bytes([other]) + content[place + 1 :]
        if kind == "insert":
            return content[:place] + bytes([byte]) * length + content[place:]
        if kind == "remove":
            return content[:place] + content[place + length :]
        if kind == "truncate":
            return content[: max(1, place)]
        own = content.splitlines(keepends=True)
        one, other = start % len(own), length % len(own)
        if kind == "swap":
            other = other if one != other else (other + 1) % len(own)
            own[one], own[other] = own[other], own[one]
        elif kind == "drop":
            del own[one]
        else:
            own.insert(other, own[one])
        return b"".join(own)

    return name, do


@given(edits())
def test_any_edit_is_found(whole: dict[str, bytes], edit: tuple[str, Change]) -> None:
    """There is no edit of a line, of a byte, or of the order that passes."""
    assert 1 == edited(whole, *edit).status


@given(st.integers(0, 191), st.integers(0, 255), st.sampled_from(["alter", "insert", "cut"]))
def test_any_edit_of_the_head_is_found(whole: dict[str, bytes], place: int, byte: int, kind: str) -> None:
    """The head is sealed as the lines are."""

    def do(content: bytes) -> bytes:
        if kind == "cut":
            return content[:place]
        other = byte if content[place] != byte else byte ^ 1
        return content[:place] + bytes([other]) + content[place + (kind == "alter") :]

    assert 1 == edited(whole, "audit.head", do).status


def edited(whole: dict[str, bytes], name: str, do: Change) -> Verdict:
    """Verify the audit after an edit of one of its files."""
    with TemporaryDirectory() as folder:
        for file, content in whole.items():
            Path(folder, file).write_bytes(do(content) if file == name else content)
        return verify(Path(folder, "audit.jsonl.1"), Path(folder, "audit.jsonl"))


def test_a_head_that_is_gone_leaves_the_end_open(log: Path) -> None:
    """Whoever cuts lines off could delete the head as well: without it the end is not proved."""
    head_of(log).unlink()
    verdict = verify(log, old(log))

    assert (1, ["audit.jsonl.1:1: unproven"]) == (verdict.status, verdict.kinds)
    assert "lines after number 11 may be missing" in verdict.told[0]


def test_a_head_that_was_noted_proves_what_the_machine_cannot(log: Path) -> None:
    """Log and head are both put back to yesterday: only who noted today's head elsewhere finds out."""
    yesterday = {path: path.read_bytes() for path in (log, head_of(log))}
    before = verify(log, old(log)).told[-2].removeprefix("head ")
    written(log, "j")
    noted = verify(log, old(log)).told[-2].removeprefix("head ")
    assert 0 == verify(log, old(log), "--expect", noted, "--expect", before).status
    for path, content in yesterday.items():
        path.write_bytes(content)

    assert 0 == verify(log, old(log)).status
    assert ["audit.jsonl:6: cut off at the end"] == verify(log, old(log), "--expect", noted).kinds


def test_a_noted_head_proves_older_logs_without_the_head_file(log: Path) -> None:
    """The end of what was given is the noted line."""
    last = json.loads(lines(old(log))[-1])
    verdict = verify(old(log), "--expect", f"a1b2c3d4:5:{last['hash']}")

    assert (0, "clean") == (verdict.status, verdict.told[-1])


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        ("a1b2c3d4:9:" + "0" * 64, "audit.jsonl:4: forked"),
        ("a1b2c3d4:2:" + "0" * 64, "--expect a1b2c3d4:2:000000000…: cut off at the start"),
        ("ffffffff:2:" + "0" * 64, "--expect ffffffff:2:000000000…: missing"),
    ],
)
def test_a_noted_head_that_does_not_fit(head: str, kind: str, log: Path) -> None:
    """Another line under the same number, a line older than what is given, a chain that is not there."""
    assert [kind] == verify(log, "--expect", head).kinds


def test_another_key_proves_nothing(log: Path) -> None:
    """One finding for the head and one for each file, not one for each line."""
    verdict = verify(log, old(log), key=KEY[::-1])

    assert 1 == verdict.status
    assert ["audit.head: foreign key", "audit.jsonl.1:1: foreign key", "audit.jsonl:1: foreign key"] == verdict.kinds
    assert "0 lines proved" in verdict.told[3]


def test_machines_have_a_chain_each(log: Path, tmp_path: Path) -> None:
    """Logs of two machines are verified in one run; the one that began first comes first."""
    written(other := tmp_path / "other" / "audit.jsonl", "x", log="00000000")
    verdict = verify(other, old(log), log)

    assert 0 == verdict.status
    assert ["00000000", "a1b2c3d4"] == [line.split()[1][:8] for line in verdict.told if line.startswith("chain")]


def test_a_line_of_another_machine_is_not_taken_for_ours(log: Path, tmp_path: Path) -> None:
    """Both machines have the same key; a line that was carried over stands in no chain that begins here."""
    written(other := tmp_path / "other" / "audit.jsonl", "x", log="00000000")
    change_lines(log, lambda own: [*own, lines(other)[1]])

    assert ["audit.jsonl:7: cut off at the start", "audit.jsonl:7: unproven"] == verify(log, old(log)).kinds


def test_a_chain_that_was_forked_is_told(log: Path, tmp_path: Path) -> None:
    """Two copies of a machine wrote on from the same line: both lines are proved, and contradict each other."""
    shutil.copytree(tmp_path, copy := tmp_path / "copy")
    written(log, "here", "and here")
    written(copy / "audit.jsonl", "there", "and there")
    forked = lines(copy / "audit.jsonl")[-2:]
    content = lines(log)
    log.write_bytes(b"".join([*content, forked[1]]))
    assert ["audit.jsonl:9: forked", "audit.jsonl:9: forked"] == verify(log, old(log)).kinds
    log.write_bytes(b"".join([*content[:-1], *forked[1:]]))

    assert ["audit.jsonl:8: forked", "audit.jsonl:8: forked"] == verify(log, old(log)).kinds


def test_what_a_torn_line_left_cannot_be_taken_away(log: Path) -> None:
    """The record of it is a line of the chain; what it describes must be there as it was."""
    with log.open("ab") as stream:
        stream.write(b'{"seq":12')
    written(log, "j")
    assert ["audit.jsonl:7: torn"] == verify(log, old(log)).kinds
    content = lines(log)
    log.write_bytes(b"".join(content[:6] + content[7:]))
    assert ["audit.jsonl:7: altered"] == verify(log, old(log)).kinds
    log.write_bytes(b"".join([*content[:6], content[6].replace(b"12", b"13"), *content[7:]]))

    assert ["audit.jsonl:7: altered"] == verify(log, old(log)).kinds


def test_a_line_torn_in_an_older_log_is_told(log: Path) -> None:
    """A writer was killed, then the log was renamed: no writer came back to close the line."""
    change(old(log), lambda content: content + b'{"seq":6,"log"')

    verdict = verify(log, old(log))
    assert (1, ["audit.jsonl.1:6: torn"]) == (verdict.status, verdict.kinds)
    assert "no later line records it" in verdict.told[0]


def test_a_damaged_archive(log: Path) -> None:
    """A gzip file that ends too early, or whose middle was changed, is damage from that line on."""
    packed = log.with_name("audit.jsonl.1.gz")
    content = gzip.compress(old(log).read_bytes())
    packed.write_bytes(content[: len(content) // 2])
    assert any(kind.startswith("audit.jsonl.1.gz") and "damaged" in kind for kind in verify(log, packed).kinds)
    packed.write_bytes(content[:5])

    assert ["audit.jsonl.1.gz: damaged"] == verify(log, packed).kinds


def test_an_empty_old_log_is_nothing(log: Path) -> None:
    """Rotation on a day without calls."""
    log.with_name("audit.jsonl.2").touch()

    assert 0 == verify(log, old(log), log.with_name("audit.jsonl.2")).status


def test_lines_written_while_it_reads_do_not_count(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Head and size are read at one moment; what comes after is for the next run."""
    real = verifying.Verifier.read

    def read(self: verifying.Verifier, *arguments: object) -> None:
        with log.open("ab") as stream:
            stream.write(b"half a li")
        real(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(verifying.Verifier, "read", read)

    assert 0 == verify(log, old(log)).status


def test_a_verifier_does_not_wait_for_a_stuck_writer(log: Path) -> None:
    """The lock is held: after a while it reads without."""
    made = journal(log)
    moments = iter(range(10))
    with locked(head_of(log)):
        found = snapshot(log, lambda: float(next(moments)), lambda _: None)
    made.close()

    assert (head_of(log).read_bytes(), log.stat().st_size) == (found.head, found.size)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock of a file."""
    with path.open("rb") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def test_many_findings_are_counted_and_the_first_are_shown(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An audit in ruins does not fill the memory, nor the screen."""
    monkeypatch.setattr(findings, "MOST", 2)
    monkeypatch.setattr(verifying, "MOST_GAPS", 1)
    change_lines(log, lambda own: [own[0], own[2], own[4], own[1], own[1]])
    verdict = verify(log, old(log))

    assert ["audit.jsonl:2: missing", "audit.jsonl:4: repeated"] == verdict.kinds
    assert "and 3 more findings" in verdict.told
    assert "5 findings, 0 of them recorded by the service itself" == verdict.told[-1]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["missing.jsonl"], "cannot be read: No such file or directory"),
        (["."], "cannot be read: Is a directory"),
        (["--expect", "12:34"], "is not a head"),
        ([], "there is no audit log"),
    ],
)
def test_unusable_input(
    arguments: list[str], text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, log: Path
) -> None:
    """One clear line, which the command prints with status 2."""
    if not arguments:
        monkeypatch.setenv("TWITCH_CDS_AUDIT_FILE", str(tmp_path / "none" / "audit.jsonl"))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=text):
        verify(*(arguments if "--expect" not in arguments else [log, *arguments]))


def test_kill_9_loses_no_line_that_was_written(tmp_path: Path) -> None:
    """Four processes, five hundred lines each, each killed three times: the chain holds, and every line is there."""
    log = tmp_path / "audit.jsonl"
    with ThreadPoolExecutor(4) as pool:
        written_lines = list(pool.map(lambda writer: killed_writer(log, writer), "ABCD"))

    found = Counter((line.get("writer"), line.get("number")) for line in map(json.loads, proper(log)))
    acknowledged = {(writer, number) for writer, own in zip("ABCD", written_lines, strict=True) for number in own}
    assert 2000 == len(acknowledged)
    assert set() == acknowledged - set(found)
    assert 0 == verify(log, "--tolerate-recorded").status


def proper(log: Path) -> list[bytes]:
    """The lines of a log that are whole."""
    return [line for line in lines(log) if line.endswith(b'"}\n')]


def killed_writer(log: Path, writer: str) -> set[int]:
    """Write five hundred lines in four goes, the first three ended by force; the numbers said to be written."""
    done: set[int] = set()
    for goal in (120, 250, 390, 500):
        command = [sys.executable, audit_writer.__file__, str(log), KEY, writer, str(len(done)), str(500)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            for word in process.stdout:
                done.add(int(word))
                if len(done) == goal < 500:
                    process.kill()
    return done
