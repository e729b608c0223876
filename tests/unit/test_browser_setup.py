"""Without a browser the tests of the pages fail with a sentence; they are never passed over."""

import os
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / ".ci" / "chromium.py"


def seen_to(folder: Path, **settings: str) -> "subprocess.CompletedProcess[str]":
    """Run the script where there is nothing but what `folder` holds."""
    return subprocess.run(
        [sys.executable, str(SCRIPT)],
        env={"PATH": str(folder)} | settings,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def a_program(file: Path) -> None:
    file.write_text("#!/bin/sh\nexit 1\n")
    file.chmod(0o755)


def test_a_machine_that_cannot_install_it_is_told_what_to_type(tmp_path: Path) -> None:
    ran = seen_to(tmp_path)
    assert ran.returncode == 1
    assert "sudo apt-get install --no-install-recommends chromium" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_an_installation_that_fails_is_told_too(tmp_path: Path) -> None:
    for name in ("apt-get", "sudo", "env"):
        a_program(tmp_path / name)
    ran = seen_to(tmp_path)
    assert ran.returncode == 1
    assert "sudo apt-get install" in ran.stderr


def test_a_browser_that_is_there_is_taken_without_a_word(tmp_path: Path) -> None:
    a_program(tmp_path / "chromium")
    ran = seen_to(tmp_path)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_another_browser_can_be_named(tmp_path: Path) -> None:
    a_program(tmp_path / "another")
    assert seen_to(tmp_path, CHROMIUM=str(tmp_path / "another")).returncode == 0
    ran = seen_to(tmp_path, CHROMIUM=os.devnull)
    assert ran.returncode == 1
    assert "is not a program" in ran.stderr
