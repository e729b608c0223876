"""Whole organisations as a script meets them: folders, the real command line, serving processes.

Nothing here imports what it drives. Whatever was started is ended when the block is left, also
after a failure.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from tests.support.parasol_command import ROOT, Ran, environment

PASSPHRASE = "ninety green umbrellas by the ferry"
START_S = 30
STOP_S = 20

T = TypeVar("T")


def free_port() -> int:
    """A port on loopback that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def eventually(check: Callable[[], T], within: float = 10.0, pause: float = 0.05) -> T:
    """What `check` gives, once it is true; AssertionError with the last of it after `within` s."""
    deadline = time.monotonic() + within
    while not (found := check()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within} s; last seen: {found!r}")
        time.sleep(pause)
    return found


@dataclass(slots=True)
class Organisation:
    """One organisation's folder on this machine, and its serving process while there is one."""

    name: str
    home: Path
    passphrase_file: Path
    port: int | None
    served: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    @property
    def log(self) -> Path:
        """What its serving processes wrote, one after the other."""
        return self.home.with_name(f"{self.home.name}.log")

    def attempt(self, *args: str, stdin: str = "", within: float = 60) -> Ran:
        """Run one command with `--json`, however it ends."""
        done = subprocess.run(
            [sys.executable, "-m", "cli.main", "--json", *args],
            input=stdin.encode(),
            capture_output=True,
            env=self._environment(),
            cwd=ROOT,
            timeout=within,
            check=False,
        )
        return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())

    def run(self, *args: str, stdin: str = "") -> dict[str, Any]:
        """Run one command that must succeed, and return its one JSON object."""
        ran = self.attempt(*args, stdin=stdin)
        assert ran.code == 0, f"{self.name}: {' '.join(args[:2])} ended {ran.code}: {ran.err}"
        return ran.json()

    def refused(self, *args: str, stdin: str = "") -> dict[str, str]:
        """Run one command that must fail with a sentence; returns its code and message."""
        ran = self.attempt(*args, stdin=stdin)
        assert ran.code != 0, f"{self.name}: {' '.join(args[:2])} did not fail: {ran.out}"
        assert "Traceback" not in ran.err
        return ran.error()

    def _environment(self) -> dict[str, str]:
        return environment(self.home) | {
            "PYTHONPATH": str(ROOT),
            "PARASOL_PASSPHRASE_FILE": str(self.passphrase_file),
        }

    def start(self) -> None:
        """Serve, and wait until it is ready."""
        before = self._times_ready()
        with self.log.open("ab") as log:
            self.served = subprocess.Popen(
                [sys.executable, "-m", "cli.main", "serve"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._environment(),
                cwd=ROOT,
                start_new_session=True,
            )
        process = self.served
        eventually(
            lambda: process.poll() is not None or self._times_ready() > before, within=START_S
        )
        assert process.poll() is None, f"{self.name} did not start: {self.said()[-2000:]}"
        assert self.run("status")["ready"] is True

    def _times_ready(self) -> int:
        return self.said().count("parasol ready")

    def said(self) -> str:
        """All that its serving processes wrote."""
        return self.log.read_text("utf-8", "replace") if self.log.exists() else ""

    @property
    def pid(self) -> int:
        """The serving process."""
        assert self.served is not None
        return self.served.pid

    def stop(self) -> None:
        """End serving by SIGTERM; it must end cleanly and in time."""
        assert self.served is not None
        self.served.send_signal(signal.SIGTERM)
        code = self.served.wait(STOP_S)
        self.served = None
        assert code == 0, f"{self.name} ended {code}: {self.said()[-2000:]}"

    def kill(self) -> None:
        """End serving by SIGKILL, as a power cut would."""
        if self.served is not None:
            os.kill(self.served.pid, signal.SIGKILL)
            self.served.wait(STOP_S)
            self.served = None

    # What the stories need again and again

    def publish(self, text: str = "", *sets: str, stdin: str = "") -> str:
        """Write a draft and publish it; returns the alert. `text` comes last on standard input."""
        fields = list(sets or ["codes=NP", "city=Oakland", "region=US-CA", "date=2026-01-20"])
        if text:
            fields.append("text=-")
        words = [word for pair in fields for word in ("--set", pair)]
        draft = self.run("draft", "new", *words, stdin=stdin + text)["id"]
        done = self.run("draft", "publish", draft)
        assert done["refused"] == [], done
        alert: str = done["published"][0]
        return alert

    def alerts(self, *args: str) -> dict[str, dict[str, Any]]:
        """The alerts that it lists, by id."""
        return {row["id"]: row for row in self.run("alert", "list", *args)["alerts"]}

    def show(self, alert: str) -> dict[str, Any]:
        """One alert as it holds it; empty where it holds none."""
        ran = self.attempt("alert", "show", alert)
        return ran.json() if ran.code == 0 else {}

    def coverage(self, alert: str = "") -> dict[str, str]:
        """The state of each alert at the (only) peer."""
        rows = self.run("alert", "coverage", *([alert] if alert else []))["coverage"]
        return {row["alert"]: row["state"] for row in rows}

    def peer(self) -> dict[str, Any]:
        """Its only peer."""
        rows = self.run("peer", "list")["peers"]
        assert len(rows) == 1, rows
        found: dict[str, Any] = rows[0]
        return found


@contextmanager
def organisations(folder: Path) -> Iterator[Callable[..., Organisation]]:
    """Gives `make(name, …)`; ends every process that was started."""
    made: list[Organisation] = []

    def make(
        name: str,
        *,
        preset: str = "criminalised",
        region: str = "US-CA",
        endpoint: bool = True,
        through: int | None = None,
        pages: str = "none",
    ) -> Organisation:
        """Make a node; `through` is the port of a proxy that its endpoint names instead.

        `pages` is where its pages listen, ADDRESS:PORT.
        """
        home = folder / name.lower()
        secret = folder / f"{name.lower()}.passphrase"
        secret.write_text(f"{PASSPHRASE} {name}\n")
        secret.chmod(0o600)
        port = free_port() if endpoint else None
        reached = f"http://127.0.0.1:{through or port}/" if endpoint else "none"
        node = Organisation(name, home, secret, port)
        made.append(node)
        listen = ["--listen", f"127.0.0.1:{port}"] if endpoint else []
        node.run(
            "init", "--org", name, "--region", region, "--preset", preset,
            "--timezone", "America/Los_Angeles", *listen, "--endpoint", reached,
            "--allow-loopback", "--pages", pages,
            "--recovery-out", str(folder / f"{name.lower()}-words"),
        )  # fmt: skip
        return node

    try:
        yield make
    finally:
        for node in made:
            node.kill()


def introduce(inviter: Organisation, invited: Organisation) -> None:
    """Invite, accept, and the reply where the inviter cannot be reached."""
    invite = inviter.run("peer", "invite", "--name", invited.name)["invite"]
    met = invited.run("peer", "accept", "-", "--name", inviter.name, stdin=invite)
    if met.get("reply"):
        inviter.run("peer", "accept", "-", stdin=met["reply"])


def verify(one: Organisation, other: Organisation) -> None:
    """One compares the code that the other reads to it, and trusts."""
    code = other.run("peer", "list")["peers"][0]["ours"]
    done = one.run("peer", "verify", other.name, "--code", code)
    assert done["state"] == "trusted"


def befriend(inviter: Organisation, invited: Organisation) -> None:
    """Two organisations meet and trust each other."""
    introduce(inviter, invited)
    verify(inviter, invited)
    verify(invited, inviter)


def trust_each_other(one: Organisation, other: Organisation, within: float = 15) -> None:
    """Wait until each knows that the other trusts it."""
    eventually(lambda: is_trusted_by(one, other) and is_trusted_by(other, one), within)


def is_trusted_by(one: Organisation, other: Organisation) -> bool:
    """Whether one organisation knows that another of its peers trusts it."""
    rows = one.run("peer", "list")["peers"]
    return any(row["they_trust_us"] for row in rows if row["name"] == other.name)


def error_of(ran: Ran) -> dict[str, str]:
    """The error that a failed command wrote, as it must be: one JSON object."""
    found: dict[str, str] = json.loads(ran.err)["error"]
    return found
