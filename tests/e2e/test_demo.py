"""`parasol demo` as somebody runs it who has just cloned the project."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.parasol_command import ROOT, environment
from tests.support.processes import eventually

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

STORY_S = 120
Demo = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Demo]:
    """Starts the demo, its output in `out` and `err`, its folder inside `tmp_path`."""
    started: list[subprocess.Popen[bytes]] = []

    def begin(*args: str) -> "subprocess.Popen[bytes]":
        with (tmp_path / "out").open("wb") as out, (tmp_path / "err").open("wb") as err:
            process = subprocess.Popen(
                [sys.executable, "-m", "cli.main", *args],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                cwd=tmp_path,
                env=environment(tmp_path / "nobody")
                | {"PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)},
                start_new_session=True,
            )
        started.append(process)
        return process

    yield begin
    for process in started:
        if process.poll() is None:
            process.terminate()
            process.wait(30)


def said(tmp_path: Path, name: str = "out") -> str:
    return (tmp_path / name).read_text("utf-8")


def left_behind(tmp_path: Path) -> list[str]:
    """The demo's folders that are still there, and the processes that live in one."""
    found = [each.name for each in tmp_path.glob("parasol-demo-*")]
    inside = f"{tmp_path}/parasol-demo-".encode()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if inside in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_bytes().decode().replace("\0", " "))
        except OSError:  # another user's, or gone
            continue
    return found


def children(process: "subprocess.Popen[bytes]", word: str) -> list[int]:
    """The demo's own child processes with this word in their command line."""
    found = []
    for each in Path("/proc").glob("[0-9]*"):
        try:
            parent = (each / "stat").read_text().rpartition(")")[2].split()[1]
            if int(parent) == process.pid and word in (each / "cmdline").read_text().split("\0"):
                found.append(int(each.name))
        except (OSError, UnicodeDecodeError):
            continue
    return found


def test_the_whole_story_holds_ends_by_itself_and_leaves_nothing_behind(
    start: Demo, tmp_path: Path
) -> None:
    code = start("--json", "demo", "--once").wait(STORY_S)
    assert (code, said(tmp_path, "err")) == (0, "")
    facts = json.loads(said(tmp_path))
    assert facts["held"] is True
    steps = facts["steps"]
    assert all(step["held"] for step in steps)
    numbers = [step["step"] for step in steps]
    assert numbers == list(range(1, len(steps) + 1))
    by_title = {step["title"]: step for step in steps}
    opened = by_title["Their pages are open"]
    assert set(opened["invitations"]) == {"member", "outreach", "reviewer", "keeper"}
    assert len(opened["pages"]) == 3
    (views,) = [step for step in steps if "seen" in step]
    riverside, maison = (views["seen"][name] for name in ("Riverside", "Maison Bleue"))
    assert riverside["fields"]["phone"] == views["origin"]["phone"]
    assert "phone" not in maison["fields"]
    assert maison["withheld"]["phone"] == ["receiver.identifiers.phone=masked"]
    assert set(maison["fields"]) | set(maison["withheld"]) == set(views["origin"])
    (taken_back,) = [step for step in steps if "coverage" in step]
    assert {row["what"] for row in taken_back["coverage"]} == {"alert", "withdrawal", "erasure"}
    assert set(by_title["A reporter thinks better of it"]["peers"]) == {"recalled"}
    hub = by_title["One hop further, over a hub"]
    assert hub["via"] == ["Riverside"]
    assert 0 < hub["beyond"] <= hub["at_hub"]
    late = by_title["A confirmation that is late"]
    assert (late["late"], late["state"], late["then"]) == ("Lakeside", "overdue", "confirmed")
    assert left_behind(tmp_path) == []


def test_without_once_the_nodes_stay_up_and_the_printed_commands_work(
    start: Demo, tmp_path: Path
) -> None:
    process = start("demo")
    eventually(
        lambda: process.poll() is not None or "Ctrl-C ends" in said(tmp_path), within=STORY_S
    )
    assert process.poll() is None, said(tmp_path, "err")
    text = said(tmp_path)
    assert re.findall(r"^(\d+)  ", text, re.MULTILINE) == [str(n) for n in range(1, 15)]
    line = r"^ +((?:export PARASOL_\w+=|echo '|\S*(?:parasol|python\S*) ).*)$"
    commands = re.findall(line, text[text.index("What to try") :], re.MULTILINE)
    assert sum(each.startswith("export") for each in commands) == 6
    ran = subprocess.run(
        ["sh", "-c", "\n".join(["set -e", *commands])],
        capture_output=True,
        check=False,
        env=environment() | {"PYTHONPATH": str(ROOT)},
    )
    assert ran.returncode == 0, ran.stderr.decode()
    shown = ran.stdout.decode()
    assert len(re.findall(r"signature: +verified", shown)) == 3
    assert "phone exact" in shown
    assert "phone matched by token" in shown
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0
    assert said(tmp_path, "err") == ""
    assert left_behind(tmp_path) == []


def test_a_node_that_dies_fails_the_demo_by_the_name_of_the_step(
    start: Demo, tmp_path: Path
) -> None:
    process = start("demo", "--once")
    eventually(lambda: len(children(process, "serve")) == 3, within=STORY_S)
    eventually(lambda: "3  Their lists" in said(tmp_path), within=STORY_S)
    os.kill(children(process, "serve")[0], signal.SIGKILL)
    assert process.wait(60) == 1
    error = said(tmp_path, "err")
    assert re.search(r"did not hold at step \d, .*ended by itself \(exit code -9\)", error)
    assert "parasol ready" in error  # the end of each node's log
    assert "Traceback" not in error
    assert left_behind(tmp_path) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_in_the_middle_ends_every_node_and_removes_the_folder(
    start: Demo, tmp_path: Path, number: signal.Signals
) -> None:
    process = start("demo", "--once")
    eventually(lambda: len(children(process, "serve")) == 3, within=STORY_S)
    began = time.monotonic()
    process.send_signal(number)
    assert process.wait(30) == 1
    assert time.monotonic() - began < 20
    assert "stopped at step" in said(tmp_path, "err")
    assert left_behind(tmp_path) == []
