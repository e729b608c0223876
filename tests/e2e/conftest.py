"""Separate processes, driven as a script drives them: by the command line alone."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.processes import Organisation, organisations


@pytest.fixture
def make() -> Iterator[Callable[..., Organisation]]:
    """Makes organisations in a short-named folder of their own, and ends what they started."""
    with (
        tempfile.TemporaryDirectory(prefix="parasol-") as folder,
        organisations(Path(folder)) as maker,
    ):
        yield maker
