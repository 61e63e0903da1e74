"""What is kept of one hook call: ids, codes and keyed hashes, never chart content. Audit, store and metrics read it."""

from datetime import datetime

from msgspec import Struct

from cds.modes import ALL_ON, Modes


class Caller(Struct, frozen=True, kw_only=True):
    """Who is calling, as verified.

    `fhir_servers` narrows what may be contacted for this client, `rate_per_second` is its own rate; None leaves either.
    `patient_users`: whether patients are shown cards too; `card_extension`: whether cards carry our own extension;
    `many_actions`: whether the missing tests are one suggestion with several actions; `modes`: what is shown at all.
    `smart`: whether it has registered our SMART app, so that cards offer to launch it.
    """

    client: str
    tenant: str | None = None
    fhir_servers: tuple[str, ...] | None = None
    rate_per_second: int | None = None
    patient_users: bool = False
    card_extension: bool = True
    many_actions: bool = False
    modes: Modes = ALL_ON
    smart: bool = False

    @property
    def realm(self) -> str:
        """The space in which patient ids mean the same patient."""
        return f"{self.client}|{self.tenant or ''}"


NOBODY = Caller(client="demo")


class Shown(Struct, frozen=True, kw_only=True):
    """One card, shown or withheld: its ids, what it said in codes, and the fingerprint by which a repeat is known."""

    uuid: str
    topic: str
    indicator: str
    fingerprint: str
    tags: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    suggestions: tuple[str, ...] = ()
    is_emergency: bool = False


class Suppressed(Struct, frozen=True, kw_only=True):
    """A card that was not shown again, because the same one was answered (4d Repeats)."""

    topic: str
    fingerprint: str
    tags: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()


class Account(Struct, frozen=True, kw_only=True):
    """What one call came to. `patient` and `user` are keyed hashes; `not_checked` holds "Type:reason".

    `unread` holds the same of entries that arrived and could not be read, with how many there were. Of a silent
    call, `withheld` are the cards that would have been shown; `cards` are emergencies that were shown all the same.
    """

    hook: str
    hook_instance: str
    patient: str
    user: str
    cards: tuple[Shown, ...] = ()
    suppressed: tuple[Suppressed, ...] = ()
    not_checked: tuple[str, ...] = ()
    unread: dict[str, int] = {}
    withheld: tuple[Shown, ...] = ()
    is_silent: bool = False


class FeedbackItem(Struct, frozen=True, kw_only=True):
    """What a clinician did with one card: accepted or overridden, at a moment that is also kept as it was sent."""

    card: str
    outcome: str
    at: datetime
    timestamp: str
    suggestions: tuple[str, ...] = ()
    reason_code: str | None = None
    reason_system: str | None = None
    comment: str | None = None
