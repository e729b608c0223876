"""Where and on what the figures were measured; CPU time and memory of processes from /proc."""

import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path

from sqlcipher3 import dbapi2 as sqlcipher

LIBRARIES = ("aiohttp", "sqlalchemy", "sqlcipher3", "pynacl", "msgpack")
_TICK = os.sysconf("SC_CLK_TCK")


def conditions() -> str:
    """Cores, Python, libraries, the store, and how busy the machine is."""
    found = " · ".join(f"{name} {_version(name)}" for name in LIBRARIES)
    load = " ".join(f"{each:.1f}" for each in os.getloadavg())
    connection = sqlcipher.connect(":memory:")
    cipher = connection.execute("PRAGMA cipher_version").fetchone()[0]
    connection.close()
    return (
        f"{len(os.sched_getaffinity(0))} cores, {platform.machine()}, load {load} · "
        f"Python {sys.version.split()[0]} · {found}\n"
        f"store: SQLCipher {cipher}, SQLite {sqlcipher.sqlite_version}, WAL, synchronous=FULL"
    )


def _version(name: str) -> str:
    for each in (name, f"{name}-binary", f"{name}-wheels"):
        try:
            return version(each)
        except ImportError:
            continue
    return "?"


def cpu_seconds(pid: int | None = None) -> float:
    """CPU time of a process and its living children so far."""
    top = os.getpid() if pid is None else pid
    return sum(_cpu(each) for each in (top, *children(top)))


def children(pid: int) -> list[int]:
    """The living children of a process."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        fields = _fields(int(folder.name))
        if fields and int(fields[1]) == pid:
            found.append(int(folder.name))
    return found


def _cpu(pid: int) -> float:
    fields = _fields(pid)
    return (int(fields[11]) + int(fields[12])) / _TICK if fields else 0.0


def _fields(pid: int) -> list[str]:
    """What stands in /proc/PID/stat after the name, from the state on."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    except OSError:
        return []


def resident_mb(pid: int) -> float:
    """Resident memory of a process and its children, in MB of 10^6 bytes."""
    total = 0
    for each in (pid, *children(pid)):
        for line in Path(f"/proc/{each}/status").read_text("utf-8").splitlines():
            if line.startswith("VmRSS:"):
                total += int(line.split()[1]) * 1024
    return total / 1e6
