"""The names that the service uses and the wording must have words for, given by whoever decides."""

from collections.abc import Mapping

from msgspec import Struct

from cards.topics import Topic


class Vocabulary(Struct, frozen=True, kw_only=True):
    """Summaries and tags of each card, red flags, rules without a flag or tag, and why a card is left out."""

    variants: Mapping[Topic, tuple[str, ...]]
    tags: Mapping[Topic, tuple[str, ...]]
    flags: tuple[str, ...]
    rules: tuple[str, ...]
