"""Secrets print as stars and are not copied; people stand as words that only the key can make."""

import copy
import pickle

import pytest

from cds.keyed import Pseudonyms
from cds.secrecy import Secret

WORD = "canary-9b1d"


def test_a_secret_is_told_to_who_asks_for_it_only() -> None:
    """Not by printing, formatting, or listing what holds it."""
    secret = Secret(WORD)

    assert WORD == secret.reveal()
    assert ["***", "***", "[***]"] == [repr(secret), f"{secret}", repr([secret])]


@pytest.mark.parametrize("copied", [pickle.dumps, copy.copy, copy.deepcopy])
def test_a_secret_is_not_copied(copied: object) -> None:
    """What is written aside with it fails instead of leaking it."""
    with pytest.raises(TypeError, match="not to be copied"):
        copied(Secret(WORD))  # type: ignore[operator]


def test_the_same_person_has_the_same_word_in_one_realm_only() -> None:
    """Another kind, client, person or key: another word; no part can be moved into the next."""
    words = Pseudonyms(Secret("k" * 32))
    others = [
        words.of("user", "north|", "p1"),
        words.of("patient", "south|", "p1"),
        words.of("patient", "north|", "p2"),
        words.of("patient", "north", "|p1"),
        Pseudonyms(Secret("l" * 32)).of("patient", "north|", "p1"),
    ]
    one = words.of("patient", "north|", "p1")

    assert one == words.of("patient", "north|", "p1")
    assert 32 == len(one)
    assert one not in others
    assert len(others) == len(set(others))
