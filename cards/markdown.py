"""Text of the chart made harmless for GitHub-flavoured Markdown (CDS Hooks 2.0, `detail`)."""

import re
import unicodedata

LIMIT = 200
_CUT = "…"

_NUMBER = re.compile(r"[\d.,]+")
_HARMLESS = re.compile(
    r"(?!\d+[.)](?:\s|$))[A-Za-z0-9(<>](?:[A-Za-z0-9,;%()'\"<>=-]++|[ /](?=[^\s/])|(?<=\d)\.(?=\d))*"
)
_ANGLES = {ord("<"): "&lt;", ord(">"): "&gt;"}
_SPECIAL = _ANGLES | str.maketrans({"&": "&amp;"} | {mark: f"\\{mark}" for mark in "\\`*_[]{}~|$"})
_LINKS = (
    (re.compile(r"/(?=/)"), "/ "),
    (re.compile(r"(www)(?=\.)", re.IGNORECASE), r"\1 "),
    (re.compile(r"(?<=\w)\.(?=[^\W\d_]{2})"), ". "),
    (re.compile(r"@(?=\S)"), "@ "),
    (re.compile(r"(mailto|xmpp):(?=\S)", re.IGNORECASE), r"\1: "),
)
_MARK = re.compile(r"(?<![\\=])(?===)")  # "==" highlights in some renderers
_BLOCK = re.compile(r"^([-+#=]|\d+[.)](?=\s|$))")


def plain(text: str, limit: int = LIMIT) -> str:
    """One line of visible characters: white space folded, control and bidi characters dropped, cut to length."""
    if not (text.isascii() and text.isprintable()):
        text = "".join(filter(_visible, " ".join(text.split())))
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1].rstrip() + _CUT


def to_length(text: str, limit: int) -> str:
    """One line, cut at the end of a word where there is one, and never behind a number."""
    line = plain(text)
    if len(line) <= limit:
        return line
    head, space, _ = line[:limit].rpartition(" ")
    while _NUMBER.fullmatch(head.rpartition(" ")[2]):  # no number without its unit
        head = head.rpartition(" ")[0]
    return f"{head}{_CUT}" if space else plain(line, limit)


def escape(text: str, limit: int = LIMIT) -> str:
    """The text as Markdown that reads as the text: no HTML, no markup, no links, one line."""
    if len(text) <= limit and _HARMLESS.fullmatch(text):
        return text.translate(_ANGLES) if "<" in text or ">" in text else text
    line = plain(text, limit)
    for pattern, parted in _LINKS:
        line = pattern.sub(parted, line)
    return _MARK.sub(r"\\", _BLOCK.sub(_guard, line.translate(_SPECIAL)))


def _visible(character: str) -> bool:
    """Whether it is neither a control, format, surrogate, private or unassigned character."""
    return not unicodedata.category(character).startswith("C")


def _guard(start: re.Match[str]) -> str:
    """A list marker at the start of a line, its last character escaped."""
    return f"{start[1][:-1]}\\{start[1][-1]}"
