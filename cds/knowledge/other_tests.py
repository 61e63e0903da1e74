"""Words in the name of a laboratory test that make it another one."""

from msgspec import Struct


class OtherTests(Struct, frozen=True, forbid_unknown_fields=True):
    """Words that make a test another one than that in serum, plasma or blood: of another specimen, or of another kind.

    They `begin` a word, are a `whole` one, or stand anywhere `within` a name. `kinds` are told by how words begin.
    """

    begin: list[str] = []
    whole: list[str] = []
    within: list[str] = []
    kinds: dict[str, list[str]] = {}
