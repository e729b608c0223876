"""Chromium, and whoever looks at the pages with it.

A `Visitor` is one person with one device and a memory (cookies) of her own. Nothing of what she
does may leave this machine: names other than loopback's are not resolved, and whatever a page asked
of elsewhere, also by a redirect, is remembered and fails the test when she leaves.

Script is switched off by the browser's own protocol and not by the driver's setting, which would
stop our inspection as well: a page without script is inspected as it stands (`inspecting`).
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from playwright.sync_api import (
    Browser,
    BrowserContext,
    CDPSession,
    ConsoleMessage,
    Error,
    Page,
    Request,
    Response,
    WebError,
    sync_playwright,
)

PICTURES = Path(__file__).parents[2] / "build" / "screens"
HEIGHTS = {320: 568}  # the smallest phone still in use; every other width gets HEIGHT
HEIGHT = 800
WITHIN_MS = 15_000
BACK_TRIES = 20
BACK_AGAIN_MS = 100
NOT_THERE_YET = "Not attached to an active page"
LOOPBACK = {"127.0.0.1", "localhost", "[::1]", "::1"}
AT_HOME = {"about", "blob", "chrome-error", "data"}  # schemes that ask nobody for anything
FLAGS = (
    "--headless=new",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost, EXCLUDE [::1]",
)


@dataclass(frozen=True, slots=True)
class Device:
    """What somebody looks at the pages with: width in CSS pixels, language as `en` or `ar`."""

    width: int = 320
    scheme: Literal["light", "dark"] = "light"
    language: str = "en"
    script: bool = True


@dataclass  # without slots: the driver hangs marks of its own on who listens to it
class Visitor:
    """One person at one page.

    `outside` has every address elsewhere that a page asked for; `broken` what its own script or
    its content policy stumbled over. `leave` fails where either has anything.
    """

    base: str
    device: Device
    context: BrowserContext = field(repr=False)
    page: Page = field(repr=False)
    protocol: CDPSession = field(repr=False)
    outside: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def go(self, path: str) -> Response:
        """Open a page by its path, and wait until all of it is there."""
        answer = self.page.goto(path, wait_until="load")
        assert answer is not None, f"{path} is the page that was open"
        return answer

    def press(self, selector: str) -> None:
        """Click, and wait until the page to which that leads is all there."""
        self.page.click(selector)
        self.page.wait_for_load_state("load")

    def back(self) -> None:
        """Go back one page.

        For a moment after a page came the driver may not reach it: a page of ours opens in a group
        of its own (COOP), and the browser changes processes for it.
        """
        self.page.wait_for_load_state("load")
        for _ in range(BACK_TRIES):
            try:
                self.page.go_back(wait_until="load")
            except Error as error:
                if NOT_THERE_YET not in str(error):
                    raise
                self.page.wait_for_timeout(BACK_AGAIN_MS)
            else:
                return
        raise AssertionError("the browser did not go back")

    @property
    def path(self) -> str:
        """Path and query of the page that is open."""
        parts = urlsplit(self.page.url)
        return parts.path + (f"?{parts.query}" if parts.query else "")

    @contextmanager
    def inspecting(self) -> Iterator[Page]:
        """Let our own script run on the page that is open, as it stands, also where hers may not.

        What the page brought as script was passed over when it was read, and is not run now.
        """
        self._script(on=True)
        try:
            yield self.page
        finally:
            self._script(on=self.device.script)

    def picture(self, name: str) -> Path:
        """Keep a picture of the whole page; returns where."""
        device = self.device
        file = f"{name}-{device.width}-{device.scheme}-{device.language}.png"
        PICTURES.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=PICTURES / file, full_page=True, animations="disabled")
        return PICTURES / file

    def leave(self) -> None:
        """Close her browser; AssertionError where anything was asked of elsewhere, or broke."""
        self.context.close()
        assert not self.outside, f"asked of elsewhere: {', '.join(self.outside)}"
        assert not self.broken, f"broke in the browser: {'; '.join(self.broken)}"

    def _script(self, *, on: bool) -> None:
        self.protocol.send("Emulation.setScriptExecutionDisabled", {"value": not on})

    def _asked(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in AT_HOME and (parts.hostname or "") not in LOOPBACK:
            self.outside.append(request.url)

    def _wrote(self, message: ConsoleMessage) -> None:
        if message.type == "error" and "Content Security Policy" in message.text:
            self.broken.append(message.text)

    def _failed(self, failure: WebError) -> None:
        self.broken.append(str(failure.error))

    def _opened(self, new: Page) -> None:
        # Out of quick exit's reach, and out of ours: script is switched off for one window.
        self.broken.append(f"opened a second window: {new.url}")
        new.close()


def chromium_path() -> str:
    """Where Chromium is: what CHROMIUM names, else Debian's."""
    found = shutil.which(os.environ.get("CHROMIUM") or "chromium")
    assert found, "no Chromium on this machine: `make browser` installs it, or says how"
    return found


@contextmanager
def chromium() -> Iterator[Browser]:
    """Give one Chromium with an empty folder of its own, ended when the block is left."""
    with sync_playwright() as driver:
        # Chromium's sandbox cannot be made by root.
        browser = driver.chromium.launch(
            executable_path=chromium_path(), args=FLAGS, chromium_sandbox=os.geteuid() != 0
        )
        try:
            yield browser
        finally:
            browser.close()


def visitor(browser: Browser, base: str, device: Device) -> Visitor:
    """Somebody new at `base` (http://127.0.0.1:PORT), whom nothing remembers."""
    height = HEIGHTS.get(device.width, HEIGHT)
    context = browser.new_context(
        base_url=base,
        viewport={"width": device.width, "height": height},
        color_scheme=device.scheme,
        locale=device.language,
        timezone_id="America/Los_Angeles",
    )
    context.set_default_timeout(WITHIN_MS)
    page = context.new_page()
    one = Visitor(base, device, context, page, context.new_cdp_session(page))
    one._script(on=device.script)
    context.on("request", one._asked)
    context.on("console", one._wrote)
    context.on("weberror", one._failed)
    context.on("page", one._opened)
    return one


def is_download(error: Error) -> bool:
    """Whether a page could not be opened because it is a file to keep."""
    return "Download is starting" in str(error)
