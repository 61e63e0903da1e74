"""The tutorial of docs/replay.md: each of its commands is run, and does what the text says."""

import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest
from service.terminal import Ended, at_terminal

ROOT = Path(__file__).parents[2]
DOC = (ROOT / "docs/replay.md").read_text("utf-8")
TUTORIAL = DOC.partition("## Try it: 1,000 generated patients\n")[2]
BLOCKS: list[str] = re.findall(r"```sh\n(.*?)```", TUTORIAL, re.DOTALL)
SECONDS = 600


class Tutorial:
    """Runs its commands in a folder of the test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        clean = {name: value for name, value in os.environ.items() if "TWITCH_CDS" not in name}
        own = {"DATA_DIR": str(folder / "data"), "TIME_ZONE": "UTC", "HASH_KEY": "0123456789abcdef" * 4}
        self.environment = clean | {f"TWITCH_CDS_{name}": value for name, value in own.items()}

    def here(self, commands: str) -> str:
        """The same with this interpreter, the package of this checkout, and the folder of the test."""
        programs = {"python": sys.executable, "twitch-cds": f"{sys.executable} -m cds"}
        found = re.sub(r"\.venv/bin/([\w-]+)", lambda match: programs[match[1]], commands)
        return found.replace("var/tutorial", str(self.folder))

    def run(self, commands: str) -> tuple[int, str]:
        """The status and what is printed."""
        done = subprocess.run(
            ["/bin/sh", "-ec", self.here(commands)],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        return done.returncode, done.stdout

    def judged(self, command: str) -> Ended:
        """Serve a review, call every item right as its pages ask, then press Ctrl-C."""
        last: list[str] = []

        def is_done(written: str) -> bool:
            found = re.search(r"(http://127\.0\.0\.1:\d+/\S+/)\r\n", written)
            if found is not None:
                last.append(_judged(found[1]))
            return bool(last)

        ended = at_terminal(self.here(command).split(), self.environment | {"TERM": "dumb"}, folder=ROOT, until=is_done)
        assert ["You have judged all items"] == re.findall("You have judged all items", "".join(last)), ended.text
        return ended


def _judged(address: str) -> str:
    """Answer each item that a reviewer is led to; the page that follows the last one."""
    origin = "/".join(address.split("/")[:3])
    with urlopen(address) as overview:
        text = overview.read().decode()
    first = re.search(r'href="(/[^"]+/\d+/\d+)">Continue', text)
    assert first is not None, text
    place = f"{origin}{first[1]}"
    while not place.endswith("/"):
        body = urlencode({"verdict": "right"}).encode()
        with urlopen(Request(place, body, {"Origin": origin})) as answer:
            text, place = answer.read().decode(), answer.geturl()
    return str(text)


@pytest.fixture(scope="module")
def tutorial(tmp_path_factory: pytest.TempPathFactory) -> Tutorial:
    """One folder for all of it."""
    return Tutorial(tmp_path_factory.mktemp("tutorial") / "var")


def _verdict(ran: tuple[int, str]) -> tuple[int, str]:
    """The status and the last line."""
    return ran[0], ran[1].splitlines()[-1]


def test_the_commands_lead_from_an_export_to_go(tutorial: Tutorial) -> None:
    """1,000 patients and the demo's charts are replayed, reviewed by two people and set against gates."""
    generate, replay, review, gates = BLOCKS
    anna, ben, result = review.strip().splitlines()

    assert 0 == tutorial.run(generate)[0]
    assert (0, f"{tutorial.folder}/replay/report.html\n") == tutorial.run(replay)
    assert (1, "NOT YET: 6 of 12 gates are not met.") == _verdict(tutorial.run(gates))
    assert 0 == tutorial.judged(anna).status
    assert 0 == tutorial.judged(ben).status
    status, table = tutorial.run(result)
    assert (0, True) == (status, "Anna: 12 judged, 0 left\n  Ben: 12 judged, 0 left" in table), table
    assert "Agreement: kappa 1.00; the same verdict on 12 of 12" in table
    assert (0, "GO: all 12 gates are met.") == _verdict(tutorial.run(gates))


def test_the_same_seed_generates_the_same_patients(tutorial: Tutorial) -> None:
    """Byte for byte; another seed, others."""
    for name, seed in (("one", 1), ("two", 1), ("three", 2)):
        command = f".venv/bin/python tests/replay/population.py 20 var/tutorial/{name} --seed {seed}"
        assert 0 == tutorial.run(command)[0]
    one, two, three = ((tutorial.folder / name / "Condition.ndjson").read_bytes() for name in ("one", "two", "three"))

    assert one == two
    assert one != three


def test_the_picture_is_there() -> None:
    """As it is linked."""
    assert "](replay-report.png)" in TUTORIAL
    assert (ROOT / "docs/replay-report.png").read_bytes().startswith(b"\x89PNG")
