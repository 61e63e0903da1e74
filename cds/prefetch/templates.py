"""Prefetch templates as requests: tokens replaced, everything encoded (CDS Hooks 2.0, prefetch tokens)."""

import re
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import quote

from msgspec import Struct

_TOKEN = re.compile(r"\{\{([^{}]*)\}\}")
_SPECIAL = re.compile(r"([\\|,$])")  # they part values in a search, unless a backslash stands before (FHIR R4, search)
_WRITTEN = "/?&=,:._~$%-"  # what a template may say as it stands
_DOTS = frozenset({"", ".", ".."})


class Ask(Struct, frozen=True):
    """One request below the base: a path, and the query if it is a search."""

    path: str
    query: str

    @property
    def is_search(self) -> bool:
        """Whether many may be found; otherwise one resource is read by its id."""
        return bool(self.query)


def fill(template: str, context: Mapping[str, str]) -> Ask | None:
    """The request that a template describes; None if a token of it has no value."""
    head, mark, tail = template.partition("?")
    path, query = _filled(head, context, in_query=False), _filled(tail, context, in_query=True)
    if path is None or query is None or (mark and not query):
        return None
    return Ask(path, query)


def _filled(text: str, context: Mapping[str, str], *, in_query: bool) -> str | None:
    done = []
    for place, part in enumerate(_TOKEN.split(text)):
        if place % 2 == 0:
            if "{{" in part:
                return None
            done.append(_literal(part))
            continue
        value = context.get(part.strip())
        if not value or (not in_query and not _DOTS.isdisjoint(value.split("/"))):
            return None
        done.append(quote(_SPECIAL.sub(r"\\\1", value), safe="") if in_query else quote(value, safe="/"))
    return "".join(done)


@lru_cache(maxsize=128)  # templates are the service's own and few, and some are long
def _literal(part: str) -> str:
    return quote(part, safe=_WRITTEN)
