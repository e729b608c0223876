"""Kills restores: for n = 1, 2, … one into a copy of a folder, ended before its n-th step.

Run as a program of its own: HOME FILE OUT NOW. A step is a file of the folder that is opened,
renamed, removed or has its mode changed. The kill is `os._exit` in a forked process, so nothing is
cleaned up. Leaves OUT/1, OUT/2, … and prints how many; the last one was not killed.
"""

import os
import shutil
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from node.backup import restore_node
from tests.unit.node_keeping.kept import PASSPHRASE

KILLED = 9
STEPS = frozenset({"os.rename", "os.remove", "os.rmdir", "os.chmod", "open"})


def killing(folder: Path, after: int) -> Callable[[str, tuple[Any, ...]], None]:
    """An audit hook that ends the process at the n-th step in `folder`."""
    steps = count(1)

    def hook(event: str, args: tuple[Any, ...]) -> None:
        touches = event in STEPS and any(str(folder) in str(each) for each in args[:2])
        if touches and next(steps) == after:
            os._exit(KILLED)

    return hook


def main(home: Path, file: Path, out: Path, now: int) -> int:
    """Make the copies; returns how many."""
    data = file.read_bytes()
    for steps in count(1):
        copy = out / str(steps)
        shutil.copytree(home, copy)
        child = os.fork()
        if child == 0:
            sys.addaudithook(killing(copy, steps))
            restore_node(copy, PASSPHRASE, data, clock=lambda: now)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        if code != KILLED:
            return steps if code == 0 else -steps
    return 0


if __name__ == "__main__":
    print(main(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])))
