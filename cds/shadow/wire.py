"""What the processes of a shadow say to each other: MessagePack, each message after its length. None of it is kept."""

import struct
from collections.abc import Mapping
from datetime import datetime
from typing import TypeVar

import msgspec
from msgspec import Raw, Struct

LENGTH = struct.Struct(">I")
LONGEST_NAME = 64
MOST_NAMES = 2_000
T = TypeVar("T")


class TooLong(Exception):  # noqa: N818 - it says what is the matter
    """A message is longer than whoever reads it takes."""


class Fetched(Struct, frozen=True, kw_only=True):
    """One prefetch key as it was fetched for the live call: the answers of the FHIR server, and what is missing."""

    pages: tuple[bytes, ...] = ()
    state: str
    reason: str = ""
    unread: dict[str, str] = {}
    truncated: bool = False


class Question(Struct, frozen=True, kw_only=True):
    """One call as the live engine read it: the body, what was fetched, and what the database said of repeats."""

    service: str
    body: bytes
    at: datetime
    answered: Mapping[str, datetime] = {}
    shown: Mapping[str, datetime] = {}
    fetched: Mapping[str, Fetched] = {}
    patient_users: bool = False
    many_actions: bool = False
    smart: bool = False


class Offer(Struct, frozen=True, kw_only=True):
    """A question beside its live answer: what a worker hands over."""

    client: str
    service: str
    question: Question
    live: bytes


class ReceivedOffer(Struct, frozen=True, kw_only=True):
    """The same as it arrives; the question goes on as it came."""

    client: str
    service: str
    question: Raw
    live: bytes


class Hello(Struct, frozen=True, kw_only=True):
    """What a candidate says before it has seen any chart: its versions, and the names that its cards may bear."""

    software: str
    knowledge: str
    names: tuple[str, ...]

    @property
    def is_fit(self) -> bool:
        """Whether nothing in it is longer, and no more, than versions and names are."""
        words = (self.software, self.knowledge, *self.names)
        return len(words) <= MOST_NAMES and all(len(word) <= LONGEST_NAME and word.isprintable() for word in words)


class CandidateReply(Struct, frozen=True, kw_only=True):
    """What a candidate says to a question: its answer, or that it refuses the call."""

    body: bytes = b""
    refused: bool = False


class Count(Struct, frozen=True, kw_only=True):
    """How often something happened. Without a card: to the call or the candidate itself; `reason` is a flag or tag."""

    change: str
    number: int
    client: str = ""
    service: str = ""
    topic: str = ""
    reason: str = ""


class Report(Struct, frozen=True, kw_only=True):
    """What was counted since the last report, and of which candidate."""

    counts: tuple[Count, ...] = ()
    software: str = ""
    knowledge: str = ""
    is_given_up: bool = False


_ENCODER = msgspec.msgpack.Encoder()


def framed(message: Struct) -> bytearray:
    """A message after its length, in one piece."""
    buffer = bytearray(LENGTH.size)
    _ENCODER.encode_into(message, buffer, LENGTH.size)
    LENGTH.pack_into(buffer, 0, len(buffer) - LENGTH.size)
    return buffer


class Frames:
    """Cuts what arrives into messages."""

    def __init__(self, most: int) -> None:
        """`most`: bytes of one message; a longer one is refused as soon as its length is known."""
        self._most = most
        self._buffer = bytearray()

    def take(self, piece: bytes) -> list[bytes]:
        """The messages that are whole now; raises TooLong."""
        self._buffer += piece
        messages = []
        while len(self._buffer) >= LENGTH.size:
            (length,) = LENGTH.unpack_from(self._buffer)
            if length > self._most:
                raise TooLong
            end = LENGTH.size + length
            if len(self._buffer) < end:
                break
            messages.append(bytes(self._buffer[LENGTH.size : end]))
            del self._buffer[:end]
        return messages
