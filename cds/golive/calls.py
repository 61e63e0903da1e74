"""What the audit says of a client's calls in silent mode and in a pilot: only lines that the key proves count."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime, tzinfo
from pathlib import Path

import msgspec
from msgspec import Struct, field

from cds.audit.chain import Link, Seal
from cds.audit.reading import UNREADABLE, Source, pieces, size_of, sources
from cds.audit.verify import Verifier
from cds.modes import Mode

CALL = b',"kind":"call",'
TRIED = (Mode.SILENT.value, Mode.PILOT.value)


class Card(Struct, frozen=True):
    """A card of a call, shown or held back."""

    uuid: str
    emergency: bool = False


class AuditedCall(Struct, frozen=True, rename="camel"):
    """What is read of a call."""

    client: str = ""
    status: int = 0
    ms: float = 0.0
    mode: str = Mode.ON.value
    cards: list[Card] = []
    withheld: list[Card] = []
    not_checked: list[str] = []
    unread: dict[str, int] = {}


class Calls(Struct, kw_only=True):
    """The sums. `findings`: what is wrong with the audit that they rest on."""

    count: int = 0
    cards: int = 0
    not_checked: int = 0
    unread: int = 0
    open_questions: int = 0
    failures: int = 0
    findings: int = 0
    emergencies: set[str] = field(default_factory=set)
    times: Counter[float] = field(default_factory=Counter)

    def add(self, line: AuditedCall) -> None:
        """Count one call."""
        cards = (*line.cards, *line.withheld)
        self.count += 1
        self.cards += len(cards)
        self.not_checked += bool(line.not_checked)
        self.unread += bool(line.unread)
        self.open_questions += line.status == 412
        self.failures += line.status >= 500
        self.emergencies |= {card.uuid for card in cards if card.emergency}
        self.times[round(line.ms, 1)] += 1

    @property
    def p99(self) -> float | None:
        """The time in which 99 of 100 calls were answered, in milliseconds to a tenth; nothing of no calls."""
        rank, reached = -(-self.count * 99 // 100), 0
        for ms, count in sorted(self.times.items()):
            reached += count
            if reached >= rank:
                return ms
        return None


class Days(Struct, frozen=True):
    """The days that count, by the calendar of the site."""

    since: date
    until: date | None
    zone: tzinfo

    def hold(self, moment: datetime) -> bool:
        """Whether a moment is within them."""
        day = moment.astimezone(self.zone).date()
        return self.since <= day and (self.until is None or day <= self.until)


def count_calls(paths: Sequence[Path], seal: Seal, client: str, days: Days) -> Calls:
    """Read all logs once."""
    calls, verifier = Calls(), Verifier(seal)
    for order, source in enumerate(sources({path: size_of(path) for path in paths}, seal)):
        try:
            verifier.read(order, str(source.path), _counted(source, seal, client, days, calls))
        except UNREADABLE:
            verifier.damaged()
    verifier.end()
    calls.findings += verifier.findings.count
    return calls


def _counted(source: Source, seal: Seal, client: str, days: Days, calls: Calls) -> Iterator[bytes]:
    """The lines of a file, counted as they go by."""
    for piece in pieces(source):
        link = seal.link(piece)
        if link is not None and link.is_ours and link.body.startswith(CALL):
            line = _line(link)
            calls.findings += not line.client  # too long to be written whole: nobody knows whose it was
            if line.client == client and line.mode in TRIED and days.hold(datetime.fromisoformat(link.at)):
                calls.add(line)
        yield piece


def _line(link: Link) -> AuditedCall:
    return msgspec.json.decode(b"{%b}" % link.body[1:], type=AuditedCall)
