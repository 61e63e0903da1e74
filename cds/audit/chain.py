"""The chain: each line carries a number, the hash of the line before, and its own hash, made with a key.

A line is one JSON object in ASCII: `{"seq":…,"log":…,"at":…,"prev":…` first, then what it says, `,"hash":…}` last. The
hash is HMAC-SHA-256 (RFC 2104) over the bytes before `,"hash"`: whoever lacks the key can neither alter a line nor
chain the rest anew.
"""

import json
import re
from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from cds.keyed import Keyed
from cds.secrecy import Secret

NO_HASH = "0" * 64
LONGEST = 256 * 1024
HEAD_SIZE = 192
RESERVED = frozenset({"seq", "log", "at", "prev", "lost", "hash"})
_TIP = r"([0-9a-f]{8}):([1-9][0-9]{0,17}):([0-9a-f]{64})"
_HEAD = re.compile(rf"({_TIP} ([0-9]+):([0-9]+)) ([0-9a-f]{{64}}) *\n".encode())
_LINE = re.compile(
    rb'(\{"seq":([1-9][0-9]{0,17}),"log":"([0-9a-f]{8})","at":"([0-9T:.+-]{1,40})","prev":"([0-9a-f]{64})"'
    rb'(?:,"lost":([1-9][0-9]{0,17}))?(.*)),"hash":"([0-9a-f]{64})"\}\n'
)
_TIGHT = (",", ":")
_encoder = msgspec.json.Encoder(enc_hook=str)


class Tip(NamedTuple):
    """The last line of a chain: which chain (a random id for each machine's log), its number, its hash."""

    log: str
    seq: int
    hash: str

    def __str__(self) -> str:
        return f"{self.log}:{self.seq}:{self.hash}"


class Link(NamedTuple):
    """A line as its chain sees it; `lost` lines before it could not be written, `body` is what it says."""

    tip: Tip
    at: str
    prev: str
    lost: int
    body: bytes
    is_ours: bool


class Head(NamedTuple):
    """What the head file says: the last line, the inode of the log that holds it, and the size of that log then."""

    tip: Tip
    inode: int
    end: int


class Seal:
    """What only the holder of the key can do: seal lines and heads, and tell sealed ones from others."""

    def __init__(self, key: Secret) -> None:
        self._line = _derived(key, "line")
        self._head = _derived(key, "head")
        self.id = _derived(key, "id").of(b"")[:8]

    def line(self, tip: Tip, at: str, body: bytes, lost: int = 0) -> tuple[bytes, Tip]:
        """The line after a tip, and the new tip; the body is the inside of a JSON object."""
        count = f',"lost":{lost}' if lost else ""
        start = f'{{"seq":{tip.seq + 1},"log":"{tip.log}","at":"{at}","prev":"{tip.hash}"{count},'.encode() + body
        sealed = self._line.of(start)
        return b'%b,"hash":"%b"}\n' % (start, sealed.encode()), Tip(tip.log, tip.seq + 1, sealed)

    def link(self, line: bytes) -> Link | None:
        """Read a line with its line break; None if it has not the form of one."""
        match = _LINE.fullmatch(line)
        if match is None:
            return None
        start, seq, log, at, prev, lost, body, sealed = match.groups()
        word = sealed.decode()
        tip = Tip(log.decode(), int(seq), word)
        is_ours = self._line.of(start) == word
        return Link(tip, at.decode(), prev.decode(), int(lost or 0), body, is_ours)

    def head(self, head: Head) -> bytes:
        """The content of the head file, of one size always, so that it is overwritten at a stroke."""
        text = f"{head.tip} {head.inode}:{head.end}"
        return f"{text} {self._head.of(text.encode())}".ljust(HEAD_SIZE - 1).encode() + b"\n"

    def read_head(self, text: bytes) -> Head | None:
        """Read a head file; None if it was not written with this key."""
        match = _HEAD.fullmatch(text) if len(text) == HEAD_SIZE else None
        if match is None or self._head.of(match[1]) != match[7].decode():
            return None
        log, seq, word, inode, end = (match[place].decode() for place in range(2, 7))
        return Head(Tip(log, int(seq), word), int(inode), int(end))


def tip_of(text: str) -> Tip | None:
    """Read a tip as a person noted it."""
    match = re.fullmatch(_TIP, text)
    return Tip(match[1], int(match[2]), match[3]) if match else None


def body_of(line: Mapping[str, object]) -> bytes:
    """The inside of a line's JSON object: ASCII without control characters, so that no value can break the line."""
    if not RESERVED.isdisjoint(line):
        line = {f"{name}_" if name in RESERVED else name: value for name, value in line.items()}
    body = _encoded(line)[1:-1]
    if len(body) > LONGEST:
        return _encoded({"kind": str(line.get("kind"))[:64], "tooLong": len(body)})[1:-1]
    return body or b'"kind":null'


def fields_of(body: bytes) -> dict[str, object]:
    """What a line's body says."""
    return dict(json.loads(b"{%b}" % body.removeprefix(b",")))


def _encoded(line: Mapping[str, object]) -> bytes:
    """JSON in ASCII; half a surrogate pair, which JSON can carry and UTF-8 cannot, stays an escape."""
    try:
        text = _encoder.encode(line)
    except UnicodeEncodeError:
        return json.dumps(line, default=str, separators=_TIGHT).encode()
    return text if text.isascii() else json.dumps(json.loads(text), separators=_TIGHT).encode()


def _derived(key: Secret, use: str) -> Keyed:
    """A key of its own for each use."""
    return Keyed(bytes.fromhex(Keyed(key.reveal().encode()).of(f"twitch-cds audit {use} v1".encode())))
