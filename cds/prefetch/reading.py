"""One prefetch key while it is being fetched: what has arrived so far, and why it stopped."""

from cds.errors import TooManyEntries
from cds.fhir import bundle
from cds.fhir.allowance import Allowance
from cds.fhir.bundle import Feed
from cds.fhir.references import parts
from cds.fhir.resources import Any
from cds.prefetch.client import TOO_LARGE, Answer
from cds.prefetch.scopes import Access
from cds.prefetch.supply import FORBIDDEN, PARTIAL, REFUSALS, State, Supply, cut_reason
from cds.prefetch.templates import Ask
from cds.prefetch.visit import Visit

NOT_GRANTED, PARTLY_GRANTED = "not-granted", "partly-granted"
PAGE_LIMIT, UNREADABLE = "page-limit", "unreadable"


class Reading:
    """Joins pages to what is held. Whenever it is interrupted, `supply` says what there is."""

    def __init__(self, supply: Supply) -> None:
        self.earlier = supply
        self.feed = Feed()
        self.reason = ""
        self.unread: dict[str, str] = {}
        self.bodies: list[bytes] = []
        self._pages = 0
        self._left_out = ""
        self._is_over = False
        self._first_copies: dict[tuple[type, str], Any] = {}
        if not supply.is_lost:
            self.join(supply.feed)

    @property
    def is_cut_short(self) -> bool:
        """Whether more was to be read when everything stopped."""
        return not self._is_over

    async def run(self, visit: Visit, ask: Ask) -> None:
        """Read the search or resource of a template, or go on where a prefetched page ends."""
        access = visit.access(ask)
        if access is Access.NONE:
            return self.stop(NOT_GRANTED)
        await self._follow(visit, ask)
        if access is Access.PART and not self.reason:
            self.stop(PARTLY_GRANTED)
        return None

    def stop(self, reason: str = "") -> None:
        """Nothing more is read: all there is, or the reason why not."""
        self.reason, self._is_over = reason, True

    def supply(self) -> Supply:
        """What there is, for the rules and for what the cards say was not checked."""
        if not self.reason:
            empty = not (self.feed.resources or self.feed.unreadable)
            state = State.KNOWN_EMPTY if empty else State.SUPPLIED
            return Supply(self.earlier.key, state, self.feed, unread=self.unread, pages=tuple(self.bodies))
        if self.earlier.is_lost and not self._pages:
            return Supply(self.earlier.key, self.earlier.state, self.earlier.feed, self.reason)
        self.feed.truncated = True
        return Supply(self.earlier.key, State.SUPPLIED, self.feed, self.reason, self.unread, tuple(self.bodies))

    async def _follow(self, visit: Visit, ask: Ask) -> None:
        url = visit.address(ask)
        start = visit.base.resolve(self.earlier.feed.next or "", url) if not self.earlier.is_lost else None
        answer = await (visit.page(start) if start else visit.ask(ask))
        url, visited = start or url, {start or url}
        while (link := self._take(answer, visit, ask)) is not None:
            after = visit.base.resolve(link, url)
            if after is None or after in visited or len(visited) == visit.pages:
                self.stop(PARTIAL if after is None or after in visited else PAGE_LIMIT)
                return
            url = after
            visited.add(url)
            answer = await visit.page(url)

    def _take(self, answer: Answer, visit: Visit, ask: Ask) -> str | None:
        """Join one page, and say where the next is; nothing if there is none or none may follow."""
        feed, fault = opened(answer, visit.allowance)
        if not fault and not ask.is_search and not _is_asked_for(feed, ask):
            fault, feed = UNREADABLE, Feed()
        if not fault or feed.resources:
            self.join(feed)
            self._pages += 1
            visit.keep(self.bodies, answer.body)
        self._left_out = self._left_out or cut_reason(feed)
        if fault or not feed.truncated or (self._left_out and not feed.next):
            self.stop(fault or self._left_out)
            return None
        return feed.next or ""

    def join(self, feed: Feed) -> None:
        """Add what is new: a page may repeat what stood on the one before; another version of it is new."""
        for resource in feed.resources:
            name = (type(resource), resource.id or "")
            if not name[1] or resource is (first := self._first_copies.setdefault(name, resource)) or resource != first:
                self.feed.resources.append(resource)
        for kind, count in feed.unreadable.items():
            self.feed.lose(kind, count)
        self.feed.unread_codes.extend(feed.unread_codes)


def opened(answer: Answer, allowance: Allowance) -> tuple[Feed, str]:
    """What an answer holds, and why that is not what was asked for; nothing if it is."""
    if answer.reason:
        return Feed(), answer.reason
    try:
        feed = bundle.read(answer.body, allowance)
    except TooManyEntries:
        return Feed(), TOO_LARGE
    return feed, _fault_of(feed)


def _fault_of(feed: Feed) -> str:
    """Why an answer is none: refused or failed by an OperationOutcome, or no FHIR at all; nothing if it is one."""
    if not feed.failed:
        return ""
    if not feed.issues:
        return UNREADABLE
    return "failed" if feed.issues.isdisjoint(REFUSALS) else FORBIDDEN


def _is_asked_for(feed: Feed, ask: Ask) -> bool:
    """Whether a read brought the resource of that id, as far as it says which one it is (never somebody else's)."""
    kind, name = parts(ask.path)
    resources: list[Any] = [
        resource for resource in feed.resources if type(resource).__name__ == kind and resource.id in (None, name)
    ]
    return bool(resources or feed.unreadable) and len(resources) == len(feed.resources)
