"""What is counted for the operator: calls, cards and time. No patient, no free text; of clients their names."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from cards.topics import Topic
from cds.account import Shown
from cds.settings import SHARED, environment
from cds.shadow.shadow import EVENTS
from cds.shadow.wire import Count
from cds.store.tally import COUNTED
from cds.trust.refusal import GOVERNANCE, KINDS
from cds.web import ended

PREFIX = "twitch_cds_"
TOPICS, OTHER = frozenset(topic.value for topic in Topic), "(other)"
WITHHELD, OFF = "withheld", "off"
NO_CLIENT, OTHER_CLIENT, MOST_CLIENTS = "", "(other)", 100
LAGS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


def outcome_of(status: int, cards: int, withheld: int = 0, *, is_off: bool = False) -> str:
    """Name how a call ended: the ways of a good answer, 412, or the class of the error."""
    if status == 200:
        return OFF if is_off else "cards" if cards else WITHHELD if withheld else "silent"
    return "412" if status == 412 else f"{status // 100}xx"


class WorkersEnded(Collector):
    """What the parent of several workers has counted; it has no registry, because it serves nothing."""

    def __init__(self, folder: Path | None = None) -> None:
        """`folder`: where it counts; a process that is alone has none."""
        self._folder = folder

    def collect(self) -> Iterable[CounterMetricFamily]:
        """One number for each cause."""
        about = "Workers that ended without being asked, and were replaced."
        family = CounterMetricFamily(PREFIX + "workers_ended", about, labels=["cause"])
        for cause, count in ended.read(self._folder).items():
            family.add_metric([cause], count)
        yield family


class Metrics:
    """The numbers of one process, or of all workers when they share a folder."""

    def __init__(self, knowledge_version: str) -> None:
        registry = self._registry = CollectorRegistry()
        by_call, by_card = ("client", "service", "status", "outcome"), ("topic", "indicator")
        about = "Time from the head of a call to its answer."
        seconds = Histogram(PREFIX + "call_seconds", about, ("service",), buckets=SECONDS, registry=registry)
        self._seconds = cache(seconds.labels)
        self._calls = cache(Counter(PREFIX + "calls", "Hook calls answered.", by_call, registry=registry).labels)
        self._begin_calls = cache(self._from_zero)
        self._cards = cache(Counter(PREFIX + "cards", "Cards shown.", by_card, registry=registry).labels)
        self._withheld, self._emergencies = _of_silent_calls(registry)
        self._shadow_events, self._shadow_cards = _of_shadow(registry)
        about = "What was not checked, and why."
        self._unchecked = Counter(PREFIX + "not_checked", about, ("cause",), registry=registry)
        about = "Entries on file that could not be read."
        self._unread = Counter(PREFIX + "unread", about, ("client", "type", "reason"), registry=registry)
        by_refusal = ("client", "reason")
        self._refusals = cache(Counter(PREFIX + "refusals", "Requests refused.", by_refusal, registry=registry).labels)
        self._clients: set[str] = set()
        self._bounded(NO_CLIENT)
        self._refusals(NO_CLIENT, GOVERNANCE)
        self._fhir = Counter(
            PREFIX + "fhir_requests", "Requests to FHIR servers, and how they ended.", ("outcome",), registry=registry
        )
        self._store = Counter(
            PREFIX + "store_events", "What the store did, lost or could not determine.", ("event",), registry=registry
        )
        for event in COUNTED:
            self._store.labels(event)
        about = "Lines of the audit that could not be written."
        self._audit_lost = Counter(PREFIX + "audit_lost", about, registry=registry)
        registry.register(WorkersEnded())
        self._lag = Histogram(
            PREFIX + "loop_lag_seconds",
            "By how much the event loop was late, twice a second.",
            buckets=LAGS,
            registry=registry,
        )
        self._up = Gauge(
            PREFIX + "up",
            "Whether a part works, in every worker.",
            ("part",),
            registry=registry,
            multiprocess_mode="livemin",
        )
        about = "How old the oldest key set of a client is."
        self._keys = Gauge(PREFIX + "keys_oldest_seconds", about, registry=registry, multiprocess_mode="livemax")
        gauge = Gauge(
            PREFIX + "knowledge", "The knowledge in use.", ("version",), registry=registry, multiprocess_mode="max"
        )
        gauge.labels(knowledge_version).set(1)

    def record(
        self,
        client: str,
        service: str,
        status: int,
        cards: Sequence[Shown],
        seconds: float,
        *,
        withheld: Sequence[Shown] = (),
        is_off: bool = False,
    ) -> str:
        """Count one call and its cards, and return the name of its outcome; `is_off`: it was not evaluated."""
        outcome, client = outcome_of(status, len(cards), len(withheld), is_off=is_off), self._bounded(client)
        self._begin_calls(client, service)
        self._calls(client, service, str(status), outcome).inc()
        self._seconds(service).observe(seconds)
        for card in cards:
            self._cards(card.topic, card.indicator).inc()
        for card in withheld:
            self._withheld(client, service, card.topic, card.indicator).inc()
            self._emergencies(client).inc(int(card.is_emergency))
        return outcome

    def shadowed(self, count: Count) -> None:
        """Count what became of a chart, of a card or of the candidate beside this version; of cards by their topic."""
        if not count.topic:
            self._shadow_events(count.change).inc(count.number)
        elif not count.reason:
            topic = count.topic if count.topic in TOPICS else OTHER
            self._shadow_cards(topic, count.change).inc(count.number)

    def unchecked(self, causes: Iterable[str]) -> None:
        """Count what a call could not check, each as "Type:reason"."""
        for cause in causes:
            self._unchecked.labels(cause).inc()

    def unread(self, client: str, counts: Mapping[str, int]) -> None:
        """Count entries that arrived and could not be read, by "Type:reason": both are words of ours."""
        for cause, number in counts.items():
            self._unread.labels(self._bounded(client), *cause.split(":")).inc(number)

    def fhir(self, outcome: str, number: int) -> None:
        """Count requests to FHIR servers."""
        self._fhir.labels(outcome).inc(number)

    def store(self, event: str, number: int) -> None:
        """Count what happened in the store, in whatever thread."""
        self._store.labels(event).inc(number)

    def audit_lost(self) -> None:
        """Count a line that is not in the audit."""
        self._audit_lost.inc()

    def lag(self, seconds: float) -> None:
        """Count by how much the event loop was late."""
        self._lag.observe(seconds)

    def part_states(self, states: Mapping[str, bool]) -> None:
        """Say which parts of this process work; the page shows 1 for a part that works in all workers."""
        for part, is_up in states.items():
            self._up.labels(part).set(int(is_up))

    def keys(self, oldest: float) -> None:
        """Say how many seconds old the oldest key set in use is."""
        self._keys.set(oldest)

    def refused(self, reason: str, client: str = NO_CLIENT) -> None:
        """Count a refusal by its kind, and by the registered client that the token names."""
        self._refusals(self._bounded(client), reason).inc()

    def _bounded(self, client: str) -> str:
        """The name of a client, of the first `MOST_CLIENTS`: a file of clients may change for years on end.

        What alerts count is shown as 0 from then on: Prometheus sees an increase only from one number to another.
        """
        if client in self._clients:
            return client
        label = client if len(self._clients) <= MOST_CLIENTS else OTHER_CLIENT
        if label not in self._clients:
            self._clients.add(label)
            for kind in KINDS:
                self._refusals(label, kind)
            self._emergencies(label)
        return label

    def _from_zero(self, client: str, service: str) -> None:
        """Show our own faults as 0 before there is one."""
        self._calls(client, service, "500", outcome_of(500, 0))

    def text(self) -> bytes:
        """The page that Prometheus reads."""
        folder = environment().get(SHARED)
        return generate_latest(self._registry) if folder is None else text_of_all(Path(folder))


def _of_silent_calls(registry: CollectorRegistry) -> tuple[Callable[..., Counter], Callable[..., Counter]]:
    """The counters of cards that were not shown: all of them, and the emergencies among them."""
    about, labels = "Cards of silent calls, which were not shown.", ("client", "service", "topic", "indicator")
    withheld = Counter(PREFIX + "withheld", about, labels, registry=registry)
    about = "Emergencies of silent calls, which were not shown."
    emergencies = Counter(PREFIX + "silent_emergencies", about, ("client",), registry=registry)
    return cache(withheld.labels), cache(emergencies.labels)


def _of_shadow(registry: CollectorRegistry) -> tuple[Callable[..., Counter], Callable[..., Counter]]:
    """The counters of a candidate beside this version: of calls, and of cards that differ."""
    about = "Calls that a candidate was to be asked about, and what became of it."
    events = Counter(PREFIX + "shadow_events", about, ("event",), registry=registry)
    for event in EVENTS:
        events.labels(event)
    about = "Cards that a candidate would change."
    cards = Counter(PREFIX + "shadow_cards", about, ("topic", "change"), registry=registry)
    return cache(events.labels), cache(cards.labels)


def text_of_all(folder: Path) -> bytes:
    """The page with the numbers of all workers that share a folder."""
    _forget_the_dead(folder)
    everyone = CollectorRegistry()
    everyone.register(WorkersEnded(folder))
    MultiProcessCollector(everyone, str(folder))  # type: ignore[no-untyped-call]
    return generate_latest(everyone)


def _forget_the_dead(folder: Path) -> None:
    """What a worker last said of its parts ends with it; else one that was killed would be down for ever."""
    for file in folder.glob("gauge_live*_*.db"):
        process = int(file.stem.rpartition("_")[2])
        if not _lives(process):
            with suppress(FileNotFoundError):  # another worker was quicker
                file.unlink()


def _lives(process: int) -> bool:
    """Whether there is still such a process of ours."""
    try:
        os.kill(process, 0)
    except OSError:
        return False
    return True
