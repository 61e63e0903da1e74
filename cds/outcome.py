"""What one hook call comes to: cards, or the reason for silence."""

from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from cards import wire
from cards.advice import NotChecked
from cards.wire import Card
from cds.chart.facts import Chart
from cds.rules.evaluation import Due, Evaluation

SILENCE = wire.encode(())


class Silence(StrEnum):
    """Why nothing was evaluated."""

    NO_TWITCH = "no-twitch"
    NO_DRAFT = "no-draft"
    NOT_RECORDED = "not-recorded"
    DECEASED = "deceased"
    PATIENT_USER = "patient-user"


class Outcome(Struct, frozen=True):
    """The cards of one chart, and the evaluation behind them if there was a twitch."""

    cards: tuple[Card, ...]
    evaluation: Evaluation | None
    not_checked: tuple[NotChecked, ...] = ()
    chart: Chart | None = None
    shown: tuple[Due, ...] = ()
    repeated: tuple[Due, ...] = ()
    silence: Silence = Silence.NO_TWITCH

    @property
    def unread(self) -> tuple[NotChecked, ...]:
        """What arrived and could not be read."""
        return self.evaluation.unread if self.evaluation else ()

    def encoded(self, *, with_extension: bool = True) -> bytes:
        """The answer as JSON; cards without our own extension for clients that refuse unknown members."""
        if not self.cards:
            return SILENCE
        cards = self.cards if with_extension else [replace(card, extension=None) for card in self.cards]
        return wire.encode(cards)


SILENT = Outcome((), None)
FOR_PATIENT = Outcome((), None, silence=Silence.PATIENT_USER)
NO_DRAFT = Outcome((), None, silence=Silence.NO_DRAFT)
NOT_RECORDED = Outcome((), None, silence=Silence.NOT_RECORDED)
