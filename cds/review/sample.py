"""The stratified sample: the same seed draws the same visits, on every machine and in every version."""

from collections.abc import Collection, Iterable, Mapping
from hashlib import sha256

from msgspec import Struct

from cds.review.record import Item


class Unit(Struct, frozen=True):
    """A visit that can be drawn from a stratum."""

    patient: str
    visit: str


Strata = Mapping[str, Collection[Unit]]


def draw(cards: Strata, silent: Strata, number: int, seed: int) -> list[Item]:
    """Draw from the visits with each card, and from the silent ones by outcome, in an order that reveals nothing.

    Each card has the same share, silence one more; what a stratum has not, the others give. Of a patient each stratum
    has one visit at most: what is judged of one person again and again would look surer than it is.
    """
    ranked = {name: _by_patient(units, name, seed) for name, units in cards.items()}
    quiet = {name: _by_patient(units, name, seed) for name, units in silent.items()}
    sizes = {name: len(units) for name, units in ranked.items()}
    shares = _shares({**sizes, "": sum(map(len, quiet.values()))}, number)
    quiet_shares = _shares({name: len(units) for name, units in quiet.items()}, shares.pop(""))
    sample = [("card", name, unit) for name, count in shares.items() for unit in ranked[name][:count]]
    sample += [("outcome", name, unit) for name, count in quiet_shares.items() for unit in quiet[name][:count]]
    sample.sort(key=lambda entry: _lot(seed, "order", entry[1], entry[2].visit))
    return [Item(id=str(place), visit=unit.visit, **{kind: name}) for place, (kind, name, unit) in enumerate(sample, 1)]


def most(cards: Strata, silent: Strata) -> int:
    """How many items there are to draw."""
    return sum(len({unit.patient for unit in units}) for units in (*cards.values(), *silent.values()))


def _by_patient(units: Iterable[Unit], stratum: str, seed: int) -> list[Unit]:
    """One visit of each patient, in the order of the draw."""
    visits: dict[str, Unit] = {}
    for unit in sorted(units, key=lambda candidate: _lot(seed, "visit", stratum, candidate.visit)):
        visits.setdefault(unit.patient, unit)
    return sorted(visits.values(), key=lambda entry: _lot(seed, "patient", stratum, entry.patient))


def _shares(sizes: Mapping[str, int], number: int) -> dict[str, int]:
    """As even as the strata allow; the smallest first, so that what they lack goes to the others."""
    shares: dict[str, int] = {}
    remaining = number
    for place, name in enumerate(sorted(sizes, key=lambda stratum: (sizes[stratum], stratum))):
        shares[name] = min(sizes[name], remaining // (len(sizes) - place))
        remaining -= shares[name]
    return shares


def _lot(seed: int, *parts: str) -> bytes:
    return sha256("\x1f".join((str(seed), *parts)).encode()).digest()
