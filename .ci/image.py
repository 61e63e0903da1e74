"""Carries out the Dockerfile's own instructions in a fresh folder, without an engine, and tries what they made.

Absolute paths of ENV and WORKDIR are moved below the folder; whatever else names one is refused, so that nothing
outside is touched. All stages share the folder, so `COPY --from` must keep its path.
"""

# ruff: noqa: INP001, S603, T201 - a script that prints, and that runs what the Dockerfile says.

import http.client
import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

CALL = "/cds-services/muscle-twitch-patient-view"


class Image:
    """What the instructions have made so far."""

    def __init__(self, checkout: Path, root: Path) -> None:
        self.checkout, self.root, self.workdir = checkout, root, root
        self.env = dict(os.environ)
        self.start: list[str] = []
        self.probe: list[str] = []

    def carry_out(self, instruction: str, rest: str) -> None:
        """Do one instruction; an unknown one is an error, not silence."""
        print(f"   {instruction} {rest[:100]}", flush=True)
        getattr(self, f"do_{instruction.lower()}")(rest)

    def do_from(self, _: str) -> None:
        self.workdir = self.root

    def do_env(self, rest: str) -> None:
        for pair in shlex.split(rest):
            name, value = pair.split("=", 1)
            self.env[name] = f"{self.root}{value}" if value.startswith("/") else self.expanded(value)

    def do_workdir(self, rest: str) -> None:
        self.workdir = self.root / rest.lstrip("/")
        self.workdir.mkdir(parents=True, exist_ok=True)

    def do_copy(self, rest: str) -> None:
        *sources, target = shlex.split(self.expanded(rest))
        if sources[0].startswith("--from="):
            assert sources[1:] == [target], "COPY --from must keep the path"
            return
        for source in sources:
            self.copy_one(self.checkout / source, self.workdir / target)

    @staticmethod
    def copy_one(source: Path, target: Path) -> None:
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
        else:
            shutil.copy(source, target)

    def do_run(self, rest: str) -> None:
        assert not re.search(r"(^|[\s='\"])/", rest), "a RUN line names an absolute path"
        subprocess.run(["/bin/sh", "-ec", rest], cwd=self.workdir, env=self.env, check=True)

    def do_cmd(self, rest: str) -> None:
        self.start = json.loads(rest)

    def do_healthcheck(self, rest: str) -> None:
        self.probe = json.loads(rest.split(" CMD ", 1)[1])

    def do_nothing(self, _: str) -> None:
        """What concerns an engine only."""

    do_arg = do_expose = do_user = do_volume = do_nothing

    def expanded(self, text: str) -> str:
        return re.sub(r"\$\{?(\w+)\}?", lambda match: self.env[match[1]], text)


def instructions(dockerfile: str) -> list[tuple[str, str]]:
    """The instructions of a Dockerfile, continued lines joined."""
    joined = re.sub(r"\\\n\s*", "", re.sub(r"(?m)^#.*\n", "", dockerfile))
    pairs = (line.split(" ", 1) for line in joined.splitlines() if line.strip())
    return [(name, rest) for name, rest in pairs]


def call(port: int, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
    """Make one request."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request(method, path, body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    return answer.status, answer.read()


def free_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port: int = door.getsockname()[1]
        return port


def tried(image: Image, request: bytes, *, demo: bool) -> tuple[int, bytes]:
    """Start as CMD says, wait for HEALTHCHECK, make a hook call, stop by signal."""
    port = free_port()
    env = image.env | {
        "TWITCH_CDS_PORT": str(port),
        "TWITCH_CDS_DEMO": str(demo).lower(),
        "TWITCH_CDS_HOST": "127.0.0.1",
    }
    service = subprocess.Popen(image.start, cwd=image.workdir, env=env)
    try:
        until_healthy(image, service, env)
        return call(port, "POST", CALL, request)
    finally:
        service.terminate()
        print(f"   stopped with {service.wait(180)}", flush=True)


def until_healthy(image: Image, service: subprocess.Popen[bytes], env: dict[str, str]) -> None:
    for _ in range(600):
        if subprocess.run(image.probe, env=env, stderr=subprocess.DEVNULL, check=False).returncode == 0:
            return
        assert service.poll() is None, f"the service ended with {service.returncode}"
        time.sleep(0.25)
    raise SystemExit("the service did not become healthy")


def main(checkout: Path, root: Path) -> None:
    """Build, then try it closed and in demo mode."""
    image = Image(checkout, root)
    for instruction, rest in instructions((checkout / "Dockerfile").read_text("utf-8")):
        image.carry_out(instruction, rest)
    request = (checkout / "fhir_fixtures/requests/patient-view.json").read_bytes()
    closed, _ = tried(image, request, demo=False)
    assert closed == 401, f"without demo mode a call was answered {closed}"
    status, body = tried(image, request, demo=True)
    assert status == 200, f"the hook call was answered {status}"
    cards = json.loads(body)["cards"]
    assert cards, "the hook call on a twitching chart brought no card"
    print(f"   answered with {len(cards)} cards: {', '.join(card['source']['topic']['code'] for card in cards)}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
