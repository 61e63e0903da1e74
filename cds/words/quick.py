"""A quick look at a text: one compiled alternation of the stems of phrases, before anything else is read."""

import re
from collections.abc import Iterable

from cds.words.tokens import LONGEST, fold

Tree = dict[str, "Tree"]
END = ""
BEGIN = r"(?<![^\W\d_].)"  # behind the first letter of a stem: before it stands none, so a word begins with it


class Quick:
    """Whether a text may hold a phrase: its stems as a tree, so that a letter that begins none costs one step."""

    def __init__(self, stems: Iterable[str]) -> None:
        tree: Tree = {}
        for stem in stems:
            here = tree
            for letter in stem:
                here = here.setdefault(letter, {})
            here[END] = {}
        branches = [re.escape(letter) + BEGIN + _pattern(below) for letter, below in sorted(tree.items())]
        self._may = re.compile("|".join(branches)).search if tree else None

    def may(self, text: str) -> bool:
        """Whether any word of it begins with a stem."""
        return self._may is not None and self._may(fold(text[:LONGEST])) is not None


def _pattern(tree: Tree) -> str:
    """The stems below a place; where one ends, the rest need not be looked at."""
    if END in tree:
        return ""
    branches = [re.escape(letter) + _pattern(below) for letter, below in sorted(tree.items())]
    return branches[0] if len(branches) == 1 else f"(?:{'|'.join(branches)})"
