"""Two organisations: ours, Riverside, and another, Harbour."""

from pathlib import Path

import pytest

from tests.unit.node_keeping.kept import Kept, make


@pytest.fixture
def riverside(tmp_path: Path) -> Kept:
    """Our node."""
    return make(tmp_path, "Riverside")


@pytest.fixture
def harbour(tmp_path: Path) -> Kept:
    """The other organisation's node."""
    return make(tmp_path, "Harbour")
