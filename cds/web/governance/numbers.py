"""What this process has counted since it started: how long calls took, how they ended, what was not checked."""

from collections.abc import Iterable, Mapping

from msgspec import Struct
from prometheus_client.parser import text_string_to_metric_families

from cds.web.metrics import PREFIX

PERCENTILES = (0.5, 0.95, 0.99)
Sample = tuple[str, Mapping[str, str], float]


class Speed(Struct, frozen=True, kw_only=True):
    """How many calls a service answered, and in how many milliseconds; None: longer than is measured."""

    service: str
    calls: int
    percentiles: tuple[float | None, ...]


class Count(Struct, frozen=True):
    """How often something happened."""

    name: str
    count: int


class Numbers(Struct, frozen=True, kw_only=True):
    """All of it."""

    speeds: tuple[Speed, ...]
    outcomes: tuple[Count, ...]
    not_checked: tuple[Count, ...]


def read(text: bytes, service: str | None = None) -> Numbers:
    """The numbers in a page of metrics, of one service or of all."""
    samples = [
        (sample.name, sample.labels, sample.value)
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    ]
    service_samples = [sample for sample in samples if service is None or sample[1].get("service", service) == service]
    return Numbers(
        speeds=tuple(_speeds(service_samples)),
        outcomes=_counts(service_samples, "calls_total", "outcome"),
        not_checked=_counts(service_samples, "not_checked_total", "cause"),
    )


def _counts(samples: Iterable[Sample], name: str, label: str) -> tuple[Count, ...]:
    sums: dict[str, float] = {}
    for metric, labels, value in samples:
        if metric == PREFIX + name:
            sums[labels[label]] = sums.get(labels[label], 0) + value
    ranked = sorted(sums.items(), key=lambda item: (-item[1], item[0]))
    return tuple(Count(name, int(count)) for name, count in ranked if count)


def _speeds(samples: Iterable[Sample]) -> Iterable[Speed]:
    """By service, from the buckets of the histogram."""
    buckets: dict[str, list[tuple[float, float]]] = {}
    for metric, labels, value in samples:
        if metric == f"{PREFIX}call_seconds_bucket":
            buckets.setdefault(labels["service"], []).append((float(labels["le"]), value))
    for service, service_buckets in sorted(buckets.items()):
        service_buckets.sort()
        reached = tuple(_percentile(service_buckets, share) for share in PERCENTILES)
        yield Speed(service=service, calls=int(service_buckets[-1][1]), percentiles=reached)


def _percentile(buckets: list[tuple[float, float]], share: float) -> float | None:
    """Milliseconds, on a straight line within a bucket; None beyond the last edge."""
    target = buckets[-1][1] * share
    before = [(0.0, 0.0), *(bucket for bucket in buckets if bucket[1] < target)]
    (below, less), (edge, reached) = before[-1], buckets[len(before) - 1]
    if edge == float("inf"):
        return None
    return round((below + (edge - below) * (target - less) / (reached - less)) * 1000, 1)
