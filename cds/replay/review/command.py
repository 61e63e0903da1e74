"""`twitch-cds review`: the sample, the pages on loopback, and what two reviewers came to."""

import fcntl
import logging
import os
import secrets
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, TypeVar

import msgspec

from cds.call import Engine, build_engine
from cds.errors import UsageError, reason_of
from cds.evaluate.places import whole_name
from cds.keyed import fingerprint
from cds.progress import working
from cds.replay import keep
from cds.replay.manifest import NAME, Manifest, inputs
from cds.replay.names import Names
from cds.replay.parts import Part, parts
from cds.replay.review.again import Again
from cds.replay.review.app import Pages, create_app
from cds.replay.review.cases import Showing
from cds.replay.review.strata import known, strata
from cds.replay.sections import WORDS
from cds.review.record import FILE, Review, read_review
from cds.review.results import results_of
from cds.review.sample import draw, most
from cds.review.table import lines
from cds.settings import Settings, environment, load
from cds.store.keys import known_key
from cds.web.heads import Config
from cds.web.process import Server, config_of

HOST, NAMES = "127.0.0.1", ("127.0.0.1", "localhost")
USUAL = 100
LOCK = ".review.lock"
CHANGED = (
    "The files of the export have changed since the replay. Items with a different result are left out and listed."
)
NEW_VERSION = (
    "The clinical knowledge has changed since the replay. Items with a different result are left out and listed."
)
T = TypeVar("T")


class Options(NamedTuple):
    """The folder of a replay; what is drawn from it; who reviews."""

    folder: str
    sample: int | None = None
    seed: int | None = None
    reviewer: str = ""
    export: str = ""
    port: int = 0
    result: bool = False
    json: bool = False


class Chance(NamedTuple):
    """What cannot be guessed: the path of the pages, and a seed where none is given."""

    secret: Callable[[], str] = lambda: secrets.token_urlsafe(24)
    seed: Callable[[], int] = lambda: secrets.randbelow(2**31)


class Book:
    """`review.json` of a folder: several processes may change it; each change is on disk, and whole."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self) -> Review:
        """As it is now; raises UsageError."""
        review = read_review(self._folder)
        if review is None:
            raise UsageError(f"{self._folder}: no review was started in it")
        return review

    def change(self, how: Callable[[Review], T]) -> T:
        """Change it, and keep that; raises OSError."""
        with self._alone():
            review = self.read()
            came_to = how(review)
            keep.put_json(self._folder / FILE, review)
        return came_to

    def begin(self, new: Callable[[], Review]) -> Review:
        """The review that is there, or a new one."""
        with self._alone():
            review = read_review(self._folder)
            if review is None:
                review = new()
                keep.put_json(self._folder / FILE, review)
        return review

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with open(self._folder / LOCK, "wb", opener=_for_its_owner) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


class Announcing(Server):
    """Says its address as soon as it answers."""

    def __init__(self, config: Config, address: str, announce: Callable[[str], None]) -> None:
        super().__init__(config, drain_seconds=0.0)
        self._address, self._announce = address, announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then say so."""
        await super().startup(sockets)
        self._announce(self._address)

    def drain(self) -> None:
        """Nobody else needs to know: there is no load balancer in front of it."""


def _say(address: str) -> None:
    sys.stdout.write(f"{address}\n")
    sys.stdout.flush()


CHANCE = Chance()


def run(options: Options, chance: Chance = CHANCE, announce: Callable[[str], None] = _say) -> None:
    """Serve the pages until Ctrl-C, or with `result` print what the reviewers came to."""
    logging.getLogger("cds").addHandler(logging.NullHandler())
    folder = Path(options.folder).absolute()
    manifest = manifest_of(folder)
    if options.result:
        results = results_of(Book(folder).read())
        output = msgspec.json.encode(results).decode() if options.json else "\n".join(lines(results))
        sys.stdout.write(f"{output}\n")
    else:
        _serve(options, folder, manifest, chance, announce)


def _serve(options: Options, folder: Path, manifest: Manifest, chance: Chance, announce: Callable[[str], None]) -> None:
    settings = load(environment())
    with _listening(options.port) as listener:
        secret = chance.secret()
        try:
            pages = prepared(options, folder, manifest, settings, secret, chance.seed)
        except OSError as problem:
            raise UsageError(f"{problem.filename or folder}: {reason_of(problem)}") from problem
        addresses = [f"{name}:{listener.getsockname()[1]}" for name in NAMES]
        app = create_app(pages, secret, addresses)
        server = Announcing(config_of(app, settings), f"http://{addresses[0]}/{secret}/", announce)
        server.run(sockets=[listener])


def _listening(port: int) -> socket.socket:
    try:
        return socket.create_server((HOST, port))
    except OSError as problem:
        raise UsageError(f"--port {port}: {os.strerror(problem.errno or 0)}") from problem


def manifest_of(folder: Path) -> Manifest:
    """The manifest of a replay that is finished. Raises UsageError."""
    try:
        manifest = keep.read(folder / NAME, Manifest)
    except OSError as problem:
        raise UsageError(f"{folder}: contains no replay: its {NAME} cannot be read: {reason_of(problem)}") from problem
    except msgspec.DecodeError as problem:
        raise UsageError(f"{folder}: its {NAME} was not written by this version") from problem
    if not manifest.done:
        raise UsageError(f"{folder}: its replay is not finished. Run twitch-cds replay again to continue")
    return manifest


def prepared(
    options: Options, folder: Path, manifest: Manifest, settings: Settings, secret: str, seed: Callable[[], int]
) -> Pages:
    """Draw the sample, or take up the one that is there; read its charts; and make the pages."""
    key = known_key(settings)
    if fingerprint(key) != manifest.hash_key:
        raise UsageError(f"{folder}: was made with another hash key, so its visits cannot be found in the export")
    export = options.export or manifest.export
    if not export:
        raise UsageError(f"{folder}: its manifest names no export. Give it with --export")
    export_parts, problems = parts(whole_name(export))
    if not export_parts:
        raise UsageError("; ".join(f"{problem.input}: {problem.text}" for problem in problems))
    book = Book(folder)
    review = book.begin(lambda: _drawn(options, folder, seed))
    _check(options, review)
    engine = build_engine(settings)
    again = Again(engine, settings, Names(key.reveal()), manifest)
    with working("Reading the export", 2 * sum(part.size for part in export_parts)) as work:
        try:
            cases, changed = again.cases(export_parts, known(folder, review.items), work.advance)
        finally:
            again.close()
    book.change(lambda now: _taken_up(now, options.reviewer, changed))
    titles = WORDS["outcomes"] | {topic.value: entry.title for topic, entry in engine.words.topics.items()}
    notices = tuple(_notices(manifest, engine, export, export_parts))
    return Pages(book, cases, Showing(engine.knowledge, titles), f"/{secret}", notices, _name(options.reviewer))


def _for_its_owner(path: str, flags: int) -> int:
    return os.open(path, flags, keep.OWNER_ONLY)


def _name(name: str) -> str:
    return " ".join(name.split())


def _drawn(options: Options, folder: Path, seed: Callable[[], int]) -> Review:
    """A new sample."""
    cards, silent = strata(folder)
    if not cards:
        raise UsageError(f"{folder}: no card was shown in this replay, so there is none to review")
    size, number = options.sample or USUAL, most(cards, silent)
    if size > number:
        sys.stderr.write(f"twitch-cds: --sample {size}: there are only {number}; all of them are drawn\n")
    seed_number = seed() if options.seed is None else options.seed
    return Review(seed=seed_number, asked=size, items=draw(cards, silent, size, seed_number))


def _check(options: Options, review: Review) -> None:
    """Another sample than the one that is under way would throw judgements away."""
    for name, option, known_as in (("sample", options.sample, review.asked), ("seed", options.seed, review.seed)):
        if option is not None and option != known_as:
            raise UsageError(
                f"--{name} {option}: a review of a sample of {review.asked} with seed {review.seed} is in progress. "
                f"Continue without --{name}, or move {FILE} away"
            )


def _taken_up(review: Review, reviewer: str, changed: dict[str, str]) -> None:
    """Take a reviewer in, and note what the export no longer gives; what was judged before stays judged."""
    if reviewer:
        review.admit(reviewer)
    review.changed = changed


def _notices(manifest: Manifest, engine: Engine, export: str, export_parts: list[Part]) -> Iterator[str]:
    if inputs(whole_name(export), export_parts).digest != manifest.inputs.digest:
        yield CHANGED
    if engine.knowledge_version != manifest.knowledge:
        yield NEW_VERSION
