"""See to a Chromium for the tests of the pages; say what to type where that is not possible.

    python3 .ci/chromium.py

It needs Python's standard library alone. CHROMIUM, the path of another browser of that family, is
believed. Else Debian's package is installed, by root or by a sudo that asks nothing. It never
passes silently without a browser: pages that nobody looked at are not tested.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

# The last two draw the letters of every language of the pages: one Latin, Cyrillic and Arabic, the
# other Chinese.
PACKAGES = ["chromium", "fonts-dejavu-core", "fonts-droid-fallback"]
APT = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300"]
NONE = f"""
The tests of the pages need Chromium, which is not on this machine. On Debian run this, then try
again; elsewhere, install it, or name one in the variable CHROMIUM:

    sudo apt-get install --no-install-recommends {" ".join(PACKAGES)}
"""


def main() -> int:
    """Leave a Chromium on this machine; 0 when it is there."""
    named = os.environ.get("CHROMIUM")
    if named and not shutil.which(named):
        sys.stderr.write(f"CHROMIUM names {named}, which is not a program.\n")
        return 1
    if named or shutil.which("chromium"):
        return 0
    if _install() and shutil.which("chromium"):
        return 0
    sys.stderr.write(NONE)
    return 1


def _install() -> bool:
    if not shutil.which("apt-get"):
        return False
    rights = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if rights and not shutil.which("sudo"):
        return False
    sys.stderr.write("Installing Debian's chromium, for the tests of the pages …\n")
    settings = ["env", "DEBIAN_FRONTEND=noninteractive"]
    update = [*rights, *settings, *APT, "update"]
    install = [*rights, *settings, *APT, "install", "-y", "--no-install-recommends", *PACKAGES]
    return _run(update) and _run(install)


def _run(command: list[str]) -> bool:
    ended = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False
    )
    return ended.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
