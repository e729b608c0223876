"""Make the environment of its own: `.venv`, the locked libraries, `.venv/bin/parasol`.

    python3 .ci/setup.py runtime    what a node needs (requirements.txt)
    python3 .ci/setup.py dev        that, and what tests and checks need (requirements-dev.txt)

It needs Python 3.11 or later and its standard library, nothing else: no git, no pip, no compiler.
It does its work once: a stamp in `.venv` holds the hash of the locks that were installed, so a
second call costs a few hundredths of a second, and an interrupted or outdated set-up is finished.
Every library is checked against the hashes of the lock, and comes as a ready-made wheel: nothing
is compiled, and no foreign set-up script runs (but for SOURCE_ONLY, in tests).
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCKS = {"runtime": ["requirements.txt"], "dev": ["requirements.txt", "requirements-dev.txt"]}
SOURCE_ONLY = ["odfpy"]  # writes spreadsheets for tests; pure Python, published without a wheel
# What a person's own pip or Python settings would turn against an environment of its own.
UNWANTED = ("PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PYTHONHOME", "PYTHONPATH")
# sh starts it, so that neither a space nor the length of the path can break it.
LAUNCHER = """#!/bin/sh
'''exec' "{python}" "$0" "$@"
' '''
import sys
from cli.main import main
sys.exit(main())
"""
NO_VENV = """
Python is here, but neither its venv module nor pip, which make the environment that holds
the libraries. On Debian and Ubuntu one package brings both; run this, then try again:

    sudo apt-get install python3-venv
"""
NO_LIBRARIES = """
The libraries could not be installed; the lines above say why. The usual causes: no network
(about 60 MB are fetched, once, and 50 more for the tests), a full disk, or a machine for which no
ready-made wheels exist (Parasol needs 64-bit x86 or ARM with glibc 2.28 or later, such as
Debian 11 or later).
Nothing is half done: run the same command again.
"""


def main(arguments: list[str]) -> int:
    """Bring `.venv` to the state that the locks describe; 0 when it is there."""
    if len(arguments) != 1 or arguments[0] not in LOCKS:
        return _stop(f"usage: setup.py {' | '.join(LOCKS)}")
    folder = os.open(ROOT, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)  # two `make` at once: the second finds the work done
    kind = arguments[0]
    enough = [done for done in LOCKS if set(LOCKS[kind]) <= set(LOCKS[done])]
    if _usable() and any(_stamp(done).exists() for done in enough):
        return 0
    _say(f"Setting up .venv ({kind} libraries; once, a minute or two) …")
    if not _usable() and not _make_venv():
        return _stop(NO_VENV)
    for old in VENV.glob(".ready-*"):
        old.unlink()
    if not _install(kind):
        return _stop(NO_LIBRARIES)
    _link()
    _stamp(kind).touch()
    _say("Ready.")
    return 0


def _stamp(kind: str) -> Path:
    """The file whose presence says that this set-up, with these very locks, was finished."""
    # A folder that was moved, or a new version, is set up anew as well.
    state = hashlib.sha256(f"{VENV} {_version()}".encode())
    for name in [".ci/setup.py", *LOCKS[kind]]:
        state.update((ROOT / name).read_bytes())
    return VENV / f".ready-{kind}-{state.hexdigest()[:16]}"


def _usable() -> bool:
    """Whether `.venv` has a Python that starts, is recent enough, and lives where we stand."""
    test = "import sys; sys.exit(sys.version_info < (3, 11) or not sys.prefix == sys.argv[1])"
    return PYTHON.exists() and _run([PYTHON, "-c", test, VENV], quiet=True)


def _make_venv() -> bool:
    """A fresh `.venv`, by whatever this machine has: the venv module, or venv without pip beside
    a system pip, or, for root on a bare Debian or Ubuntu, the package that is missing."""
    if VENV.exists():
        shutil.rmtree(VENV)
    whole = [sys.executable, "-m", "venv", VENV]
    if importlib.util.find_spec("ensurepip") and _run(whole, quiet=True):
        return True
    shutil.rmtree(VENV, ignore_errors=True)
    if importlib.util.find_spec("pip") and _run([*whole, "--without-pip"], quiet=True):
        return True
    shutil.rmtree(VENV, ignore_errors=True)
    if os.geteuid() == 0 and shutil.which("apt-get") and sys.executable.startswith("/usr/bin/"):
        _say("Python's venv module is missing: installing the package python3-venv …")
        quietly = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        package = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "python3-venv"]
        if _run(["apt-get", "update", "-qq"], env=quietly) and _run(package, env=quietly):
            return _run(whole)
    return False


def _install(kind: str) -> bool:
    """The locked libraries, each checked against its hashes, by the pip that is there."""
    inside = _run([PYTHON, "-m", "pip", "--version"], quiet=True)
    pip = [PYTHON, "-m", "pip"] if inside else [sys.executable, "-m", "pip", "--python", PYTHON]
    command = [*pip, "install", "--require-hashes", "--no-deps", "--only-binary=:all:"]
    command += [f"--no-binary={name}" for name in SOURCE_ONLY if kind == "dev"]
    command += ["--disable-pip-version-check", "--no-input", "-qq"]  # errors only
    for lock in LOCKS[kind]:
        command += ["-r", ROOT / lock]
    return _run(command)


def _link() -> None:
    """Make the five packages importable from `.venv`, and `parasol` a command in it.

    A path file, a launcher and a card with name and version do what an editable installation
    would, but need no build tools from the network, and cost nothing when the command starts.
    """
    where = "import sysconfig; print(sysconfig.get_path('purelib'))"
    found = subprocess.run([PYTHON, "-c", where], check=True, capture_output=True, text=True)
    site = Path(found.stdout.strip())
    (site / "parasol-node.pth").write_text(f"{ROOT}\n")
    for old in site.glob("parasol_node-*.dist-info"):
        shutil.rmtree(old)
    card = site / f"parasol_node-{_version()}.dist-info"
    card.mkdir()
    (card / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: parasol-node\nVersion: {_version()}\n"
    )
    launcher = VENV / "bin" / "parasol"
    launcher.write_text(LAUNCHER.format(python=PYTHON))
    launcher.chmod(0o755)


def _version() -> str:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return str(project["project"]["version"])


def _run(
    command: list[str | Path], *, quiet: bool = False, env: dict[str, str] | None = None
) -> bool:
    """Whether a command ended well; it cannot ask, and only its complaints are shown."""
    env = {k: v for k, v in (env or os.environ).items() if k not in UNWANTED}
    err = subprocess.DEVNULL if quiet else None
    ended = subprocess.run(
        command,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=err,
        check=False,
    )
    return ended.returncode == 0


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")


def _stop(text: str) -> int:
    _say(text)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
