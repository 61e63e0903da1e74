"""Follows an audit line by line: what was altered, lost or put elsewhere. Its memory does not grow with the audit."""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from cds.audit.chain import Link, Seal, Tip, fields_of
from cds.audit.findings import Findings, Place, What, lines, span
from cds.audit.stretch import Stretch

OPENED, RECOVERED = b',"kind":"opened"', b',"kind":"recovered"'
BLIND = frozenset({"head missing", "unreadable"})
MOST_GAPS = 100


class Gap(Struct):
    """Numbers that were passed over, `missing` of them not found since."""

    first: int
    last: int
    missing: int
    place: Place


class Chain(Struct):
    """How far one chain has been followed."""

    first: int
    tip: Tip
    place: Place
    gaps: list[Gap] = []


class Expected(Struct):
    """A line that must be there: named by a head file, or noted elsewhere by a person."""

    tip: Tip
    place: Place
    seen: bool = False


class Verifier:
    """Takes the files in the order of their numbers; `needs_ends` says that every chain's end must be known."""

    def __init__(self, seal: Seal, expected: Iterable[Expected] = (), *, needs_ends: bool = False) -> None:
        self._seal = seal
        self._expected = list(expected)
        self._watched = {line.tip.seq for line in self._expected}
        self._needs_ends = needs_ends
        self._stretch = Stretch(seal.id)
        self._doubt = 0
        self._file = Place(0, "", 0)
        self._number = 0
        self.findings = Findings()
        self.chains: dict[str, Chain] = {}
        self.lines = self.bytes = 0
        self.first_at = self.last_at = ""

    def read(self, order: int, name: str, pieces: Iterator[bytes]) -> None:
        """Follow one file to its end, which must be the end of a line."""
        self._file, self._number = Place(order, name, 0), 0
        is_new = True
        for piece in pieces:
            self._number += is_new
            is_new = piece.endswith(b"\n")
            self.bytes += len(piece)
            self._take(piece)
        if self._stretch.lines:
            self._doubt += self._stretch.close(self.findings)

    def damaged(self) -> None:
        """Note that the file cannot be read on from here."""
        self.findings.add(self._here(), What.DAMAGED, "the file cannot be read beyond this line")

    def end(self) -> None:
        """Report what never turned up."""
        for chain in self.chains.values():
            for gap in chain.gaps:
                self._report(gap)
        for line in self._expected:
            self._settle(line)
        for chain in self._open_ends() if self._needs_ends else ():
            text = f"no head says where chain {chain.tip.log} ends: lines after number {chain.tip.seq} may be missing"
            self.findings.add(chain.place, What.UNPROVEN, text)

    @property
    def ends_are_known(self) -> bool:
        """Whether something outside of the logs says where each chain ends."""
        return not self._open_ends()

    def _open_ends(self) -> list[Chain]:
        logs_with_end = {line.tip.log for line in self._expected}
        return [chain for log, chain in self.chains.items() if log not in logs_with_end]

    def _here(self) -> Place:
        return self._file._replace(line=self._number)

    def _take(self, piece: bytes) -> None:
        link = self._seal.link(piece)
        if link is None or not link.is_ours:
            self._stretch.add(self._here(), piece, link)
            return
        if self._stretch.lines or link.body.startswith(RECOVERED):
            self._close_stretch(link)
        self._follow(link)
        self._note(link)

    def _close_stretch(self, link: Link) -> None:
        record = fields_of(link.body) if link.body.startswith(RECOVERED) else None
        if self._stretch.lines:
            self._doubt += self._stretch.close(self.findings, record)
        else:
            self.findings.add(self._here(), What.ALTERED, "the torn line that this line records was taken away")

    def _follow(self, link: Link) -> None:
        chain = self.chains.get(link.tip.log)
        if chain is None:
            self._begin(link)
        elif link.tip.seq > chain.tip.seq:
            self._forward(chain, link)
        else:
            self._late(chain, link)
        self._doubt = 0

    def _begin(self, link: Link) -> None:
        """A chain's first line here opens a log; where it does not, lines before it are gone."""
        self.chains[link.tip.log] = Chain(link.tip.seq, link.tip, self._here())
        if link.tip.seq > 1 and not link.body.startswith(OPENED) and not self._doubt:
            text = f"the file begins with number {link.tip.seq}, which opens no log"
            self.findings.add(self._here(), What.CUT_START, text)

    def _forward(self, chain: Chain, link: Link) -> None:
        """The next line names the one before; lines that are there but altered are not missing as well."""
        skipped = link.tip.seq - chain.tip.seq - 1
        if skipped > self._doubt:
            self._gap(chain, Gap(chain.tip.seq + 1, link.tip.seq - 1, skipped - self._doubt, self._here()))
        elif not skipped and link.prev != chain.tip.hash:
            self.findings.add(
                self._here(), What.FORKED, f"number {link.tip.seq} follows another line than the one before"
            )
        chain.tip = link.tip

    def _gap(self, chain: Chain, gap: Gap) -> None:
        chain.gaps.append(gap)
        if len(chain.gaps) > MOST_GAPS:
            self._report(chain.gaps.pop(0))

    def _report(self, gap: Gap) -> None:
        if gap.missing:
            text = f"{lines(gap.missing)} before this one: number {span(gap.first, gap.last)}"
            self.findings.add(gap.place, What.MISSING, text)

    def _late(self, chain: Chain, link: Link) -> None:
        """A line with a number that was passed over was moved; any other one is there twice."""
        seq = link.tip.seq
        gap = next((gap for gap in chain.gaps if gap.first <= seq <= gap.last), None)
        if gap is not None and gap.missing:
            gap.missing -= 1
            self.findings.add(self._here(), What.REORDERED, f"number {seq} comes after number {chain.tip.seq}")
        elif link.tip.seq == chain.tip.seq and link.tip != chain.tip:
            self.findings.add(self._here(), What.FORKED, f"number {seq} differs from the earlier line {seq}")
        else:
            self.findings.add(self._here(), What.REPEATED, f"number {seq} was there before")

    def _note(self, link: Link) -> None:
        """Count the line, and read what it says of losses and of heads."""
        self.lines += 1
        self.last_at = link.at
        self.first_at = self.first_at or link.at
        if link.lost:
            text = f"{lines(link.lost)} before this one could not be written, as it records"
            self.findings.add(self._here(), What.LOST, text, is_recorded=True)
        if link.body.startswith(OPENED) and fields_of(link.body)["why"] in BLIND:
            text = "there was no usable head when this line was written: lines before it may have been cut off"
            self.findings.add(self._here(), What.UNPROVEN, text)
        if link.tip.seq in self._watched:
            self._compare(link.tip)

    def _compare(self, tip: Tip) -> None:
        for line in self._expected:
            if (line.tip.log, line.tip.seq) == (tip.log, tip.seq):
                line.seen = True
                if line.tip.hash != tip.hash:
                    self.findings.add(
                        self._here(), What.FORKED, f"{line.place} names another line for number {tip.seq}"
                    )

    def _settle(self, line: Expected) -> None:
        """A line that must be there and is not: beyond the end, before the start, or of a chain not given."""
        chain = self.chains.get(line.tip.log)
        if line.seen:
            return
        if chain is None:
            self.findings.add(
                line.place, What.MISSING, f"no line of chain {line.tip.log} is there; it has {line.tip.seq}"
            )
        elif line.tip.seq < chain.first:
            text = f"number {line.tip.seq} is older than what was given, which begins with number {chain.first}"
            self.findings.add(line.place, What.CUT_START, text)
        elif line.tip.seq - chain.tip.seq > self._doubt:
            text = f"{lines(line.tip.seq - chain.tip.seq - self._doubt)} after number {chain.tip.seq}"
            self.findings.add(self._here(), What.CUT_END, text)
