"""A visitor: a page, what the browser complained of, pictures, and the checks that hold for every page."""

import os
import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Request, expect

PROFILES: dict[str, Any] = {
    f"{colour}-{size}": {"color_scheme": colour, "viewport": viewport}
    for colour in ("light", "dark")
    for size, viewport in (("desk", {"width": 1280, "height": 900}), ("phone", {"width": 390, "height": 844}))
}
SHOTS = Path(__file__).parents[2] / "build" / "screenshots"
AXE = os.environ.get("AXE", "")
PATIENCE = 300_000  # milliseconds: what is waited for comes, however slow the machine is
LATENCY = 100  # milliseconds before each answer: whoever does not wait for the new page meets the old one every time
expect.set_options(timeout=PATIENCE)


class Visit:
    """One browser context of one profile; `others` are the servers that it may ask beside `base`."""

    def __init__(
        self, browser: Browser, base: str, profile: str, *, script: bool = True, others: tuple[str, ...] = ()
    ) -> None:
        self.base, self.profile = base, profile
        self._ours = (base, *others, "blob:")
        self.complaints: list[str] = []
        self._foreseen: list[str] = []
        self._context = browser.new_context(
            **PROFILES[profile],
            java_script_enabled=script,
            base_url=base,
            permissions=["clipboard-read", "clipboard-write"],
        )
        self._context.set_default_timeout(PATIENCE)
        self.page: Page = self._context.new_page()
        network = self._context.new_cdp_session(self.page)
        network.send("Network.enable")
        network.send(
            "Network.emulateNetworkConditions",
            {"offline": False, "latency": LATENCY, "downloadThroughput": -1, "uploadThroughput": -1},
        )
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda problem: self.complaints.append(f"error: {problem}"))
        self.page.on("request", self._asked)

    def close(self) -> None:
        """Leave."""
        self._context.close()

    def foresee(self, words: str) -> None:
        """The browser may complain of this, whenever it gets to it."""
        self._foreseen.append(words)

    def follow(self, control: Locator, address: str) -> None:
        """Press what leads to an address that matches, and wait until its page is there: a click does not wait."""
        expect(self.page).not_to_have_url(re.compile(address))
        control.click()
        expect(self.page).to_have_url(re.compile(address))
        self.page.wait_for_load_state()

    def open(self, path: str) -> Page:
        """Go to a page of the service; it is there, and it is not wider than the screen."""
        answer = self.page.goto(path)
        assert answer is not None
        assert 200 == answer.status, path
        self.check_width()
        return self.page

    def check_width(self) -> None:
        """Nothing makes a reader scroll sideways (WCAG 1.4.10)."""
        width = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert 0 == width, f"{self.page.url} is {width} px too wide"

    def picture(self, name: str, *, whole: bool = False) -> None:
        """Keep a picture of what is seen."""
        SHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SHOTS / f"{self.profile}-{name}.png", full_page=whole)

    def violations(self) -> list[str]:
        """What axe-core finds wrong with the page, all of its rules asked."""
        assert AXE, "axe-core is needed: name its axe.min.js with AXE= (make test-browser does)"
        if not self.page.evaluate("typeof axe === 'object'"):
            self.page.evaluate(Path(AXE).read_text("utf-8"))
        found = self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return [
            f"{one['id']}: {one['help']} {[node['target'] for node in one['nodes']][:5]}" for one in found["violations"]
        ]

    def unfold(self) -> None:
        """Open everything that can be opened."""
        self.page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not any(words in message.text for words in self._foreseen):
            self.complaints.append(f"{message.type}: {message.text}")

    def _asked(self, request: Request) -> None:
        if not request.url.startswith(self._ours):
            self.complaints.append(f"asked elsewhere: {request.url}")
