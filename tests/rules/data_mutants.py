"""What may be wrong in a data file: a number a step off, a member of a list gone, a value set empty, and so on.

Works on the text, so that what the file says beside it stays. A mutant has a name and the changed text.
"""

import re
import tomllib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

TOKEN = re.compile(r'"[^"\n]*"|#[^\n]*|[\[\]=\n]|(?<![\w.-])\d+(?:\.\d+)?\b|\b(?:true|false)\b')
HEAD = re.compile(r"^\[+([^\[\]\n]+)\]+[^\n]*$", re.MULTILINE)
KEY = re.compile(r"^[\w-]+(?= *=)", re.MULTILINE)
VALUE = re.compile(r'"([^"]+)" = ([\d.]+)')
AMENDMENT = re.compile(r"\bN(\d+)\b")
TURNED = {"true": "false", "false": "true"}
OTHER = {
    '"<"': '"<="',
    '"<="': '"<"',
    '">"': '">="',
    '">="': '">"',
    '"emergency"': '"warning"',
    '"warning"': '"info"',
    '"info"': '"warning"',
}
NUMBERED = ("rules.toml", "limits.toml", "analytes.toml", "medicines.toml", "causes.toml", "explanations.toml")
WORDED = ("answers.toml", "phrases.toml", "routes.toml", "units.toml")  # codes and words of the chart, by themselves
LISTED = ("rules.toml", "medicines.toml", "causes.toml", "explanations.toml", "signs.toml", *WORDED)
ENTRIES = (
    *("sources", "repeats", "order_emergencies", "counsel"),
    *("pressure.high", "pressure.severe", "regions", "site_signs", "order_tags", "form_lines"),
)
ORDERED = ("medicines.toml", "causes.toml", "analytes.toml", "explanations.toml")
Changed = Iterator[tuple[str, str]]


def mutants(folder: Path) -> Iterator[tuple[str, str, str]]:
    """Each mutant of the data files: its name, the file, and the file's changed text."""
    for file in sorted({*NUMBERED, *LISTED}):
        text = (folder / file).read_text("utf-8")
        for name, changed in _of_values(text, file):
            yield f"{file}:{name}", file, changed
        for name, changed in _swapped(text) if file in ORDERED else ():
            yield f"{file}: {name}", file, changed
        for name, changed in _entries(text) if file == "rules.toml" else ():
            yield f"{file}: {name}", file, changed
    for name, changed in _emptied((folder / "valuesets.toml").read_text("utf-8")):
        yield f"valuesets.toml: {name}", "valuesets.toml", changed


def amendments(name: str, folder: Path, file: str) -> tuple[int, ...]:
    """The amendments that a changed line, or the lines of its block, cite."""
    lines = (folder / file).read_text("utf-8").splitlines()
    number = re.match(r"[\w.]+:(\d+) ", name)
    near = lines[int(number[1]) - 1] if number else ""
    return tuple(int(found) for found in AMENDMENT.findall(near))


def table(name: str) -> str:
    """The table that a mutant belongs to: its file, of the rules its block too."""
    file, _, what = name.partition(":")
    words = what.split()
    return f"{file} {words[1] if words[0].isdigit() else words[0]}" if file == "rules.toml" else file


def about(name: str, path: Path) -> frozenset[str]:
    """The names of sets, groups and analytes without one of which in a chart a mutant changes nothing; empty: any."""
    file, blocks = path.name, tomllib.loads(path.read_text("utf-8"))
    words = name.split()
    if file == "limits.toml" and words[1:2] == ["limit"]:
        return frozenset({words[2], "albumin"})
    if file == "limits.toml" and words[1:2] == ["combined"]:
        return frozenset({blocks["combined"][words[2]]["analyte"]})
    if file == "limits.toml":
        return frozenset({"calcium"})
    if file == "signs.toml":
        return frozenset(words[-1].strip('"').split())
    named = [words[0], words[-1]] if words[1:2] == ["after"] else words[:1] if words[1:] == ["empty"] else words[1:2]
    return frozenset(of for one in named for of in _holds(file, one, blocks.get(one.partition(".")[0], {})))


def worded(name: str, file: str) -> str:
    """The code or the words without which in a request a mutant of such a file changes nothing; empty: any request."""
    left = re.search(r'without "([^"]+)"$', name)
    said = left[1] if left and file in WORDED else ""
    code = re.fullmatch(r"[a-z-]+:(\S+)", said)
    return code[1].lower() if code else said if re.fullmatch(r"[a-z0-9]+(?: [a-z0-9]+)*", said) else ""


def edges(name: str, path: Path) -> list[tuple[float, float]]:
    """Between which numbers, in each unit of a limit, a mutant of its value or its operator is another one."""
    changed = re.fullmatch(r"(\d+) .* (?:(op) \S+ to \S+|(?:\S+ )?([\d.]+) to ([\d.]+))", name)
    near = path.read_text("utf-8").splitlines()[int(changed[1]) - 1 :] if changed else []
    values = next((VALUE.findall(line) for line in near[:2] if "value = {" in line), [])
    if not changed or not values or not (changed[2] or changed[3] in {value for _, value in values}):
        return []
    one, other = (float(changed[3]), float(changed[4])) if changed[3] else (float(values[0][1]),) * 2
    far = max(abs(one - other) / one, 0.01) * 2
    return [(float(value) * (1 - far), float(value) * (1 + far)) for _, value in values]


def _holds(file: str, name: str, block: dict[str, Any]) -> Iterator[str]:
    """What a chart holds that is about one block of a file."""
    if file == "causes.toml":
        yield block["set"]
    elif file == "explanations.toml":
        yield f"explains-{name}"
    elif file == "medicines.toml":
        for key in ("groups", "check_route", "never"):
            yield from block.get(key, ())
        for key in ("codes", "stated_route"):
            yield from (code.partition(":")[2].rstrip("-") for code in block.get(key, ()))
        yield name
    else:
        yield name


def _of_values(text: str, file: str) -> Changed:
    """Numbers, operators, effects, switches, and members of lists."""
    in_list, value = False, False
    for token in TOKEN.finditer(text):
        said = token[0]
        if said in "[]":
            in_list = value and said == "["
        elif said in "=\n":
            value = in_list or said == "="
        elif said.startswith("#"):
            continue
        else:
            where = _where(text, token.start())
            if said[0].isdigit() and file in NUMBERED and value:
                for other in _steps(said):
                    yield f"{where} {said} to {other}", _put(text, token, other)
            elif said in TURNED and value:
                yield f"{where} {said} to {TURNED[said]}", _put(text, token, TURNED[said])
            elif said in OTHER and file == "limits.toml":
                yield f"{where} {said} to {OTHER[said]}", _put(text, token, OTHER[said])
            elif in_list and file in LISTED:
                yield f"{where} without {said}", _without(text, token)


def _steps(number: str) -> tuple[str, str]:
    """One step of the last decimal larger and smaller."""
    decimals = len(number.partition(".")[2])
    return tuple(f"{float(number) + way * 10.0**-decimals:.{decimals}f}" for way in (1, -1))  # type: ignore[return-value]


def _put(text: str, token: re.Match[str], other: str) -> str:
    return text[: token.start()] + other + text[token.end() :]


def _without(text: str, token: re.Match[str]) -> str:
    """The list without this member, and without a comma that stands alone."""
    after = re.sub(r"^\s*,", "", text[token.end() :])
    before = text[: token.start()]
    return before + after if after != text[token.end() :] else re.sub(r",\s*$", "", before) + after


def _where(text: str, place: int) -> str:
    """Line, block and key of a place; of a limit, what its block says before it."""
    line = text[: text.rfind("\n", 0, place) + 1].count("\n") + 1
    heads = list(HEAD.finditer(text, 0, place))
    block = heads[-1][1].strip() if heads else ""
    if block == "limit":
        stated = re.findall(r'(?:analyte|kind|side|sign) = "([^"]+)"', text[heads[-1].end() : place])
        block = " ".join((block, *stated))
    begin = heads[-1].end() if heads else 0
    key = next(reversed([*KEY.finditer(text, begin, place)]), None)  # of a list of several lines the first has it
    return f"{line} {block} {key[0] if key else ''}".replace("  ", " ").rstrip()


def _blocks(text: str) -> list[tuple[str, int, int]]:
    """The blocks of a file: name, begin and end."""
    heads = list(HEAD.finditer(text))
    ends = [*(head.start() for head in heads[1:]), len(text)]
    return [(head[1], head.start(), end) for head, end in zip(heads, ends, strict=True)]


def _swapped(text: str) -> Changed:
    """Each block behind the next: the order is that of tags."""
    blocks = _blocks(text)
    for (one, begin, middle), (other, _, end) in pairwise(blocks):
        yield f"{one} after {other}", text[:begin] + text[middle:end] + "\n" + text[begin:middle] + text[end:]


def _entries(text: str) -> Changed:
    """Tables of the rules without one of their entries; a window or threshold that is gone does not start."""
    for name, begin, end in _blocks(text):
        if name not in ENTRIES:
            continue
        for line in re.finditer(r"^([\w-]+) = [^\n]*\n", text[begin:end], re.MULTILINE):
            at = begin + line.start()
            yield f"{name} without {line[1]}", text[:at] + text[at + len(line[0]) :]


def _emptied(text: str) -> Changed:
    """Each value set without any code."""
    for name, begin, end in _blocks(text):
        yield f"{name} empty", text[:begin] + f'[{name}]\nderived = true\nsource = "mutant"\n' + text[end:]
