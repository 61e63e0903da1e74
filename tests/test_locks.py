"""The locks are closed: nothing that they list needs what they do not list, so nothing has to be resolved."""

import re
import tomllib
from collections import deque
from collections.abc import Iterable
from functools import cache
from importlib import metadata
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
RUNTIME: list[str] = PROJECT["project"]["dependencies"]
TESTS: list[str] = PROJECT["project"]["optional-dependencies"]["dev"]
REPLAY: list[str] = PROJECT["project"]["optional-dependencies"]["replay"]
CLUSTER: list[str] = PROJECT["project"]["optional-dependencies"]["cluster"]
BUILD: list[str] = [*PROJECT["build-system"]["requires"], "editables"]  # editables: for `pip install --editable`
ROOTS = {
    "requirements.lock": RUNTIME,
    "requirements-replay.lock": REPLAY,
    "requirements-cluster.lock": CLUSTER,
    "requirements-dev.lock": [*RUNTIME, *REPLAY, *CLUSTER, *TESTS],
    "requirements-build.lock": BUILD,
}
VERSIONS = {"3.11": "3.11.0", "3.12": "3.12.0", "3.13": "3.13.0"}
PLATFORMS = {
    "linux": {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix", "platform_machine": "x86_64"},
    "macos": {"sys_platform": "darwin", "platform_system": "Darwin", "os_name": "posix", "platform_machine": "arm64"},
    "windows": {"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt", "platform_machine": "AMD64"},
}
INSTALLERS = re.compile(r"pip\b.*\binstall .*-r \S*requirements|\$\(LOCKED\)")

Environment = dict[str, str]


def environment(version: str, platform: str) -> Environment:
    """What markers are asked about: one Python on one platform."""
    here = {name: str(value) for name, value in default_environment().items()}
    return here | PLATFORMS[platform] | {"python_version": version, "python_full_version": VERSIONS[version]}


def locked(lock: str) -> dict[str, Requirement]:
    """The lines of a lock, by normal name."""
    lines = (ROOT / lock).read_text("utf-8").splitlines()
    pins = [Requirement(line.removesuffix("\\")) for line in lines if line and not line[0].isspace()]
    return {canonicalize_name(pin.name): pin for pin in pins}


def applies(requirement: Requirement, where: Environment, extras: Iterable[str] = ("",)) -> bool:
    """Whether a requirement is one in this environment."""
    marker = requirement.marker
    return marker is None or any(marker.evaluate({**where, "extra": extra}) for extra in extras)


@cache
def declared(name: str) -> tuple[Requirement, ...]:
    """What an installed package declares that it requires."""
    return tuple(map(Requirement, metadata.distribution(name).requires or ()))


def missing(pins: dict[str, Requirement], roots: list[str], where: Environment) -> tuple[list[str], set[str]]:
    """What a lock lacks in an environment, and the packages that are reached in it."""
    lacking, reached = list[str](), set[str]()
    queue = deque[tuple[Requirement, tuple[str, ...]]]((Requirement(root), ("",)) for root in roots)
    visited = set[str]()
    while queue:
        requirement, extras = queue.popleft()
        if not applies(requirement, where, extras) or str(requirement) in visited:
            continue
        name = canonicalize_name(requirement.name)
        pin = pins.get(name)
        if pin is None or not applies(pin, where) or not requirement.specifier.contains(pin_version(pin), True):
            lacking.append(str(requirement))
            continue
        visited.add(str(requirement))
        reached.add(name)
        if applies(pin, {name: str(value) for name, value in default_environment().items()}):
            queue.extend((one, ("", *requirement.extras)) for one in declared(name))
    return lacking, reached


def pin_version(pin: Requirement) -> str:
    """The one version of a line of a lock."""
    (only,) = pin.specifier
    return only.version


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("lock", ROOTS)
def test_a_lock_holds_whatever_its_packages_require(lock: str, version: str, platform: str) -> None:
    """Extras and markers included, for every Python and platform: so it is installed without resolving."""
    assert ([], []) == (
        missing(locked(lock), ROOTS[lock], environment(version, platform))[0],
        [name for name, pin in locked(lock).items() if str(pin.specifier)[:2] != "=="],
    )


@pytest.mark.parametrize("lock", ROOTS)
def test_a_lock_holds_nothing_that_nobody_requires(lock: str) -> None:
    """And each line is missed when it is gone: the test above can fail."""
    where = environment("3.12", "linux")
    pins = {name: pin for name, pin in locked(lock).items() if applies(pin, where)}

    assert set(pins) == missing(pins, ROOTS[lock], where)[1]
    for name in pins:
        rest = {other: pin for other, pin in pins.items() if other != name}
        assert name in {canonicalize_name(Requirement(line).name) for line in missing(rest, ROOTS[lock], where)[0]}


@pytest.mark.parametrize("lock", ROOTS)
def test_what_is_installed_is_what_is_locked(lock: str) -> None:
    """The requirements that are read here are those of the locked versions."""
    here = {name: str(value) for name, value in default_environment().items()}
    pins = {name: pin_version(pin) for name, pin in locked(lock).items() if applies(pin, here)}

    assert pins == {name: metadata.version(name) for name in pins}


def test_every_place_that_installs_a_lock_resolves_nothing() -> None:
    """Makefile, Dockerfile, scripts and documents say --no-deps beside --require-hashes, and check what came of it."""
    files = [ROOT / "Makefile", ROOT / "Dockerfile", ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    files += [path for path in (ROOT / ".ci").iterdir() if path.is_file()]
    lines = [(path.name, line) for path in files for line in path.read_text("utf-8").splitlines()]
    installing = [(name, line) for name, line in lines if INSTALLERS.search(line) and not line.startswith("LOCKED")]

    assert installing
    assert [] == [
        (name, line)
        for name, line in installing
        if "$(LOCKED)" not in line and not {"--no-deps", "--require-hashes"} <= set(line.split())
    ]
    assert "LOCKED := install --no-deps --require-hashes\n" in (ROOT / "Makefile").read_text("utf-8")
    check = re.compile(r"\bpip\b[^\n]* check$", re.IGNORECASE | re.MULTILINE)
    assert {name for name, _ in installing} <= {path.name for path in files if check.search(path.read_text("utf-8"))}
