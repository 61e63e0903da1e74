"""`twitch-cds audit verify`: its options, its output and its exit status."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from cds.audit.chain import Seal, tip_of
from cds.audit.findings import Place, What, lines
from cds.audit.place import all_of, head_of, is_old, log_of
from cds.audit.reading import UNREADABLE, Source, pieces, size_of, snapshot, sources
from cds.audit.verify import Expected, Verifier
from cds.errors import UsageError
from cds.progress import working
from cds.secrecy import Secret
from cds.settings import Settings, environment, load

MEGABYTE = 1_000_000


class Options(NamedTuple):
    """What is verified: logs (the service's own if none is named), against heads that were noted elsewhere."""

    paths: tuple[str, ...] = ()
    expect: tuple[str, ...] = ()
    tolerate_recorded: bool = False


def run(
    options: Options,
    key_of: Callable[[Settings], Secret],
    seconds: Callable[[], float] = time.perf_counter,
) -> int:
    """Verify, and print findings and a summary; `key_of` finds the key of the hashes."""
    settings = load(environment())
    seal = Seal(key_of(settings))
    log = log_of(settings)
    paths = [Path(path) for path in options.paths] or all_of(log)
    if not paths:
        raise UsageError(f"{log}: there is no audit log")
    sizes = {path: size_of(path) for path in paths}
    live_logs = [path for path in paths if path == log or not is_old(path)] if options.paths else [log]
    started = seconds()
    with working("Verifying"):
        verifier, files = _verified(seal, sizes, live_logs, _noted(options.expect))
    sys.stdout.writelines(f"{line}\n" for line in _told(verifier, files, seconds() - started))
    failures = verifier.findings.count - (verifier.findings.recorded if options.tolerate_recorded else 0)
    return 1 if failures else 0


def _noted(texts: Iterable[str]) -> list[Expected]:
    """The heads that a person noted elsewhere."""
    expected = []
    for text in texts:
        tip = tip_of(text)
        if tip is None:
            raise UsageError(f"--expect {text}: is not a head; give it as printed in the summary, LOG:NUMBER:HASH")
        expected.append(Expected(tip, Place(0, f"--expect {text[:20]}…", 0)))
    return expected


def _verified(
    seal: Seal, sizes: dict[Path, int], live_logs: list[Path], expected: list[Expected]
) -> tuple[Verifier, int]:
    """Read all files against their heads and what was noted; the second is the number of files."""
    looks = {log: snapshot(log) for log in live_logs}
    files = sources({**sizes, **{log: look.size for log, look in looks.items() if log in sizes}}, seal)
    heads, unusable = _heads(seal, {head_of(log): look.head for log, look in looks.items()})
    verifier = Verifier(seal, [*heads, *expected], needs_ends=bool(live_logs))
    for place in unusable:
        verifier.findings.add(place, What.FOREIGN, "the head file was altered, or written with another key")
    for order, source in enumerate(files, 1):
        _read(verifier, order, source)
    verifier.end()
    return verifier, len(files)


def _heads(seal: Seal, texts: dict[Path, bytes | None]) -> tuple[list[Expected], list[Place]]:
    """What the head files name, and those that name nothing."""
    heads, unusable = [], []
    for path, text in texts.items():
        head = seal.read_head(text) if text else None
        if head is not None:
            heads.append(Expected(head.tip, Place(0, str(path), 0)))
        elif text:
            unusable.append(Place(0, str(path), 0))
    return heads, unusable


def _read(verifier: Verifier, order: int, source: Source) -> None:
    try:
        verifier.read(order, str(source.path), pieces(source))
    except UNREADABLE:
        verifier.damaged()


def _told(verifier: Verifier, files: int, seconds: float) -> Iterator[str]:
    """The findings, one a line, and the summary."""
    findings = verifier.findings
    reported = findings.in_order()
    yield from map(str, reported)
    if findings.count > len(reported):
        yield f"and {findings.count - len(reported)} more findings"
    size = verifier.bytes / MEGABYTE
    speed = f", {size / seconds:.0f} MB/s" if seconds > 0 else ""
    count = "1 file" if files == 1 else f"{files} files"
    yield f"{count}, {lines(verifier.lines)} proved, {size:.1f} MB in {seconds:.1f} s{speed}"
    if verifier.lines:
        yield f"first {verifier.first_at}, last {verifier.last_at}"
    for chain in verifier.chains.values():
        yield f"chain {chain.tip.log}: numbers {chain.first} to {chain.tip.seq}"
        yield f"head {chain.tip}"
    yield _verdict(verifier)


def _verdict(verifier: Verifier) -> str:
    count, count_recorded = verifier.findings.count, verifier.findings.recorded
    if count:
        return f"{count} finding{'' if count == 1 else 's'}, {count_recorded} of them recorded by the service itself"
    return "clean" if verifier.ends_are_known else "clean as far as given: the end is not proved without its head"
