"""Architecture: imports only go downwards, no cycles, and what each package may do."""

import ast
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).parent.parent
LONGEST_FILE, LONGEST_FUNCTION, MEDIAN_FUNCTION = 400, 50, 10

# From the bottom up. A module imports from its own package and from the levels below, never from beside.
FLOORS: tuple[tuple[str, ...], ...] = (
    ("cards",),
    ("cds.errors", "cds.http", "cds.setting_kinds", "cds.urls"),
    ("cds.bounds", "cds.clock", "cds.deadline", "cds.ids", "cds.progress", "cds.secrecy", "cds.settings"),
    ("cds.keyed", "cds.modes"),
    ("cds.access", "cds.account"),
    ("cds.fhir",),
    ("cds.need",),
    ("cds.knowledge",),
    ("cds.words", "cds.form"),
    ("cds.chart",),
    ("cds.rules",),
    ("cds.audit", "cds.hooks", "cds.outcome", "cds.prefetch", "cds.store", "cds.trust"),
    ("cds.report", "cds.selfcheck", "cds.call", "cds.diff"),
    ("cds.review", "cds.shadow"),
    ("cds.hook_handler", "cds.explain", "cds.golive", "cds.smart"),
    ("cds.web", "cds.evaluate"),
    ("cds.demo",),
    ("cds.web.app", "cds.web.opening"),
    ("cds.web.worker",),
    ("cds.web.server",),
    ("cds.web.serve_command",),
    ("cds.knowledge_command", "cds.recall"),
    ("cds.replay",),
    ("cds.commands",),
    ("cds.cli",),
    ("cds.__main__",),
)
# Frameworks, networks, databases, processes and files of the machine: not for those who decide and word.
FOREIGN = frozenset(
    {
        "fastapi",
        "starlette",
        "httpx",
        "uvicorn",
        "requests",
        "urllib",
        "socket",
        "asyncio",
        "jinja2",
        "os",
        "subprocess",
    }
    | {"sqlite3", "sqlalchemy", "psycopg", "aiosqlite", "time", "threading", "prometheus_client"}
)
PURE: tuple[str, ...] = (
    *(
        "cards",
        "cds.fhir",
        "cds.knowledge",
        "cds.words",
        "cds.chart",
        "cds.rules",
        "cds.hooks",
        "cds.call",
        "cds.explain",
        "cds.outcome",
    ),
    *("cds.access", "cds.account", "cds.deadline", "cds.modes", "cds.need", "cds.secrecy"),
    *("cds.prefetch.supply", "cds.prefetch.references", "cds.prefetch.breaker", "cds.prefetch.tally"),
)
CATCHES_ALL = {
    "cds.rules.runner": "one rule's isolation",
    "cds.web.request_boundary": "the request boundary",
    "cds.store.writer": "the background writer",
    "cds.evaluate.inputs": "the same boundary of the command: one input",
    "cds.evaluate.pool": "the same boundary of the command: one chart of many",
    "cds.replay.player": "the same boundary of the replay: one call of many",
}
# What is heavy and seldom needed is imported when it is: start-up is a cost of every command. Besides these, the files
# of `cds.commands` import what they run.
IMPORTS_LATE = {
    "cds.cli": {"cds.commands.program"},
    "cds.evaluate.command": {"shutil"},  # for a terminal only: it maps three libraries of packed files
    "cds.evaluate.files": {"cds.evaluate.packed"},  # for packed files only
    "cds.evaluate.places": {"upath"},
    "cds.fhir.units": {"cds.fhir.ucum"},
    "cds.store.migrate": {"cds.store.upgrade"},
    "cds.store.statements": {"sqlalchemy.dialects"},
    "cds.progress": {"rich.console", "rich.progress"},
    "cds.trust.verifier": {"cds.trust.fetch"},
    "cds.web.governance.routes": {"cds.web.governance.figures"},
    "cds.web.opening": {
        "cds.prefetch.completion",
        "cds.smart.ehr",
        "cds.demo.playground.routes",
        "cds.web.smart.routes",
    },
    "cds.web.pages": {"jinja2"},
    "cds.web.server": {"cds.web.metrics", "cds.web.worker"},
}
COMMANDS = "cds.commands."
READS_THE_MACHINE = {"cds.clock", "cds.settings"}
CLOCKS = frozenset({"now", "utcnow", "today", "time", "time_ns", "localtime", "gmtime"})
OWNERS = frozenset({"datetime", "date", "time"})


def name_of(path: Path) -> str:
    """The dotted name of a module; a package goes by its folder."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@cache
def trees() -> dict[str, ast.Module]:
    """Every module of both packages, parsed."""
    paths = [path for package in ("cards", "cds") for path in sorted((ROOT / package).rglob("*.py"))]
    return {name_of(path): ast.parse(path.read_text("utf-8"), str(path)) for path in paths}


@cache
def sources() -> dict[str, Path]:
    """The file of every module."""
    return {name_of(path): path for package in ("cards", "cds") for path in (ROOT / package).rglob("*.py")}


def imported(tree: ast.AST) -> Iterator[str]:
    """The dotted names that a module imports, members of packages resolved to modules."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative import"
            module = node.module or ""
            for alias in node.names:
                full = f"{module}.{alias.name}"
                yield full if full in sources() else module


def own_imports(module: str) -> set[str]:
    """Our own modules that a module imports."""
    return {name for name in imported(trees()[module]) if name in sources() and name != module}


def part_of(module: str) -> str:
    """The package that a module belongs to: the closest one that is named."""
    parts = (part for floor in FLOORS for part in floor if module == part or module.startswith(f"{part}."))
    return max(parts, key=len)


def floor_of(part: str) -> int:
    """The level of a package."""
    return next(height for height, floor in enumerate(FLOORS) if part in floor)


def functions() -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """All functions with their modules."""
    for module, tree in trees().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{module}.{node.name}", node


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """The lines of a function without decorators and docstring."""
    documented = ast.get_docstring(node, clean=False) is not None
    first = node.body[0]
    return (node.end_lineno or 0) - node.lineno + 1 - ((first.end_lineno or 0) - first.lineno + 1 if documented else 0)


def is_call_on_the_machine(node: ast.AST) -> bool:
    """Whether a node reads the clock or the environment."""
    if not isinstance(node, ast.Attribute):
        return isinstance(node, ast.Name) and node.id in ("environ", "getenv")
    if node.attr in ("environ", "getenv"):
        return True
    return node.attr in CLOCKS and isinstance(node.value, ast.Name) and node.value.id in OWNERS


MODULES = sorted(trees())


def test_every_module_stands_on_a_floor() -> None:
    """A new package must be given its level here."""
    assert {"cds"} == {module for module in MODULES if not _is_placed(module)}


def _is_placed(module: str) -> bool:
    return any(module == part or module.startswith(f"{part}.") for floor in FLOORS for part in floor)


@pytest.mark.parametrize("module", [module for module in MODULES if module != "cds"])
def test_a_module_imports_only_from_below(module: str) -> None:
    """Imports stay within the same part or lead to a lower floor; so cards never import cds."""
    here = part_of(module)
    wrong = {
        name
        for name in own_imports(module) - {"cds"}
        if part_of(name) != here and floor_of(part_of(name)) >= floor_of(here)
    }

    assert set() == wrong


def test_there_are_no_import_cycles() -> None:
    """The modules of both packages can be put in an order in which each needs only earlier ones."""
    order = list(TopologicalSorter({module: own_imports(module) for module in MODULES}).static_order())

    assert len(MODULES) == len(order)


@pytest.mark.parametrize("module", [module for module in MODULES if module.startswith(PURE)])
def test_the_domain_knows_no_framework_and_no_machine(module: str) -> None:
    """No web framework, network, database or environment below the transport."""
    names = set(imported(trees()[module]))

    assert set() == {name.partition(".")[0] for name in names} & FOREIGN
    assert "cds.http" not in names


@pytest.mark.parametrize("module", MODULES)
def test_no_broad_except(module: str) -> None:
    """Only one rule's isolation and the request boundary catch everything."""
    broad = [
        node.lineno
        for node in ast.walk(trees()[module])
        if isinstance(node, ast.ExceptHandler) and _is_broad(node.type)
    ]

    assert (1 if module in CATCHES_ALL else 0) == len(broad), broad


def _is_broad(caught: ast.expr | None) -> bool:
    names = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return any(name is None or ast.unparse(name) in ("Exception", "BaseException") for name in names)


@pytest.mark.parametrize("module", MODULES)
def test_clock_and_environment_are_read_in_few_places(module: str) -> None:
    """Time and settings are arguments; the clock, the command and the server alone ask the machine."""
    reads = [node.lineno for node in ast.walk(trees()[module]) if is_call_on_the_machine(node)]  # type: ignore[attr-defined]

    assert module in READS_THE_MACHINE or [] == reads


@pytest.mark.parametrize("module", [name for name, path in sources().items() if path.name == "__init__.py"])
def test_a_package_file_says_what_the_package_is(module: str) -> None:
    """A docstring, at most names that are passed on, and no logic."""
    tree = trees()[module]
    logic = [node.lineno for node in tree.body[1:] if not _passes_on(node)]

    assert ast.get_docstring(tree)
    assert [] == logic


def _passes_on(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) or (
        isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
    )


@pytest.mark.parametrize("module", MODULES)
def test_imports_stand_at_the_top(module: str) -> None:
    """No import hides in a function, but for the few that are late on purpose."""
    inner = {
        name
        for function in ast.walk(trees()[module])
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for name in imported(function)
    }

    assert module.startswith(COMMANDS) or IMPORTS_LATE.get(module, set()) == inner


@pytest.mark.parametrize("module", [module for module in MODULES if module.startswith(COMMANDS)])
def test_a_command_imports_at_the_top_only_what_help_needs(module: str) -> None:
    """Names, not works: `--help` is to cost nothing."""
    top = ast.Module([node for node in trees()[module].body if isinstance(node, ast.Import | ast.ImportFrom)], [])
    own = {name for name in imported(top) if name in sources()}

    assert own <= {"cds.commands.look", "cds.errors", "cds.settings", "cds.trust.names"}


@pytest.mark.parametrize("module", MODULES)
def test_a_file_is_of_a_size_to_be_read(module: str) -> None:
    """No file is longer than 400 lines."""
    assert len(sources()[module].read_text("utf-8").splitlines()) <= LONGEST_FILE


def test_functions_are_of_a_size_to_be_read() -> None:
    """No function is longer than 50 lines, docstring aside, and most are shorter than 10."""
    lengths = {name: length(node) for name, node in functions()}

    assert {} == {name: lines for name, lines in lengths.items() if lines > LONGEST_FUNCTION}
    assert median(lengths.values()) < MEDIAN_FUNCTION


@pytest.mark.parametrize("module", MODULES)
def test_what_is_public_is_explained(module: str) -> None:
    """Modules, public classes and public functions at the top of a module have a docstring."""
    tree = trees()[module]
    silent = [
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
    ]

    assert ast.get_docstring(tree)
    assert [] == silent
