"""A process that ends badly leaves no core file: it would hold keys and reports in clear."""

import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.processes import organisations

ROOT = Path(__file__).parents[2]


@pytest.fixture
def _core_files() -> Iterator[None]:
    """Let processes that are started leave core files, as far as this machine does."""
    before, most = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (most, most))
    yield
    resource.setrlimit(resource.RLIMIT_CORE, (before, most))


@pytest.mark.usefixtures("_core_files")
def test_every_command_forbids_core_files() -> None:
    code = (
        "import resource; from cli.main import main\n"
        "try: main(['--version'])\n"
        "except SystemExit: pass\n"
        "print(resource.getrlimit(resource.RLIMIT_CORE))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True,
        timeout=60,
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "(0, 0)"


# Another process's limits stand in /proc alone, which Linux has and macOS has not; that the command
# lowers its own is held by the test above on either.
@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/limits").exists(), reason="no /proc to read limits from")
@pytest.mark.usefixtures("_core_files")
def test_a_serving_node_leaves_no_core_file(tmp_path: Path) -> None:
    with organisations(tmp_path) as make:
        node = make("Riverside")
        node.start()
        limits = Path(f"/proc/{node.pid}/limits").read_text()
        (line,) = (line for line in limits.splitlines() if line.startswith("Max core file size"))
        assert line.split()[4:6] == ["0", "0"]
