"""What a client is shown of each service, before and after it goes live (docs/go-live.md)."""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from msgspec import Struct

DIGITS = 13  # of a hash: as many as a float holds exactly


class Mode(StrEnum):
    """Nothing is evaluated; evaluated and recorded only; shown to some users; shown to all."""

    OFF = "off"
    SILENT = "silent"
    PILOT = "pilot"
    ON = "on"


class Pilot(Struct, frozen=True, kw_only=True):
    """Who is shown cards in a pilot: users by their hashes, and a share of all users in percent."""

    users: frozenset[str] = frozenset()
    percent: float = 0.0

    def holds(self, user: str, lot: str) -> bool:
        """Whether a user takes part: `lot` is a keyed hash of the user id, so that nobody chooses and nothing moves.

        A larger share holds all users of a smaller one.
        """
        return user in self.users or int(lot[:DIGITS], 16) / 16**DIGITS * 100 < self.percent


class Modes(Struct, frozen=True, kw_only=True):
    """The modes of one client: `usual` for every service that `by_service` does not name.

    `shows_emergencies`: whether an emergency is shown as a card in a silent call too.
    """

    usual: Mode = Mode.ON
    by_service: Mapping[str, Mode] = {}
    pilot: Pilot = Pilot()
    shows_emergencies: bool = False

    def of(self, service_id: str) -> Mode:
        """The mode of one service."""
        return self.by_service.get(service_id, self.usual)

    def not_on(self, service_ids: Iterable[str]) -> dict[str, str]:
        """The services that are not simply on, with their modes."""
        return {
            service_id: mode.value for service_id in sorted(service_ids) if (mode := self.of(service_id)) is not Mode.ON
        }


ALL_ON = Modes()
