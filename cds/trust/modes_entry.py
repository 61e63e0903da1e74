"""How the modes of a client are written in `clients.toml`, and what is wrong with them."""

import re
from collections.abc import Collection, Iterator
from typing import Protocol

from msgspec import Struct

from cds.modes import Mode, Modes, Pilot

SHOWN, LISTED = "shown", "listed"
HASH = re.compile(r"[0-9a-f]{32}", re.ASCII)
NAMES = tuple(mode.value for mode in Mode)
ONE_OF = f"must be one of {', '.join(NAMES)}, in quotes"
UNDECIDED = (
    f'is missing: a mode of this client is silent or pilot, so say what becomes of an emergency then: "{SHOWN}" (as a '
    f'card, all the same) or "{LISTED}" (only in the list that somebody reads every day)'
)


class PilotEntry(Struct, forbid_unknown_fields=True, kw_only=True):
    """The table `pilot` of a client."""

    users: list[str] = []
    percent: float = 0.0


class Written(Protocol):
    """The keys of a client that say what is shown."""

    mode: str
    modes: dict[str, str]
    pilot: PilotEntry | None
    silent_emergencies: str | None


def problems(entry: Written, services: Collection[str]) -> Iterator[tuple[str, str]]:
    """What is wrong, each with its key; without `services` their ids are not compared."""
    if entry.mode not in NAMES:
        yield "mode", ONE_OF
    for service, mode in entry.modes.items():
        if services and service not in services:
            yield f"modes.{service}", f"is not a service; the services are {', '.join(sorted(services))}"
        if mode not in NAMES:
            yield f"modes.{service}", ONE_OF
    yield from _problems_of_pilot(entry)
    if entry.silent_emergencies not in (None, SHOWN, LISTED):
        yield "silent_emergencies", f'must be "{SHOWN}" or "{LISTED}"'
    if entry.silent_emergencies is None and not _written(entry).isdisjoint({Mode.SILENT, Mode.PILOT}):
        yield "silent_emergencies", UNDECIDED


def _problems_of_pilot(entry: Written) -> Iterator[tuple[str, str]]:
    pilot = entry.pilot or PilotEntry()
    if not 0 <= pilot.percent <= 100:
        yield "pilot.percent", "must be a number from 0 to 100"
    if wrong := [user for user in pilot.users if not HASH.fullmatch(user)]:
        yield "pilot.users", f"holds {wrong[0]!r}, which is not a hash: `twitch-cds clients hash` prints that of a user"
    if Mode.PILOT in _written(entry) and not (pilot.users or pilot.percent):
        yield "pilot", "is missing or empty, although a mode is pilot: name users, percent, or both"


def _written(entry: Written) -> set[str]:
    return {entry.mode, *entry.modes.values()}


def modes_of(entry: Written) -> Modes:
    """The modes of an entry without problems."""
    pilot = entry.pilot or PilotEntry()
    return Modes(
        usual=Mode(entry.mode),
        by_service={service: Mode(mode) for service, mode in entry.modes.items()},
        pilot=Pilot(users=frozenset(pilot.users), percent=pilot.percent),
        shows_emergencies=entry.silent_emergencies == SHOWN,
    )


def told(modes: Modes) -> str:
    """The modes in words, for `clients check`."""
    parts = [modes.usual.value, *(f"{service} {mode}" for service, mode in sorted(modes.by_service.items()))]
    in_use = {modes.usual, *modes.by_service.values()}
    if Mode.PILOT in in_use:
        parts.append(f"pilot of {modes.pilot.percent:g} % and {len(modes.pilot.users)} named user(s)")
    if not in_use.isdisjoint({Mode.SILENT, Mode.PILOT}):
        parts.append(f"silent emergencies {SHOWN if modes.shows_emergencies else LISTED}")
    return ", ".join(parts)
