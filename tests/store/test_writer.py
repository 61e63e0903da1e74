"""The background writer: batches, patience, losses that are counted, and a quick end."""

import threading
from collections.abc import Callable, Iterator, Sequence

import pytest
from store_samples import entry, shown

from cds.store.rows import Entry
from cds.store.writer import Kept, Pace, Writer

QUICK = Pace(linger=0.0, patience=0.05, first_pause=0.001, longest_pause=0.002, heartbeat=0.01, farewell=10)


class Book:
    """What was written and lost; `fault` may raise."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.lost: list[str] = []
        self.beats = 0
        self.beaten = threading.Event()
        self.fault: Callable[[], None] = lambda: None

    def write(self, entries: Sequence[Kept]) -> None:
        self.fault()
        self.batches.append(
            [card.uuid for entry in entries if isinstance(entry, Entry) for card in entry.account.cards]
        )

    def lose(self, entries: Sequence[Kept]) -> None:
        self.lost += [card.uuid for entry in entries if isinstance(entry, Entry) for card in entry.account.cards]

    def beat(self) -> None:
        self.beats += 1
        if self.beats == 3:
            self.beaten.set()
        if self.beats == 1:
            raise ValueError("no reason to end")

    @property
    def written(self) -> list[str]:
        return [card for batch in self.batches for card in batch]


@pytest.fixture
def book() -> Book:
    """An empty book."""
    return Book()


@pytest.fixture
def open_writer(book: Book) -> Iterator[Callable[[Pace], Writer]]:
    """Make a writer into the book; it is closed at the end."""
    made: list[Writer] = []

    def make(pace: Pace) -> Writer:
        made.append(Writer(book.write, book.lose, book.beat, pace))
        return made[-1]

    yield make
    for writer in made:
        writer.close()


def fail() -> None:
    """The database is away."""
    raise RuntimeError("row of patient 4711") from OSError("4711")


def test_what_waits_is_written_in_batches(book: Book, open_writer: Callable[[Pace], Writer]) -> None:
    """In order, so many at once at most."""
    writer = open_writer(Pace(linger=0.0, batch=2))
    for number in range(5):
        writer.put(entry(shown(f"c{number}")))
    writer.start()

    assert writer.flush(30)
    assert [["c0", "c1"], ["c2", "c3"], ["c4"]] == book.batches
    assert writer.is_well


def test_a_moment_is_waited_for_more(book: Book, open_writer: Callable[[Pace], Writer]) -> None:
    """Calls that come one shortly after the other make one batch."""
    writer = open_writer(Pace(linger=0.3))
    writer.start()
    writer.put(entry(shown("c1")))
    writer.put(entry(shown("c2")))

    assert writer.flush(30)
    assert [["c1", "c2"]] == book.batches


def test_a_database_that_comes_back_in_time_loses_nothing(book: Book, open_writer: Callable[[Pace], Writer]) -> None:
    """The batch is tried again."""
    tries: list[int] = []

    def twice() -> None:
        tries.append(1)
        if len(tries) <= 2:
            fail()

    book.fault = twice
    writer = open_writer(Pace(linger=0.0, first_pause=0.001))
    writer.start()
    writer.put(entry(shown("c1")))

    assert writer.flush(30)
    assert (["c1"], [], 3, True) == (book.written, book.lost, len(tries), writer.is_well)


def test_what_cannot_be_written_for_long_is_lost_and_told_once(
    book: Book, open_writer: Callable[[Pace], Writer], caplog: pytest.LogCaptureFixture
) -> None:
    """Once for each time that the database is away, with the kind of problem and without its words."""
    writer = open_writer(QUICK)
    writer.start()
    for fault in (fail, fail, lambda: None, fail):
        book.fault = fault
        writer.put(entry(shown("c1")))
        assert writer.flush(30)

    assert (["c1"], ["c1"] * 3, False) == (book.written, book.lost, writer.is_well)
    assert [{"reason": "OSError"}] * 2 == [record.fields for record in caplog.records]  # type: ignore[attr-defined]
    assert "4711" not in caplog.text


def test_more_than_may_wait_is_lost_at_once(
    book: Book, open_writer: Callable[[Pace], Writer], caplog: pytest.LogCaptureFixture
) -> None:
    """The calls are not held up, and the memory is not filled."""
    writer = open_writer(Pace(linger=0.0, most_waiting=2))
    for number in range(4):
        writer.put(entry(shown(f"c{number}")))
    well = writer.is_well
    writer.start()

    assert writer.flush(30)
    assert (["c0", "c1"], ["c2", "c3"], False) == (book.written, book.lost, well)
    assert [{"reason": "too many at once"}] == [record.fields for record in caplog.records]  # type: ignore[attr-defined]


def test_a_flush_that_takes_too_long_says_so(open_writer: Callable[[Pace], Writer]) -> None:
    """Here nobody writes."""
    assert not open_writer(QUICK).flush(0.01)


def test_the_end_writes_what_is_left(book: Book, open_writer: Callable[[Pace], Writer]) -> None:
    """Without waiting for more."""
    writer = open_writer(Pace(linger=60, batch=1))
    writer.start()
    for number in range(3):
        writer.put(entry(shown(f"c{number}")))
    writer.close()

    assert ["c0", "c1", "c2"] == book.written


def test_the_end_does_not_wait_for_a_database_that_is_away(book: Book, open_writer: Callable[[Pace], Writer]) -> None:
    """What it does not take at once is lost."""
    book.fault = fail
    writer = open_writer(Pace(linger=0.0, patience=600, first_pause=600, longest_pause=600))
    writer.start()
    writer.put(entry(shown("c1")))
    writer.close()

    assert ([], ["c1"]) == (book.written, book.lost)


def test_the_writer_looks_after_the_store_now_and_then(book: Book, open_writer: Callable[[Pace], Writer]) -> None:
    """Whatever happens there."""
    open_writer(QUICK).start()

    assert book.beaten.wait(600)


def test_a_writer_that_never_began_can_be_closed(open_writer: Callable[[Pace], Writer]) -> None:
    """As after a start that failed."""
    writer = open_writer(QUICK)
    writer.close()

    assert writer.is_well
