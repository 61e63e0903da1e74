"""What the pages of the app are filled with, and the policy under which a browser shows them."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import Response
from markupsafe import Markup
from msgspec import Struct

from cards.ask_words import AskWords
from cds.smart.refusal import Why
from cds.web.markdown import rendered
from cds.web.pages import POLICY, page

NOBODY = "frame-ancestors 'none'"
STATUS: Mapping[Why, int] = {"not-understood": 400, "no-discovery": 502, "no-token": 502, "no-patient": 502}
FORBIDDEN = 403


class ShownCard(Struct, frozen=True, kw_only=True):
    """A card as an EHR shows it, without the ways to act on it."""

    summary: str
    indicator: str
    title: str
    detail: Markup
    evidence: str


class Shell:
    """Fills the templates of the app; only the EHRs that are registered for it may frame a page."""

    def __init__(self, words: AskWords) -> None:
        self._words = words

    def show(
        self, template: str, values: Mapping[str, object], ancestors: Sequence[str] = (), status: int = 200
    ) -> Response:
        """One page."""
        context = {"page": self._words.pages.page, "groups": (), **values}
        answer = page(f"smart/{template}.html", context, status=status)
        if ancestors:
            answer.headers["content-security-policy"] = POLICY.replace(NOBODY, f"frame-ancestors {' '.join(ancestors)}")
        return answer

    def refuse(
        self,
        why: Why,
        ancestors: Sequence[str] = (),
        told: Sequence[tuple[str, str]] = (),
        kept: bool = False,
        waits: bool = False,
        again: str = "",
    ) -> Response:
        """Why nothing goes on; with what was answered, so that it is not lost.

        `waits`: the next sign-in finds it, and `again` is where a clinician begins one.
        """
        values = {"text": self._words.pages.why[why], "why": why, "told": told, "kept": kept}
        return self.show("refused", {**values, "waits": waits, "again": again}, ancestors, STATUS.get(why, FORBIDDEN))


def shown(cards: Sequence[Mapping[str, Any]]) -> tuple[ShownCard, ...]:
    """The cards of an answer."""
    return tuple(
        ShownCard(
            summary=card["summary"],
            indicator=card["indicator"],
            title=card["source"]["topic"]["display"],
            detail=rendered(card.get("detail", "")),
            evidence=f"/evidence/{card['source']['topic']['code']}",
        )
        for card in cards
    )
