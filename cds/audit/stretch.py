"""Lines in a row that the key does not prove: altered ones, another key's, or what a torn line left behind."""

import hashlib
import re

from cds.audit.chain import Link
from cds.audit.findings import Findings, Place, What, span
from cds.audit.tail import CLOSER, SHORT

_OPENED_BY = re.compile(rb',"kind":"opened",.*"key":"([0-9a-f]{8})"')


class Stretch:
    """Grows line by line, and ends in one finding; nothing of the lines is kept."""

    def __init__(self, key: str) -> None:
        self._key = key.encode()
        self._foreign = ""
        self._clear()

    def _clear(self) -> None:
        self._first = self._last = Place(0, "", 0)
        self._shaped = self._size = 0
        self._digest = hashlib.sha256()
        self._is_foreign = self._is_open = False
        self.lines = 0

    def add(self, place: Place, piece: bytes, link: Link | None) -> None:
        """Take one more line, or a piece of a very long one."""
        if not self.lines:
            self._first = place
        self.lines += place != self._last
        self._last = place
        self._size += len(piece)
        self._digest.update(piece)
        self._is_open = not piece.endswith(b"\n")
        if link is not None:
            self._shaped += 1
            self._look(link)

    def _look(self, link: Link) -> None:
        """An opening line names the key of the lines after it."""
        opened = _OPENED_BY.match(link.body)
        if opened is not None and opened[1] != self._key:
            self._foreign = link.tip.log
        self._is_foreign |= self._foreign == link.tip.log

    def close(self, findings: Findings, record: dict[str, object] | None = None) -> int:
        """Report it, and tell how many lines of the chain it may be; `record` is what the next line says of it."""
        torn = record is not None and self._is(record)
        doubt = 0 if torn else self.lines - self._is_open
        where = span(self._first.line, self._last.line)
        if self._shaped and not (self._is_open and self.lines == 1):
            kind = What.FOREIGN if self._is_foreign else What.ALTERED
            findings.add(self._first, kind, f"line {where} is not proved by this key")
        elif torn:
            text = f"{self._size - len(CLOSER)} bytes of a line that could not be finished, as the next line records"
            findings.add(self._first, What.TORN, text, is_recorded=True)
        elif self._is_open and self.lines == 1:
            text = f"{self._size} bytes of a line that was not finished, or was cut; no later line records it"
            findings.add(self._first, What.TORN, text)
        else:
            findings.add(self._first, What.ALTERED, f"line {where} is not a line of an audit")
        self._clear()
        return doubt

    def _is(self, record: dict[str, object]) -> bool:
        """Whether these are the bytes that a writer found, and closed."""
        size_and_digest = (self._size - len(CLOSER), self._digest.hexdigest()[:SHORT])
        return size_and_digest == (record.get("bytes"), record.get("digest"))
