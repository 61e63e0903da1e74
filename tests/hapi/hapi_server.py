"""A HAPI FHIR server as a process of its own: built with Maven, started on a free loopback port, ended by its pid."""

import os
import selectors
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

HERE = Path(__file__).parent
GOALS = ("compiler:compile", "dependency:build-classpath")
BUILD_SECONDS = 900  # a cold repository on a slow line
START_SECONDS = 900
STOP_SECONDS = 600
HEAP = "-Xmx2g"
QUIET = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"


def build(folder: Path) -> str:
    """Compile the server and resolve what it needs from Maven Central; the class path."""
    maven = shutil.which("mvn")
    if maven is None or shutil.which("java") is None:
        raise RuntimeError("This needs Maven and a JDK 17 (Debian, Ubuntu: apt-get install maven default-jdk-headless)")
    command = [maven, "-B", "-q", "-ntp", "-f", str(HERE / "pom.xml"), f"-Dbuilt.in={folder}", *GOALS]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=BUILD_SECONDS)
    if done.returncode:
        raise RuntimeError(f"Maven could not build the server:\n{done.stdout[-4000:]}\n{done.stderr[-2000:]}")
    return f"{folder / 'classes'}{os.pathsep}{(folder / 'classpath').read_text('utf-8').strip()}"


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """The base address of a server, for as long as the block lasts."""
    classpath = build(folder)
    with (
        (folder / "server.log").open("w+b") as log,
        process(["java", HEAP, QUIET, "-cp", classpath, "HapiServer"], log) as output,
    ):
        yield first_line(output, START_SECONDS, folder / "server.log")


@contextmanager
def process(
    command: list[str], log: IO[bytes], *, environment: dict[str, str] | None = None, folder: Path | None = None
) -> Iterator[IO[bytes]]:
    """The standard output of a command that runs until the block ends, and is then ended by its pid."""
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=log, env=environment, cwd=folder) as running:
        assert running.stdout is not None
        try:
            yield running.stdout
        finally:
            running.terminate()
            try:
                running.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                running.kill()


def first_line(output: IO[bytes], seconds: float, log: Path) -> str:
    """The first line that a process prints; what it logged, if it prints none in time."""
    with selectors.DefaultSelector() as selector:
        selector.register(output, selectors.EVENT_READ)
        line = output.readline().decode().strip() if selector.select(seconds) else ""
    if not line:
        raise RuntimeError(
            f"The process did not start within {seconds} s:\n{log.read_text('utf-8', 'replace')[-4000:]}"
        )
    return line
