"""The tutorial is run as it stands: every line of shell in it, with two real nodes."""

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TUTORIAL = ROOT / "docs" / "tutorial" / "first-federated-alert.md"
BIN = Path(sys.executable).parent


def _one(command: str, listed: str, name: str) -> str:
    node, rest = command.split(" ", 1)
    return f"""\"$({node} --json {rest} | pick "['{listed}'][0]['{name}']")\""""


# What a reader does between the lines: wait, and copy ids and codes from what was printed.
PRELUDE = """
set -e -o pipefail
shopt -s expand_aliases
trap 'kill $(jobs -p) 2>/dev/null || true' EXIT
pick() { python -c "import json, sys; print(json.load(sys.stdin)$1)"; }
try_for_20_s() { for _ in $(seq 100); do eval "$1" && return; sleep 0.2; done; false; }
"""
BETWEEN = {
    "harbour serve &": "try_for_20_s '[ -S riverside/control.sock -a -S harbour/control.sock ]'",
    "riverside draft publish DRAFT": "try_for_20_s 'riverside alert coverage | grep -q confirmed'",
    "riverside alert coverage ALERT": "sleep 1",
}
STANDS_FOR = {
    'Harbour --code "12345 …"': "Harbour --code " + _one("riverside peer list", "peers", "theirs"),
    'Riverside --code "12345 …"': "Riverside --code "
    + _one("harbour peer list", "peers", "theirs"),
    "DRAFT": _one("riverside draft list", "drafts", "id"),
    "ALERT": _one("riverside alert list", "alerts", "id"),
}


def _script() -> str:
    text = TUTORIAL.read_text("utf-8")
    lines = [PRELUDE]
    for block in re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            if not line.startswith(("make ", "PATH=")):
                run = line
                for shown, meant in STANDS_FOR.items():
                    run = run.replace(shown, meant)
                lines += [run, BETWEEN[line]] if line in BETWEEN else [run]
    script = "\n".join(lines)
    return script.replace("8701", str(_free_port())).replace("8702", str(_free_port()))


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@pytest.mark.slow
def test_the_tutorial_runs_as_it_stands(tmp_path: Path) -> None:
    script = tmp_path / "tutorial.sh"
    script.write_text(_script())
    home = {"HOME": str(tmp_path), "PATH": f"{BIN}:{os.environ['PATH']}", "LANG": "C.UTF-8"}
    ran = subprocess.run(
        ["bash", script],
        env=home,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    told = ran.stdout + ran.stderr
    assert ran.returncode == 0, told
    for promised in (
        "state: trusted",
        "receiver.identifiers.phone=masked",
        "+1*******142",
        "confirmed",
        "the phone was found",
    ):
        assert promised in told, told
    assert re.search(r"signature: +verified", told), told
    assert "0142" not in ran.stdout.split("\nreason:")[-1]
    assert not (tmp_path / "parasol-tutorial").exists()
