"""Start-up: the command line as a person runs it, and a node until it answers."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.figure import Figure, timed
from tests.bench.nodes import ROOT, Serving, environment, make_node
from tests.bench.scale import Scale

HELP_S, READY_S = 0.15, 1.5


def command(home: Path, *words: str) -> float:
    """Seconds that one process takes, from its start to its end."""
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, *words], cwd=ROOT, env=environment(home), check=True,
        stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    return time.perf_counter() - start


def repeated(home: Path, runs: int, *words: str) -> list[float]:
    """The same, several times, after one that fills the caches."""
    command(home, *words)
    return [command(home, *words) for _ in range(runs)]


def figures(scale: Scale) -> list[Figure]:
    """`--help`, `status` beside a running serve and without one, and start to ready."""
    runs = scale.of(9, 15, 2)
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        home = make_node(Path(name), reachable=True)
        bare = repeated(home, runs, "-c", "pass")
        shown = repeated(home, runs, "-m", "cli.main", "--help")
        alone = repeated(home, runs // 2, "-m", "cli.main", "--json", "status")
        ready = []
        for _ in range(runs // 2 + 1):
            with Serving(home) as serving:
                ready.append(serving.ready_s)
        with Serving(home):
            beside = repeated(home, runs, "-m", "cli.main", "--json", "status")
    return [
        timed("parasol --help", shown, unit="s", bar=HELP_S),
        timed("parasol --json status beside a serve", beside, unit="s"),
        timed("parasol --json status without one", alone, unit="s"),
        timed("serve, start to ready", ready, unit="s", bar=READY_S),
        timed("python -c pass", bare, unit="s"),
    ]
