"""Keeps what a process has in memory out of core files: keys, passphrase, reports, in clear.

A crash in a native library would otherwise write them all where its user may never look. Started
processes inherit it.
"""

import resource


def forbid_core_files() -> None:
    """Let this process, and whatever it starts, leave no core file; it cannot be undone."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
