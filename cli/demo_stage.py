"""The demo's folder and processes, and their sure end.

Everything that the demo starts is started here, so that everything ends here: after a success, a
failure or a signal no process runs on and no folder stays. Children stand in sessions of their own,
so that Ctrl-C reaches the demo alone and the nodes are stopped in order.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).resolve().parents[1]
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
COMMAND_S = 30
STOP_S = 10


class StoryBroke(Exception):
    """The demo did not go as it must; the message says what was expected."""


class Stopped(BaseException):
    """Ctrl-C or a signal: end now. No `except Exception` on the way may swallow it."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended, and what it wrote."""

    code: int
    out: str
    err: str


@dataclass(slots=True)
class Stage:
    """One temporary folder (0700) and the processes that live in it.

    `trouble` says, once it is closed, what did not end cleanly.
    """

    folder: Path
    trouble: list[str] = field(default_factory=list)
    _serving: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)
    _asked: set["subprocess.Popen[bytes]"] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _closed: bool = False

    def run(self, args: Sequence[str], settings: Mapping[str, str], stdin: str) -> Ended:
        """Run one `parasol` command to its end. StoryBroke if it takes too long."""
        with self._lock:
            pipe = subprocess.PIPE
            process = self._start(args, settings, pipe, pipe, pipe)
            self._asked.add(process)
        try:
            out, err = process.communicate(stdin.encode(), COMMAND_S)
        except subprocess.TimeoutExpired:
            raise StoryBroke(f"parasol {args[1]} took more than {COMMAND_S} s") from None
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()
            with self._lock:
                self._asked.discard(process)
        return Ended(process.returncode, out.decode(), err.decode())

    def serve(self, name: str, settings: Mapping[str, str], log: Path) -> None:
        """Start `parasol serve`; what it says goes into `log`."""
        with log.open("ab") as file, self._lock:
            self._serving[name] = self._start(
                ["serve"], settings, subprocess.DEVNULL, file.fileno(), file.fileno()
            )

    def stop(self, name: str) -> None:
        """End one node in good order. StoryBroke where it does not."""
        process = self._serving.pop(name)
        process.terminate()
        try:
            code = process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            code = process.wait()
        if code:
            raise StoryBroke(f"the node of {name} ended with {code}")

    def check_alive(self) -> None:
        """Raise StoryBroke if a node has ended by itself, or all is being ended."""
        self._check_open()
        for name, process in list(self._serving.items()):
            code = process.poll()
            if code is not None:
                raise StoryBroke(f"the node of {name} ended by itself (exit code {code})")

    def _check_open(self) -> None:
        if self._closed:
            raise StoryBroke("the demo is ending")

    def _start(
        self, args: Sequence[str], settings: Mapping[str, str], stdin: int, out: int, err: int
    ) -> "subprocess.Popen[bytes]":
        kept = {name: text for name, text in os.environ.items() if not name.startswith("PARASOL_")}
        kept.pop("CREDENTIALS_DIRECTORY", None)
        self._check_open()
        return subprocess.Popen(  # noqa: S603 - our own program, by the Python that runs us
            [sys.executable, "-m", "cli.main", *args],
            stdin=stdin, stdout=out, stderr=err, cwd=self.folder, start_new_session=True,
            env=kept | {"PYTHONPATH": str(ROOT)} | dict(settings),
        )  # fmt: skip

    def close(self) -> None:
        """End every process and remove the folder."""
        with self._lock:
            self._closed = True
            asked = list(self._asked)
        for process in asked:
            process.kill()
        ending = []
        for name, process in self._serving.items():
            if process.poll() is None:
                process.terminate()
                ending.append((name, process))
            else:
                self.trouble.append(f"the node of {name} had ended ({process.returncode})")
        for name, process in ending:
            try:
                if process.wait(STOP_S):
                    self.trouble.append(f"the node of {name} ended with {process.returncode}")
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                self.trouble.append(f"the node of {name} did not end within {STOP_S} s")
        for process in asked:
            process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
        if self.folder.exists():
            self.trouble.append(f"{self.folder} could not be removed")


@contextmanager
def stage() -> Iterator[Stage]:
    """Give a stage that is closed however the block is left; a second signal does not hinder it.

    Inside, SIGINT, SIGTERM and SIGHUP raise Stopped.
    """

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise Stopped

    before = {number: signal.signal(number, stop) for number in ENDING}
    made = Stage(Path(tempfile.mkdtemp(prefix="parasol-demo-")))
    try:
        yield made
    finally:
        for number in ENDING:
            signal.signal(number, signal.SIG_IGN)
        made.close()
        for number, handler in before.items():
            signal.signal(number, handler)
