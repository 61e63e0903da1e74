"""The set-up: `deploy/install.py`, as make runs it, against a package index on the loopback address."""

import base64
import hashlib
import os
import pty
import runpy
import signal
import socket
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

INSTALL = Path(__file__).parents[1] / "deploy/install.py"
PACKAGES: dict[str, list[str]] = {"tingle": ["twinge"], "twinge": []}  # names, with what each requires
# A process that was started in the background ignores SIGINT, and so would its children.
HEEDING = "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])"


def wheel(folder: Path, name: str, requires: list[str]) -> Path:
    """A package of one module."""
    info = f"{name}-1.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n" + "".join(f"Requires-Dist: {r}\n" for r in requires)
    files = {f"{name}.py": "", f"{info}/METADATA": metadata, f"{info}/WHEEL": "Wheel-Version: 1.0\nTag: py3-none-any\n"}
    digests = {path: hashlib.sha256(text.encode()).digest() for path, text in files.items()}
    record = [f"{p},sha256={base64.urlsafe_b64encode(d).decode().rstrip('=')}," for p, d in digests.items()]
    made = folder / f"{name}-1-py3-none-any.whl"
    with zipfile.ZipFile(made, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
        archive.writestr(f"{info}/RECORD", "\n".join([*record, f"{info}/RECORD,,", ""]))
    return made


class Index(BaseHTTPRequestHandler):
    """A package index: a page for each package, and its file."""

    folder: Path
    asked: threading.Event | None = None
    go: threading.Event

    def do_GET(self) -> None:
        """Answer as the simple repository API does; hold every answer back while somebody says so."""
        if self.asked is not None:
            self.asked.set()
            self.go.wait(600)
        name = self.path.strip("/").rpartition("/")[2]
        file = self.folder / name
        link = f'<a href="/files/{name}-1-py3-none-any.whl">{name}-1-py3-none-any.whl</a>'
        body = file.read_bytes() if file.is_file() else link.encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/octet-stream" if file.is_file() else "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@dataclass(frozen=True)
class Site:
    """A folder with locks, an index beside it, and an environment that the first set-up has made."""

    root: Path
    index: type[Index]
    port: int
    first: list[subprocess.CompletedProcess[str]] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        return self.root / "env"

    def environment(self, port: int | None = None) -> dict[str, str]:
        """Nothing of this machine's settings of pip, and no uv."""
        bare = {name: value for name, value in os.environ.items() if not name.upper().startswith(("PIP_", "UV_"))}
        return bare | {
            "PATH": str(self.root / "bin"),
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_NO_CACHE_DIR": "1",
            "PIP_INDEX_URL": f"http://127.0.0.1:{port or self.port}/simple",
        }

    def lock(self, *names: str, digest: str | None = None) -> Path:
        """A lock of these packages."""
        path = self.root / f"{'-'.join(names)}.lock"
        digests = {
            name: hashlib.sha256(wheel(self.root, name, PACKAGES[name]).read_bytes()).hexdigest() for name in names
        }
        path.write_text("".join(f"{n}==1 \\\n    --hash=sha256:{digest or d}\n" for n, d in digests.items()), "utf-8")
        return path

    def run(self, *locks: Path, port: int | None = None) -> subprocess.CompletedProcess[str]:
        """Set up, as make does."""
        command = [sys.executable, str(INSTALL), str(self.folder), *map(str, locks)]
        return subprocess.run(command, env=self.environment(port), capture_output=True, text=True, check=False)

    def uv(self, script: str) -> Path:
        """Put a uv on the PATH that does this."""
        program = self.root / "bin/uv"
        program.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
        program.chmod(0o755)
        return program

    def remove(self, *names: str) -> None:
        """Take packages out of the environment."""
        python = self.folder / "bin/python"
        subprocess.run([python, "-m", "pip", "uninstall", "--quiet", "--yes", *names], check=True, capture_output=True)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The index serves; the environment is set up once, from what an interrupted set-up has left."""
    root = tmp_path_factory.mktemp("site")
    index = type("IndexHere", (Index,), {"folder": root, "go": threading.Event()})
    with ThreadingHTTPServer(("127.0.0.1", 0), index) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        made = Site(root, index, server.server_address[1])
        for name in ("env/bin", "bin"):
            (root / name).mkdir(parents=True)
        (root / "env/bin/python").write_text("half made", "utf-8")
        made.first.append(made.run(made.lock("tingle", "twinge")))
        yield made
        server.shutdown()


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port at which nobody listens, and nobody else can."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port: int = door.getsockname()[1]
        yield port


def test_it_says_what_it_does_and_does_it(site: Site) -> None:
    """How many packages, how long, how often; an environment that was left half made is made anew."""
    (done,) = site.first

    assert (0, "") == (done.returncode, done.stderr)
    first, last = done.stdout.splitlines()
    assert f"Setting up {site.folder}: 2 packages, about a minute, once" == first
    assert last.startswith("Set up in ")
    subprocess.run([site.folder / "bin/python", "-c", "import tingle, twinge"], check=True)


def test_a_terminal_shows_a_count(site: Site) -> None:
    """Each package is named with its number while it is fetched; the bar is gone at the end."""
    reader, writer = pty.openpty()
    command = [sys.executable, str(INSTALL), str(site.folder), str(site.lock("tingle", "twinge"))]
    with subprocess.Popen(command, env=site.environment(), stdout=writer, stderr=writer) as process:
        os.close(writer)
        said = b""
        try:
            while chunk := os.read(reader, 4096):
                said += chunk
        except OSError:  # how Linux says that the other end is closed
            pass
    os.close(reader)

    assert 0 == process.returncode
    assert b"] 1 of 2 tingle" in said
    assert b"[" + b"#" * 30 + b"] 2 of 2 twinge" in said
    assert said.rstrip().rpartition(b"\r")[2].startswith(b"Set up in ")


def test_no_network_is_one_line(site: Site, closed_port: int) -> None:
    """With the reason and what to do; pip's further tries are not waited for."""
    site.remove("twinge")
    done = site.run(site.lock("twinge"), port=closed_port)

    assert 1 == done.returncode
    (line,) = done.stderr.splitlines()
    assert line.startswith("No network: the package index cannot be reached (Failed to establish a new connection: ")
    assert "Connection refused" in line
    assert "HTTPS_PROXY" in line
    assert "Set up in" not in done.stdout


def test_another_file_than_the_locked_is_refused(site: Site) -> None:
    """pip's own words say which one it is."""
    site.remove("twinge")
    done = site.run(site.lock("twinge", digest="0" * 64))

    assert 1 == done.returncode
    assert "THESE PACKAGES DO NOT MATCH THE HASHES" in done.stderr


def test_a_lock_that_lacks_something_is_found(site: Site) -> None:
    """Nothing is resolved, so what is missing is told by `pip check`."""
    site.remove("tingle", "twinge")
    done = site.run(site.lock("tingle"))

    assert 1 == done.returncode
    assert "pip check: tingle 1 requires twinge, which is not installed.\n" == done.stderr


def test_uv_installs_where_there_is_one(site: Site) -> None:
    """The same lock with the same hashes, into the same environment."""
    lock = site.lock("tingle", "twinge")
    site.run(lock)
    program = site.uv('printf "%s\\n" "$@" > "${0%/*}/said"')
    done = site.run(lock)
    program.unlink()

    assert (0, "") == (done.returncode, done.stderr)
    python = str(site.folder / "bin/python")
    options = ("--quiet", "--compile-bytecode", "--python", python, "--no-deps", "--require-hashes", "-r", str(lock))
    expected = ["pip", "install", *options]
    assert expected == (site.root / "bin/said").read_text("utf-8").splitlines()


def test_where_uv_cannot_pip_does(site: Site) -> None:
    """One line says so, with the reason that uv gave last."""
    site.remove("tingle", "twinge")
    program = site.uv("echo 'error: Failed to fetch' >&2; echo '  cause: dns error' >&2; exit 2")
    done = site.run(site.lock("tingle", "twinge"))
    program.unlink()

    assert 0 == done.returncode
    assert "uv cannot install them (dns error); pip does" == done.stdout.splitlines()[1]
    subprocess.run([site.folder / "bin/python", "-c", "import tingle, twinge"], check=True)


def test_an_interrupt_ends_it_in_one_line(site: Site) -> None:
    """While pip waits for the index; as a terminal does it, to all of the group."""
    site.remove("twinge")
    site.index.asked = threading.Event()
    install = [sys.executable, str(INSTALL), str(site.folder), str(site.lock("twinge"))]
    command = [sys.executable, "-c", HEEDING, *install]
    with subprocess.Popen(
        command, env=site.environment(), stderr=subprocess.PIPE, start_new_session=True, text=True
    ) as process:
        assert site.index.asked.wait(600)
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=600)
    site.index.asked = None
    site.index.go.set()

    assert (130, "Interrupted: run it again to go on\n") == (process.returncode, said)


def failed(monkeypatch: pytest.MonkeyPatch, folder: Path) -> str:
    """What the script ends with before it has done anything."""
    monkeypatch.setattr(sys, "argv", ["install.py", str(folder / "env"), os.devnull])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(INSTALL), run_name="__main__")
    assert not (folder / "env").exists()
    return str(ended.value)


def test_a_checkout_that_is_read_only_is_told_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """One line, before anything is made."""
    monkeypatch.setattr(os, "access", lambda path, mode: False)

    assert failed(monkeypatch, tmp_path).startswith(f"Cannot write to {tmp_path}: {tmp_path}/env is made there. ")


def test_another_python_is_told_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """For those who start it without make, which chooses one."""
    monkeypatch.setattr(sys, "version_info", (3, 10, 1))

    assert failed(monkeypatch, tmp_path).startswith("Python 3.11, 3.12 or 3.13 is needed; this is ")
