"""Names: what a variable, parameter or field is called says what it holds."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
MOST_PERCENT = 0.5  # 10.6 before the renaming of 30 November 2026; lower this as it falls
WORDS = """
one ones found held told thing things given kept said made taken named seen judged shown known asked stated
listed chosen wanted used got what some other others own mine rest whole recorded standing begun spoken
dated coded answered meant heard passed written met sought drawn stands lies brought put left
"""
VAGUE = frozenset(WORDS.split())
Scoped = tuple[int, str]


def bound(node: ast.AST, scope: int) -> Iterator[Scoped]:
    """The names that are bound in a piece of code, each with its scope: parameters, variables, fields, attributes."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
            scope = id(node)
            yield from ((scope, part.arg) for part in ast.walk(node.args) if isinstance(part, ast.arg))
        case ast.ClassDef() | ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
            scope = id(node)
        case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
            yield scope, name
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            yield scope, name
    for child in ast.iter_child_nodes(node):
        yield from bound(child, scope)


def names(source: str) -> list[str]:
    """The names that a module binds, each once in each scope."""
    tree = ast.parse(source)
    return [name.strip("_") for _, name in set(bound(tree, id(tree)))]


def test_a_name_is_counted_once_in_each_scope() -> None:
    """Parameters, loops, comprehensions, fields and what a pattern or an except clause binds; uses are no bindings."""
    source = """
def first(one, *others, key=None):
    found = [one for one in others]
    found = found or one
    match key:
        case [left, *rest]:
            return left, rest
class Kept:
    held: int
"""

    assert sorted(["one", "others", "key", "found", "one", "left", "rest", "held"]) == sorted(names(source))


def test_few_names_say_nothing() -> None:
    """Words such as one, found, held and told name no thing: few variables, parameters and fields are called so."""
    files = [path for package in ("cards", "cds") for path in (ROOT / package).rglob("*.py")]
    every = [name for path in files for name in names(path.read_text("utf-8"))]
    vague = [name for name in every if name in VAGUE]

    assert len(vague) * 100 / len(every) < MOST_PERCENT
