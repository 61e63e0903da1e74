"""Makes a virtual environment with what locks list: `python deploy/install.py .venv requirements.lock --project`.

It needs Python alone, on Linux, macOS and Windows. Nothing is resolved, because a lock lists everything, with hashes.
Where `uv` is on the PATH it installs, otherwise pip. What cannot be done is said in one line, and ends with 1.
"""

# ruff: noqa: INP001, S603, T201 - a script that prints and runs pip.

import argparse
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import time
import venv
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

PROJECT = Path(__file__).parents[1]
PIN = re.compile(r"^[A-Za-z0-9][^ ]*==", re.MULTILINE)
# What pip prints, once for each line of a lock.
STEP = re.compile(r"(?:Collecting|Requirement already satisfied:|Ignoring) ([A-Za-z0-9._-]+)")
UNREACHABLE = re.compile(r"WARNING: Retrying .*? after connection broken by '(.*)': ")
LOCKED = ("install", "--no-deps", "--require-hashes")
EDITABLE = ("install", "--no-deps", "--no-build-isolation", "--editable", str(PROJECT))
BAR = 30


class SetupError(Exception):
    """What stopped the set-up, in one line."""


class Progress:
    """How many packages of how many: a bar in a terminal, nothing anywhere else."""

    def __init__(self, total: int) -> None:
        self.total, self.done = total, 0
        self.is_shown = sys.stdout.isatty()

    def step(self, name: str) -> None:
        self.done += 1
        self.show(f"{self.done} of {self.total} {name}")

    def show(self, text: str) -> None:
        if self.is_shown:
            full = BAR * min(self.done, self.total) // self.total
            print(f"\r[{'#' * full}{'.' * (BAR - full)}] {text:<40.40}", end="", flush=True)

    def close(self) -> None:
        if self.is_shown:
            print(f"\r{'':<{BAR + 43}}\r", end="", flush=True)


class Environment:
    """A virtual environment; what is run in it is run by its own Python."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        self.pip = (str(self.python), "-m", "pip", "--disable-pip-version-check", "--no-input")

    def make(self) -> None:
        """Make it; what was left half made is removed."""
        try:
            venv.create(self.folder, clear=True, with_pip=True)
        except subprocess.CalledProcessError as error:
            raise SetupError(
                f"{sys.executable} cannot make virtual environments: install its venv package "
                "(Debian, Ubuntu: apt-get install python3-venv)"
            ) from error

    def works(self) -> bool:
        """Whether its pip can be run."""
        try:
            return subprocess.run([*self.pip, "--version"], capture_output=True, check=False).returncode == 0
        except OSError:
            return False

    def run(self, *arguments: str) -> None:
        """Run pip quietly; what it has to say is shown if it fails."""
        done = subprocess.run([*self.pip, *arguments], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise SetupError(f"pip {arguments[0]}: {(done.stdout + done.stderr).strip()}")


def with_pip(environment: Environment, lock: Path, progress: Progress) -> None:
    """Install one lock, counting what pip names; end pip as soon as the index cannot be reached."""
    command = [*environment.pip, *LOCKED, "--progress-bar", "off", "-r", str(lock)]
    said: list[str] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        for line in heard(process):
            said.append(line)
            if step := STEP.match(line):
                progress.step(step[1])
            elif line.startswith("Installing collected packages"):
                progress.show("unpacking")
    if process.returncode != 0:
        errors = "".join(line for line in said if line.startswith("ERROR: "))
        raise SetupError(errors.strip() or f"pip ended with {process.returncode}")


def heard(process: subprocess.Popen[str]) -> Iterator[str]:
    """What pip says, line by line; ends it as soon as the index cannot be reached, not after all of its tries."""
    assert process.stdout is not None
    for line in process.stdout:
        if broken := UNREACHABLE.match(line):
            process.terminate()
            raise SetupError(unreachable(broken[1]))
        yield line


def ask_the_index(lock: Path) -> None:
    """Refuse before anything is made, if neither uv nor pip, as they are set up here, reaches an index."""
    name = re.split(r"[\[=]", PIN.findall(lock.read_text("utf-8"))[0])[0]
    if shutil.which("uv") is not None:
        command = ["uv", "pip", "compile", "--quiet", "--no-deps", "--python", sys.executable, "-"]
        asked = subprocess.run(command, input=name, capture_output=True, text=True, check=False, env=impatient())
        if asked.returncode == 0:
            return
    if pip := pip_at_hand():
        command = [*pip, "--disable-pip-version-check", "--no-input", "index", "versions", name]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
            for _ in heard(process):
                pass


def pip_at_hand() -> list[str]:
    """The pip of this Python, or the wheel with which it would make environments; what runs it."""
    if find_spec("pip"):
        return [sys.executable, "-m", "pip"]
    spec = find_spec("ensurepip")
    folders = [
        sysconfig.get_config_var("WHEEL_PKG_DIR"),
        Path(spec.origin).parent / "_bundled" if spec and spec.origin else None,
    ]
    wheels = [wheel for folder in folders if folder for wheel in sorted(Path(folder).glob("pip-*.whl"))]
    return [sys.executable, f"{wheels[-1]}/pip"] if wheels else []


def impatient() -> dict[str, str]:
    """The environment for uv: what cannot be reached is not tried again."""
    return os.environ | {"UV_HTTP_RETRIES": "0"}


def unreachable(reason: str) -> str:
    """The package index cannot be asked; pip's reason without the names of its classes."""
    reason = re.sub(
        r"<[^>]*>|\bHTTPS?Connection(?:Pool)?\([^)]*\)|\b\w+(?:Error|Exception)\(|[()'\"]", "", reason
    ).strip(" :,")
    return (
        f"No network: the package index cannot be reached ({reason}). The set-up needs it once. "
        "Behind a proxy set HTTPS_PROXY, with an index of your own PIP_INDEX_URL, then run this again."
    )


def with_uv(environment: Environment, locks: list[Path], progress: Progress) -> bool:
    """Install the locks with uv; whether it could."""
    if shutil.which("uv") is None:
        return False
    files = [part for lock in locks for part in ("-r", str(lock))]
    options = ("--quiet", "--compile-bytecode", "--python", str(environment.python))
    command = ["uv", "pip", "install", *options, *LOCKED[1:], *files]
    began = time.monotonic()
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=impatient()
    ) as process:
        while True:
            try:
                said, _ = process.communicate(timeout=0.5)
                break
            except subprocess.TimeoutExpired:
                progress.show(f"uv, {time.monotonic() - began:.0f} s")
    if process.returncode != 0:
        progress.close()
        reason = (said.strip().splitlines() or ["no reason given"])[-1].strip().removeprefix("cause: ")
        print(f"uv cannot install them ({reason}); pip does", flush=True)
    return process.returncode == 0


def checked(folder: Path) -> None:
    """Refuse at once what cannot succeed."""
    if not (3, 11) <= sys.version_info[:2] < (3, 14):
        raise SetupError(f"Python 3.11, 3.12 or 3.13 is needed; this is {sys.version.split()[0]}")
    parent = next(one for one in (folder, *folder.absolute().parents) if one.exists())
    if not os.access(parent, os.W_OK):
        raise SetupError(
            f"Cannot write to {parent}: {folder} is made there. Copy the checkout to a folder of yours, "
            "or name another one: make VENV=/tmp/twitch-cds run"
        )


def install(folder: Path, locks: list[Path], *, project: bool) -> None:
    """Set the environment up, telling what is done."""
    checked(folder)
    total = sum(len(PIN.findall(lock.read_text("utf-8"))) for lock in locks)
    print(f"Setting up {folder}: {total} packages, about a minute, once", flush=True)
    environment, progress = Environment(folder), Progress(total)
    began = time.monotonic()
    try:
        if not environment.works():
            progress.show("asking the package index")
            ask_the_index(locks[0])
            progress.show("making the environment")
            environment.make()
        if not with_uv(environment, locks, progress):
            for lock in locks:
                with_pip(environment, lock, progress)
        if project:
            progress.show("this project")
            environment.run(*EDITABLE)
        environment.run("check")
    finally:
        progress.close()
    print(f"Set up in {time.monotonic() - began:.0f} s", flush=True)


def main() -> str | int | None:
    """Carry it out; what stopped it is the one line that is shown."""
    parser = argparse.ArgumentParser(description="Make a virtual environment and install what locks list.")
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="the environment, for example .venv")
    parser.add_argument("locks", metavar="LOCK", type=Path, nargs="+", help="for example requirements.lock")
    parser.add_argument("--project", action="store_true", help="install this checkout as well, to be edited")
    given = parser.parse_args()
    try:
        install(given.folder, given.locks, project=given.project)
    except SetupError as error:
        return str(error)
    except KeyboardInterrupt:
        print("Interrupted: run it again to go on", file=sys.stderr)
        return 130
    return None


if __name__ == "__main__":
    sys.exit(main())
