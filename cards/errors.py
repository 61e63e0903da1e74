"""What can be wrong with the data files of this package."""


class WordingError(ValueError):
    """A wording or order file that cannot be used, or a key it does not hold: names file, key and reason."""

    def __init__(self, file: str, key: str, reason: str) -> None:
        super().__init__(f"{file}: {key}: {reason}")
        self.file = file
        self.key = key
        self.reason = reason
