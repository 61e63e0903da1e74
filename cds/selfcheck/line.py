"""One line of the report: what was tried, whether it worked, why not, and what to do."""

from typing import Literal

from msgspec import Struct

Result = Literal["pass", "fail", "skip"]


class Line(Struct, frozen=True):
    """The result of one check."""

    result: Result
    what: str  # so in the JSON
    why: str
    advice: str = ""

    def __str__(self) -> str:
        return f"{self.result}  {self.what}: {self.why}" + (f"  -> {self.advice}" if self.advice else "")


def passed(check: str, why: str) -> Line:
    """It works."""
    return Line("pass", check, why)


def failed(check: str, why: str, advice: str) -> Line:
    """It does not work; someone must do something."""
    return Line("fail", check, why, advice)


def skipped(check: str, why: str, advice: str = "") -> Line:
    """It could not be tried."""
    return Line("skip", check, why, advice)
