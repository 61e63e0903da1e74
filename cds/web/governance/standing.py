"""What a client is shown, as the governance page tells it."""

from collections.abc import Collection, Iterable

from msgspec import Struct

from cds.modes import Mode, Modes
from cds.trust.registry import Client


class Standing(Struct, frozen=True, kw_only=True):
    """One client: its mode, the services that are in another one, and what becomes of emergencies in silent mode."""

    client: str
    mode: str
    others: tuple[tuple[str, str], ...] = ()
    pilot: str = ""
    emergencies: str = ""


def standings(clients: Iterable[Client], services: Collection[str]) -> list[Standing]:
    """All registered clients."""
    return [standing_of(client.name, client.modes, services) for client in clients]


def standing_of(client: str, modes: Modes, services: Collection[str]) -> Standing:
    """In the words of the page."""
    in_use = {modes.of(service) for service in services}
    pilot = f"{modes.pilot.percent:g} % of all users and {len(modes.pilot.users)} named"
    emergencies = "shown as cards" if modes.shows_emergencies else "listed only"
    return Standing(
        client=client,
        mode=modes.usual.value,
        others=tuple(
            (service, modes.of(service).value) for service in sorted(services) if modes.of(service) is not modes.usual
        ),
        pilot=pilot if Mode.PILOT in in_use else "",
        emergencies="" if in_use.isdisjoint({Mode.SILENT, Mode.PILOT}) else emergencies,
    )
