"""One organisation of the demo: its folder, and every question put to its own command line.

The demo knows nothing of a node but what the node's own `parasol --json` says. Nothing here opens
a store or imports the node's code.
"""

import json
import secrets
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from cli.demo_stage import Stage, StoryBroke

T = TypeVar("T")
Json = dict[str, Any]
WAIT_S = 20.0
LOG_LINES = 12
READY = "parasol ready"


@dataclass(frozen=True, slots=True)
class Part:
    """Who an organisation is: name, preset, region, and the list it keeps today."""

    name: str
    preset: str
    region: str
    timezone: str
    language: str
    list_file: str


@dataclass(slots=True)
class Organisation:
    """One organisation on the stage. `org` and `endpoint` are known after `init`."""

    part: Part
    stage: Stage = field(repr=False)
    port: int
    pages_port: int
    org: str = ""
    endpoint: str = ""

    @property
    def name(self) -> str:
        """Its name, and what the others call it."""
        return self.part.name

    @property
    def _slug(self) -> str:
        return self.name.split()[0].lower()

    @property
    def pages(self) -> str:
        """Where its members go with a browser."""
        return f"http://127.0.0.1:{self.pages_port}/"

    @property
    def home(self) -> Path:
        """Its node's folder."""
        return self.stage.folder / self._slug

    @property
    def passphrase_file(self) -> Path:
        """The file with its passphrase."""
        return self.stage.folder / f"{self._slug}.passphrase"

    @property
    def log(self) -> Path:
        """What its node says while it serves."""
        return self.stage.folder / f"{self._slug}.log"

    @property
    def settings(self) -> dict[str, str]:
        """What tells `parasol` that it is this organisation's."""
        return {
            "PARASOL_HOME": str(self.home),
            "PARASOL_PASSPHRASE_FILE": str(self.passphrase_file),
        }

    def init(self) -> None:
        """Make its node, with a passphrase of its own."""
        self.passphrase_file.touch(mode=0o600)
        self.passphrase_file.write_text(f"{secrets.token_urlsafe(24)}\n")
        made = self.ask(
            "init", "--org", self.name, "--region", self.part.region,
            "--preset", self.part.preset, "--timezone", self.part.timezone,
            "--language", self.part.language, "--listen", f"127.0.0.1:{self.port}",
            "--endpoint", f"http://127.0.0.1:{self.port}/", "--allow-loopback",
            "--pages", f"127.0.0.1:{self.pages_port}",
            "--recovery-out", str(self.stage.folder / f"{self._slug}-recovery-words"),
        )  # fmt: skip
        self.org, (self.endpoint,) = made["org"], made["endpoints"]

    def serve(self) -> None:
        """Start its node and wait until it answers."""
        before = self.said().count(READY)
        self.stage.serve(self.name, self.settings, self.log)

        def ready() -> bool:
            self.stage.check_alive()
            return self.said().count(READY) > before

        waited(ready, f"the node of {self.name} to be ready")
        need(self.ask("status")["ready"] is True, f"{self.name}: status says that it is not ready")

    def stop(self) -> None:
        """End its node; `serve` starts it again."""
        self.stage.stop(self.name)

    def ask(self, *args: str, stdin: str = "") -> Json:
        """Run one command that must succeed, and give its JSON object."""
        ended = self.stage_run(*args, stdin=stdin)
        if ended[0] != 0:
            raise StoryBroke(f"{self.name}: parasol {' '.join(args[:2])}: {ended[2]}")
        return ended[1]

    def try_to(self, *args: str, stdin: str = "") -> tuple[int, Json]:
        """Run one command however it ends: its exit code, and its object or its error."""
        code, found, _ = self.stage_run(*args, stdin=stdin)
        return code, found

    def stage_run(self, *args: str, stdin: str = "") -> tuple[int, Json, str]:
        """Run `parasol --json …`: exit code, the object it printed, the message of its error."""
        self.stage.check_alive()
        ended = self.stage.run(["--json", *args], self.settings, stdin)
        text = ended.out or ended.err
        try:
            found: Json = json.loads(text)
        except ValueError:
            raise StoryBroke(
                f"{self.name}: parasol {' '.join(args[:2])} ended {ended.code} and printed no JSON"
            ) from None
        if "error" in found:
            return ended.code, found["error"], found["error"]["message"]
        return ended.code, found, f"ended {ended.code}"

    def said(self) -> str:
        """All that its node has said."""
        return self.log.read_text("utf-8", "replace") if self.log.exists() else ""

    def last_lines(self) -> list[str]:
        """The end of its log. A node never logs what a report says."""
        return self.said().splitlines()[-LOG_LINES:]

    def show(self, alert: str) -> Json:
        """An alert as this organisation holds it; empty where it does not hold it."""
        code, found = self.try_to("alert", "show", alert)
        return found if code == 0 else {}

    def until(self, alert: str, arrived: Callable[[Json], bool], what: str) -> Json:
        """The alert as it is held here, once `arrived` is true of it."""

        def look() -> Json:
            shown = self.show(alert)
            return shown if shown and arrived(shown) else {}

        return waited(look, f"{self.name} to have {what}")


def need(held: object, expected: str) -> None:
    """Hold the story to what it says. StoryBroke with what was expected."""
    if not held:
        raise StoryBroke(expected)


def waited(look: Callable[[], T], what: str) -> T:
    """Look again until there is something to see. StoryBroke after twenty seconds."""
    deadline = time.monotonic() + WAIT_S
    while not (found := look()):
        if time.monotonic() > deadline:
            raise StoryBroke(f"waited {WAIT_S:.0f} s for {what}")
        time.sleep(0.05)
    return found


def at_once(*tasks: Callable[[], T]) -> list[T]:
    """Do independent things at the same time; their results in order, or the first failure."""
    pool = ThreadPoolExecutor(len(tasks))
    try:
        return [each.result() for each in [pool.submit(task) for task in tasks]]
    finally:
        # Not waiting: after a failure or a signal the others end when the stage closes.
        pool.shutdown(wait=False, cancel_futures=True)


def free_ports(count: int) -> list[int]:
    """Ports on loopback that nothing listens on, all different."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()
