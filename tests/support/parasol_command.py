"""Runs the real `parasol` in a process of its own, in a pipe or on a terminal of its own."""

import json
import os
import pty
import select
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended, and what it wrote."""

    code: int
    out: str
    err: str

    def json(self) -> dict[str, Any]:
        """Read standard output as the one JSON object it must be."""
        found: dict[str, Any] = json.loads(self.out)
        return found

    def error(self) -> dict[str, str]:
        """Read standard error as the one JSON error it must be."""
        found: dict[str, str] = json.loads(self.err)["error"]
        return found


def environment(home: Path | None = None) -> dict[str, str]:
    """Give an environment without the settings of whoever runs the tests."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PARASOL_")}
    kept.pop("CREDENTIALS_DIRECTORY", None)
    return kept | ({"PARASOL_HOME": str(home)} if home else {})


def parasol(*args: str, home: Path | None = None, stdin: str | bytes = "", cwd: Path = ROOT) -> Ran:
    """Run `parasol` with pipes, as a script does."""
    data = stdin.encode() if isinstance(stdin, str) else stdin
    path = str(ROOT)
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", *args],
        input=data,
        capture_output=True,
        env=environment(home) | {"PYTHONPATH": path},
        cwd=cwd,
        timeout=60,
        check=False,
    )
    return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())


def parasol_at_terminal(
    *args: str,
    home: Path | None = None,
    typed: str = "",
    answers: Sequence[tuple[str, str]] = (),
) -> Ran:
    """Run `parasol` on a pseudo-terminal.

    `typed` is what the keeper types ahead; each of `answers` is typed once its question is shown.
    """
    waiting = list(answers)
    main, side = pty.openpty()
    env = environment(home) | {"PYTHONPATH": str(ROOT), "TERM": "xterm", "COLUMNS": "120"}
    process = subprocess.Popen(
        [sys.executable, "-m", "cli.main", *args],
        stdin=side,
        stdout=side,
        stderr=side,
        env=env,
        cwd=ROOT,
        start_new_session=True,
    )
    os.close(side)
    os.write(main, typed.encode())
    shown = b""
    while True:
        readable, _, _ = select.select([main], [], [], 30)
        if not readable:
            process.kill()
            break
        try:
            piece = os.read(main, 65536)
        except OSError:
            break
        if not piece:
            break
        shown += piece
        if waiting and waiting[0][0].encode() in shown.rpartition(b"\n")[2]:
            os.write(main, waiting.pop(0)[1].encode())
    code = process.wait(10)
    os.close(main)
    return Ran(code, shown.decode().replace("\r\n", "\n"), "")
