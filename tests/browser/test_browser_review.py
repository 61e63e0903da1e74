"""The pages of a review in the browser: two reviewers, by the keyboard alone; axe-core finds nothing."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser_kit import Visit
from playwright.sync_api import Browser, Locator, Page, expect

pytest_plugins = ("browser_fixtures",)

POPULATION = Path(__file__).parents[1] / "replay/population.py"
ITEMS, STOPS = 3, 200  # a page has fewer places to stop at
SECONDS_TO_END = 600


def surroundings(folder: Path) -> dict[str, str]:
    """No setting of this machine; a key that is always the same."""
    clean = {name: value for name, value in os.environ.items() if "TWITCH_CDS" not in name}
    return clean | {"TWITCH_CDS_HASH_KEY": "0123456789abcdef" * 4, "TWITCH_CDS_DATA_DIR": str(folder)}


@pytest.fixture(scope="session")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The replay of a few made-up patients."""
    folder = tmp_path_factory.mktemp("replayed")
    subprocess.run([sys.executable, str(POPULATION), "150", str(folder / "export")], check=True)
    call = ["replay", str(folder / "export"), "--out", str(folder / "out"), "--no-rules-off"]
    subprocess.run([sys.executable, "-m", "cds", *call], env=surroundings(folder), check=True)
    return folder


@pytest.fixture
def address(replayed: Path, tmp_path: Path) -> Iterator[str]:
    """The pages of a review that nobody has begun."""
    shutil.copytree(replayed / "out", tmp_path / "out")
    call = ["review", str(tmp_path / "out"), "--sample", str(ITEMS), "--seed", "1"]
    command, environment = [sys.executable, "-m", "cds", *call], surroundings(replayed)
    with (
        (tmp_path / "log").open("wb") as log,
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=log, text=True) as process,
    ):
        try:
            assert process.stdout is not None
            said = process.stdout.readline().strip()
            assert said.startswith("http://127.0.0.1:"), (tmp_path / "log").read_text("utf-8")
            yield said
        finally:
            process.terminate()
            process.wait(SECONDS_TO_END)


def step_to(page: Page, wanted: Locator) -> None:
    """Go on with the Tab key until something has the focus."""
    for _ in range(STOPS):
        if wanted.evaluate("one => one === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"the Tab key does not lead to {wanted}")


def enter(page: Page) -> None:
    """Press Enter on what leads to another page, and wait until that is there."""
    before = page.url
    page.keyboard.press("Enter")
    expect(page).not_to_have_url(before)
    page.wait_for_load_state()


def begin(visit: Visit, path: str, name: str) -> None:
    """Give a name, and go to the first item."""
    page = visit.open(path)
    assert [] == visit.violations()
    step_to(page, page.get_by_label("Your name or initials"))
    page.keyboard.type(name)
    enter(page)
    expect(page.get_by_role("heading", level=1)).to_have_text(f"{name}: {ITEMS} left of {ITEMS}")
    assert [] == visit.violations()
    visit.check_width()
    step_to(page, page.get_by_role("link", name="Continue with item 1"))
    enter(page)


def judge(visit: Visit, number: int, down: int) -> None:
    """Choose an answer by the arrow keys, and keep it."""
    page = visit.page
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Item {number} of {ITEMS}")
    visit.unfold()
    assert [] == visit.violations()
    visit.check_width()
    choices = page.get_by_role("radio")
    expect(page.locator("input[name=verdict]:checked")).to_have_count(0)  # nobody else's answer is shown
    step_to(page, choices.first)
    page.keyboard.press("Space")
    for _ in range(down):
        page.keyboard.press("ArrowDown")
    expect(choices.nth(down)).to_be_checked()
    step_to(page, page.get_by_role("button", name="Save and continue"))
    enter(page)


def test_two_people_review_by_the_keyboard_alone(browser: Browser, address: str, profile: str) -> None:
    """Neither sees the other's answers before both are done; then both see the same result."""
    origin, path = address[: address.index("/", len("http://"))], address[address.index("/", len("http://")) :]
    anna, ben = (Visit(browser, origin, profile) for _ in range(2))
    try:
        for visit, name, last in ((anna, "Anna", 0), (ben, "Ben", 2)):
            begin(visit, path, name)
            for number in range(1, ITEMS + 1):
                judge(visit, number, last if number == ITEMS else 0)
            expect(visit.page.get_by_role("status")).to_contain_text("You have judged all items.")
            if visit is anna:
                page = visit.open(f"{path}result")
                expect(page.get_by_role("status")).to_contain_text(
                    "The result is shown when two people have judged all items"
                )
                assert [] == visit.violations()
        for visit in (anna, ben):
            page = visit.open(f"{path}result")
            expect(page.get_by_text(re.compile(rf"They agreed on {ITEMS - 1} of {ITEMS}"))).to_be_visible()
            assert [] == visit.violations()
        ben.picture("review-result", whole=True)
        assert [] == [*anna.complaints, *ben.complaints]
    finally:
        for visit in (anna, ben):
            visit.close()
