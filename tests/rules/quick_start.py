"""What of a start does not depend on what a mutant changes is made once: a mutant then starts in a third of the time.

A TOML text is parsed once. Words of languages, terminology, names of ingredients and wording are never mutated, nor is
the digest of the code: each is made once, and what a text says is heard once. The table of codes is made anew where a
file that it is made of is changed; the searches only of changed rows: of changed data the answers alone are compared.
"""

import gc
import tomllib
from collections.abc import Callable
from functools import cache, partial
from types import SimpleNamespace
from typing import Any

from data_mutants import WORDED

import cards.words
from cards import proofreading
from cds import call
from cds.chart import spoken
from cds.knowledge import folder, load
from cds.knowledge.spoken import LanguageWords
from cds.words import hearing

Differs = slice | Callable[..., Any]


def _of_language(name: str, words: LanguageWords) -> tuple[str, tuple[str, ...]]:
    """The words of a language are compiled for texts, and for names of diseases of the patient and of relatives."""
    return name, tuple(words.family)


def _of_listener(listener: spoken.Listener, text: str) -> tuple[str, object]:
    """Which diseases count in a relative is a group of the rules."""
    return text, vars(listener)["_family_diseases"]


ONCE: tuple[tuple[Any, str, Differs], ...] = (  # where, what, and by which of its arguments it differs
    (load, "rows", slice(0)),
    (load, "ingredients", slice(0)),
    (load, "labels_of", slice(1)),
    (load, "digest", slice(0)),  # no answer that is compared holds the version
    (call, "digest", slice(0)),
    (call, "of_code", slice(1)),
    (proofreading, "read_words", slice(1)),
    (hearing, "compiled", _of_language),
    (spoken, "check", _of_language),
    (spoken.Listener, "heard", slice(1, 2)),
    (spoken.Listener, "noted", slice(1, 2)),
    (spoken.Listener, "may_name_grave_disease", _of_listener),
)
HEARD = {"heard", "noted", "may_name_grave_disease"}  # what words of a chart mean
OF_CODES = ("valuesets.toml", "analytes.toml", "medicines.toml")


def shorten(changed: Callable[[], str]) -> None:
    """From now on each of these is made once in this process; `changed` is the file that a mutant changes, or "row"."""
    gc.freeze()
    gc.set_threshold(100_000)
    _make_once(call, "load", slice(0), lambda: not changed())
    _make_once(load, "code_table", slice(0), lambda: changed() not in OF_CODES)
    _make_once(call, "services", slice(0), lambda: changed() not in ("", "row"))
    parsed = SimpleNamespace(loads=cache(tomllib.loads), TOMLDecodeError=tomllib.TOMLDecodeError)
    for module in (folder, cards.words):
        vars(module)["tomllib"] = parsed
    for owner, name, differs in ONCE:
        _make_once(owner, name, differs, partial(_is_kept, name, changed))


def _is_kept(name: str, changed: Callable[[], str]) -> bool:
    """What words of a chart mean is worked out anew where their lists are changed."""
    return name not in HEARD or changed() not in WORDED


def _make_once(owner: Any, name: str, differs: Differs, is_same: Callable[[], bool] = lambda: True) -> None:
    make, made = getattr(owner, name), {}

    def once(*given: Any) -> Any:
        if not is_same():
            return make(*given)
        key = given[differs] if isinstance(differs, slice) else differs(*given)
        if key not in made:
            made[key] = make(*given)
        return made[key]

    setattr(owner, name, once)
