"""Words that must not be seen."""


class Secret:
    """A word that is only given to who asks for it by name: it prints as stars, and is not copied into logs."""

    __slots__ = ("_word",)

    def __init__(self, word: str) -> None:
        self._word = word

    def reveal(self) -> str:
        """The word itself, for the one place that needs it."""
        return self._word

    def __repr__(self) -> str:
        return "***"

    def __reduce__(self) -> str:
        raise TypeError("a secret is not to be copied")
