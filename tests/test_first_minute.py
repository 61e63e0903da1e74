"""`make run` at a terminal, in a fresh checkout: what cannot succeed is one line, before anything is made."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from service.terminal import Ended, at_terminal

ROOT = Path(__file__).parents[1]
NEEDED = ("Makefile", "deploy", "pyproject.toml", "requirements.lock", "requirements-build.lock")
TOOLS = ("make", "sh", "touch")
UV, UNSHARE = shutil.which("uv"), shutil.which("unshare")
ENDED_BY_MAKE = 2
OUTERMOST = {"MAKEFLAGS": "", "MAKELEVEL": "0"}  # whatever `make test` was given is not meant here


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What the set-up needs of a fresh clone."""
    made = tmp_path / "checkout"
    made.mkdir()
    for name in NEEDED:
        (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, made / name)
    return made


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port at which nobody listens, and nobody else can."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port: int = door.getsockname()[1]
        yield port


def environment(folder: Path, port: int, *more: str) -> dict[str, str]:
    """An index that cannot be reached, nothing kept from earlier, and of all programs these."""
    tools = folder / "tools"
    tools.mkdir()
    for name in (*TOOLS, *more):
        (tools / name).symlink_to(shutil.which(name) or name)
    index = f"http://127.0.0.1:{port}/simple"
    pip = {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": index, "PIP_NO_CACHE_DIR": "1"}
    uv = {"UV_NO_CONFIG": "1", "UV_DEFAULT_INDEX": index, "UV_CACHE_DIR": str(folder / "cache"), "UV_OFFLINE": "0"}
    return {"PATH": str(tools), **OUTERMOST, **pip, **uv}


def said(ended: Ended) -> list[str]:
    """The lines of a terminal at the end: what a bar has overwritten is gone, and what make adds is left out."""
    lines = (line.rpartition("\r")[2] for line in ended.text.replace("\r\n", "\n").split("\n"))
    return [line for line in lines if line and not line.startswith("make")]


@pytest.mark.parametrize("tools", [(), pytest.param(("uv",), marks=pytest.mark.skipif(not UV, reason="no uv here"))])
@pytest.mark.parametrize("options", ["", " -S"], ids=["with pip", "without pip"])
def test_no_network_is_told_before_anything_is_made(
    tools: tuple[str, ...], options: str, checkout: Path, closed_port: int, tmp_path: Path
) -> None:
    """By uv and pip, or by pip alone; where Python has no pip, by the one with which it makes environments."""
    python = f"PYTHON={sys.executable}{options}"
    ended = at_terminal(["make", "run", python], environment(tmp_path, closed_port, *tools), folder=checkout)

    first, problem = said(ended)
    assert first.startswith("Setting up .venv: ")
    assert problem.startswith("No network: the package index cannot be reached (Failed to establish a new connection: ")
    assert "Connection refused" in problem
    assert ENDED_BY_MAKE == ended.status
    assert not (checkout / ".venv").exists()


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0 or not UNSHARE, reason="only root mounts read-only")
def test_a_read_only_checkout_is_told_at_once(checkout: Path, closed_port: int, tmp_path: Path) -> None:
    """Mounted so: root is not stopped by the mode of a folder."""
    again = f"mount --bind {checkout} {checkout} && mount -o remount,bind,ro {checkout}"
    mounted = ["unshare", "--mount", "sh", "-c", f'{again} && cd {checkout} && exec "$@"', "sh"]
    if subprocess.run([*mounted, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("no mounts here")
    settings = environment(tmp_path, closed_port, "unshare", "mount")
    ended = at_terminal([*mounted, "make", "run", f"PYTHON={sys.executable}"], settings)

    (problem,) = said(ended)
    assert problem.startswith(
        f"Cannot write to {checkout}: .venv is made there. Copy the checkout to a folder of yours"
    )
    assert ENDED_BY_MAKE == ended.status


def test_a_taken_port_is_told_at_once(checkout: Path, tmp_path: Path) -> None:
    """With the two ways to choose another."""
    venv = tmp_path / "env"
    venv.mkdir()
    (venv / "bin").symlink_to(Path(sys.executable).parent)
    (venv / ".installed").touch()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = ["make", "run", f"VENV={venv}", f"PORT={port}"]
        settings = {**OUTERMOST, "TWITCH_CDS_DATA_DIR": str(tmp_path / "var")}
        ended = at_terminal(command, settings, folder=checkout)

    way_out = "Choose another port (--port N, or make run PORT=N)."
    (problem,) = said(ended)
    assert problem.endswith(f"cannot listen on 127.0.0.1:{port}: Address already in use. {way_out}")
    assert ENDED_BY_MAKE == ended.status
    assert not (tmp_path / "var").exists()
