"""A sentence with placeholders in {braces}."""

from collections.abc import Mapping
from functools import lru_cache
from string import Formatter


@lru_cache(maxsize=512)
def fields(text: str) -> tuple[str, ...]:
    """The placeholders of a sentence, each once; anything but a plain {name} is an error."""
    names: dict[str, None] = {}
    for _, name, spec, conversion in Formatter().parse(text):
        if name is None:
            continue
        if not name.isidentifier() or spec or conversion:
            raise ValueError(f"placeholder {{{name}}} is not a plain name")
        names[name] = None
    return tuple(names)


def fill(text: str, values: Mapping[str, str]) -> str:
    """The sentence with its placeholders filled; braces inside the values mean nothing."""
    return text.format_map(values)
