"""What the web needs from those behind it: the shapes only, so that a test can hand in fakes."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from cards.topics import Topic
from cds.account import Caller, FeedbackItem
from cds.hook_handler import Reply
from cds.knowledge.basis import Row
from cds.knowledge.load import Knowledge
from cds.modes import Modes
from cds.shadow.wire import Question


class Answering(Protocol):
    """What is offered, and what it was built from (`cds.call.Engine`)."""

    @property
    def knowledge(self) -> Knowledge:
        """The clinical facts."""

    @property
    def knowledge_version(self) -> str:
        """The version of the clinical facts."""

    @property
    def switched_off(self) -> tuple[Topic, ...]:
        """The cards that this site does not show."""

    @property
    def service_ids(self) -> frozenset[str]:
        """The ids that discovery lists."""

    def basis(self, topic: str) -> Sequence[Row]:
        """The limits and windows behind one card."""

    def discovery(self, modes: Modes) -> bytes:
        """The JSON of `GET /cds-services`, for a client with these modes."""


class Handling(Protocol):
    """Answers one hook call from bytes to bytes (`cds.hook_handler.HookHandler`)."""

    async def answer(self, service_id: str, body: bytes, caller: Caller) -> Reply:
        """Status, JSON and account; never raises for input."""


class Shadowing(Protocol):
    """Asks a candidate the same (`cds.shadow.shadow.Shadow`)."""

    @property
    def is_up(self) -> bool:
        """Whether charts are compared."""

    def offer(self, client: str, question: Question, live: bytes) -> None:
        """Hand over one call with its answer; never blocks, never raises."""


class Keeping(Protocol):
    """Keeps feedback (`cds.store.memory.Memory`)."""

    @property
    def is_up(self) -> bool:
        """Whether the database did what it was last asked to do."""

    async def keep(self, caller: Caller, service_id: str, items: Sequence[FeedbackItem]) -> None:
        """Keep all items, on disk when it returns; raises NotKept."""


class Recording(Protocol):
    """Writes the audit (`cds.audit.journal.Journal`)."""

    @property
    def is_up(self) -> bool:
        """Whether the last line could be written."""

    def write(self, line: Mapping[str, object]) -> None:
        """Append one line before the answer goes out; never raises."""
