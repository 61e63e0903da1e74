"""Where code, data, wording and tests cite the clinical knowledge, and what they cite.

A citation is the name of a paragraph: a section (`2b`, `section 3`), a section and what stands in it (`3a R4`,
`4b Exam`, `section 6 Users`, `4e step 9`, `4e ORDERS d`), a row or amendment by itself (`D17`, `S13`, `V08`,
`N29`), or a line of the protocol (`conformance C 19`). A word after a section that begins with a capital letter is part
of the name, so that a name that does not exist is found. Of a red flag and a step the next ones may follow
(`3a E3, E4`, `4e steps 13 to 43`). In the fields `rule` and `source` a red flag by itself (`R4`) is its paragraph of
section 3a.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
BOOK = ROOT / "docs/clinical-knowledge.md"
PROTOCOL = ROOT / "docs/cds-hooks-conformance.md"
FOLDERS = ("cds", "cards", "tests", "docs")
KINDS = {".py", ".toml", ".md"}
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
PROTOCOL_CASES = ROOT / "tests/cases/protocol/index.csv"

ALONE = r"(?<![\w./#:$+-])"  # no part of a code, a version or a path
SECTION = re.compile(
    rf"{ALONE}(?:(?P<name>[2-5][a-f])|[Ss]ections? (?P<named>[1-7][a-f]?))(?![\w.-])(?P<more>(?: [\w-]+){{0,3}})"
)
ROW = re.compile(
    rf"{ALONE}(?:(?P<kind>[DNS])(?P<first>[1-9]\d?)|(?P<chart>V\d\d))(?![\w-])(?!\.[\d-])"
    r"(?: to (?P=kind)(?P<last>\d\d?))?"
)
FLAG = re.compile(rf"{ALONE}(?P<name>E[1-9]|U[1-9]|P[1-5]|R[1-4]|ADD)(?![\w-])(?!\.[\d-])")
STEPS = re.compile(r" steps? (?P<first>\d+)(?: (?P<to>to|and) (?P<last>\d+))?")
ORDERS = re.compile(r" ORDERS (?P<first>[a-h])(?: (?P<to>to|and) (?P<last>[a-h]))?(?!\w)")
NEXT = re.compile(r"(?:, | and )(?P<kind>[EUPRD])(?P<first>\d\d?|DD)(?![\w.-])| to (?P<same>[EUPR])(?P<last>\d)")
OTHER_SECTION = re.compile(r" (?:and|to) (?P<name>[1-7][a-f]?)(?![\w.-])")
LINE = re.compile(r"\b[Cc]onformance (?:[A-H] )?(?P<first>\d+)(?:, (?:[A-H] )?(?P<second>\d+))?")
ELSEWHERE = ("RFC", "design, ", "CDS Hooks", "edition, ", "security", "ISO ")  # their sections are not ours


class Citation(NamedTuple):
    """Who cites which anchor, in which words."""

    where: str
    words: str
    anchor: str


class Passage(NamedTuple):
    """Words that may cite: where they stand, and whether a red flag by itself is a citation there."""

    where: str
    words: str
    names_rule: bool = False


def anchors(document: Path) -> list[str]:
    """The anchors of a document, in their order."""
    return re.findall(r'<a id="([^"]+)"></a>', document.read_text("utf-8"))


def cited(passage: Passage, known: frozenset[str]) -> Iterator[Citation]:
    """What one passage cites."""
    words = passage.words
    for found in SECTION.finditer(words):
        if found["name"] or not any(name in words[: found.start()] for name in ELSEWHERE):
            yield from (Citation(passage.where, found[0], name) for name in _in_section(found, known))
    for found in ROW.finditer(words):
        yield from (Citation(passage.where, found[0], name) for name in _rows(found, known))
    for found in LINE.finditer(words):
        yield from (Citation(passage.where, found[0], f"c-{number}") for number in found.groups() if number)
    if passage.names_rule:
        yield from (Citation(passage.where, found[0], f"3a-{found['name'].lower()}") for found in FLAG.finditer(words))


def _in_section(found: re.Match[str], known: frozenset[str]) -> Iterator[str]:
    """The anchors that a section and the words after it name."""
    section, words = found["name"] or found["named"], found.string
    after = found.start("more")
    if steps := list(_steps(section, words, after, known)):
        yield from steps
        return
    following = found["more"].split()
    sizes = (size for size in range(len(following), 0, -1) if "-".join([section, *following[:size]]).lower() in known)
    if size := next(sizes, 0):
        yield "-".join([section, *following[:size]]).lower()
        end = after + sum(len(word) + 1 for word in following[:size])
        yield from _next_flags(section, following[size - 1], words, end)
    else:
        yield f"{section}-{following[0]}".lower() if following and following[0][0].isupper() else section
        if other := OTHER_SECTION.match(words, after):
            yield other["name"]


def _steps(algorithm: str, words: str, start: int, known: frozenset[str]) -> Iterator[str]:
    """The steps of an algorithm that follow its name: one, two, or from one to another."""
    if steps := STEPS.match(words, start):
        first, last = int(steps["first"]), int(steps["last"] or steps["first"])
        between = range(first + 1, last) if steps["to"] == "to" else range(0)
        inside = (
            number for number in between if f"{algorithm}-step-{number}" in known
        )  # numbers that no step has are none
        yield from (f"{algorithm}-step-{number}" for number in sorted({first, last, *inside}))
    elif orders := ORDERS.match(words, start):
        first, last = ord(orders["first"]), ord(orders["last"] or orders["first"])
        yield from (f"{algorithm}-orders-{chr(letter)}" for letter in range(first, last + 1))


def _next_flags(section: str, name: str, words: str, start: int) -> Iterator[str]:
    """The red flags that follow one: `E3, E4`, `U2 to U7`."""
    while section in {"3", "3a"} and (flag := NEXT.match(words, start)):
        if flag["last"]:
            yield from (
                f"{section}-{flag['same']}{number}".lower()
                for number in range(int(name[1:]) + 1, int(flag["last"]) + 1)
            )
        else:
            name = flag["kind"] + flag["first"]
            yield f"{section}-{name}".lower()
        start = flag.end()


def _rows(found: re.Match[str], known: frozenset[str]) -> Iterator[str]:
    """A row by itself, the rows from one to another, or a row and the steps of its algorithm."""
    if found["chart"]:
        yield found["chart"].lower()
        return
    kind, first, last = found["kind"].lower(), found["first"], found["last"]
    yield from (f"{kind}{number}" for number in range(int(first), int(last or first) + 1))
    yield from _steps(f"{kind}{first}", found.string, found.end(), known)


def passages() -> Iterator[Passage]:
    """Comments and docstrings of Python, all of TOML and of the documents, and the cases of the protocol."""
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in KINDS and path not in {BOOK, PROTOCOL} and path.parent != HERE:
                name, content = str(path.relative_to(ROOT)), path.read_text("utf-8")
                yield from _of_python(name, content) if path.suffix == ".py" else _of_lines(name, content)
    yield from _of_lines(str(PROTOCOL_CASES.relative_to(ROOT)), PROTOCOL_CASES.read_text("utf-8"))


def _of_python(name: str, content: str) -> Iterator[Passage]:
    for token in tokenize.generate_tokens(io.StringIO(content).readline):
        if token.type == tokenize.COMMENT:
            yield Passage(f"{name}:{token.start[0]}", token.string)
    documented = (node for node in ast.walk(ast.parse(content)) if isinstance(node, DOCUMENTED))
    for node in documented:
        if words := ast.get_docstring(node):
            yield Passage(f"{name}:{node.body[0].lineno}", words)


def _of_lines(name: str, content: str) -> Iterator[Passage]:
    is_wording = name.endswith(
        ".toml"
    )  # where the words of a red flag are those of section 3; a document may invent one
    for number, line in enumerate(content.splitlines(), 1):
        if is_wording and (flag := re.match(r"\[flag\.(\w+)\]", line)):
            yield Passage(f"{name}:{number}", f"section 3 {flag[1]}")
        fields = re.findall(r'\b(?:rule|source) = "([^"]*)"', line)
        rest = line
        for field in fields:
            yield Passage(f"{name}:{number}", field, names_rule=True)
            rest = rest.replace(field, "")
        yield Passage(f"{name}:{number}", rest)
