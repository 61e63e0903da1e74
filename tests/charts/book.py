"""The names of the rulebook as tests use them: flags, tags, summaries and ranks."""

from pathlib import Path

from cards.proofreading import load_words
from cards.words import Words
from cds.rules.cardbook import RANKS, vocabulary
from cds.rules.rulebook import rulebook_of
from charts.dates import TODAY
from charts.seam import engine

KNOWLEDGE = engine(TODAY).knowledge
BOOK = rulebook_of(KNOWLEDGE)
VOCABULARY = vocabulary(KNOWLEDGE)
TAGS, FLAGS, VARIANTS = VOCABULARY.tags, VOCABULARY.flags, VOCABULARY.variants
RANK = RANKS
in_order = BOOK.in_order


def proofread(folder: Path) -> Words:
    """The wording of a folder, checked as at start."""
    return load_words(folder, VOCABULARY)
