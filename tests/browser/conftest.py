"""The pages in a real browser: one Chromium for all tests, somebody new in each.

Whatever is here is marked `browser`, and runs by `make browser` alone. Its tests are not async:
the driver's loop runs beside them from the first to the last, so they come after all others.
"""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import tomlkit
from playwright.sync_api import Browser

from tests.support.browser import Device, Visitor, chromium, visitor
from tests.support.processes import Organisation, free_port, organisations

HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is in this folder, and put it last."""
    ours = [item for item in items if HERE in item.path.parents]
    for item in ours:
        item.add_marker(pytest.mark.browser)
    items[:] = [item for item in items if item not in ours] + ours


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all."""
    with chromium() as found:
        yield found


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Visitor]]:
    """Makes visitors: `visit(base, width=1280, script=False)`; see Device for the rest.

    When the test ends each leaves, and fails it where a page asked anything of elsewhere.
    """
    present: list[Visitor] = []

    def come(base: str, **device: object) -> Visitor:
        one = visitor(browser, base, Device(**device))  # type: ignore[arg-type]
        present.append(one)
        return one

    yield come
    for one in present:
        if not one.page.is_closed():
            one.leave()


@dataclass(frozen=True, slots=True)
class Pages:
    """A serving node, and the address of its pages."""

    node: Organisation
    base: str


@pytest.fixture
def node_with_pages() -> Iterator[Pages]:
    """A node as a process of its own that serves its pages on loopback.

    TO BE COMPLETED with the pages: nobody has an account yet. Let this make one for each role, by
    the real commands, and give their working names and passphrases.
    """
    with (
        tempfile.TemporaryDirectory(prefix="parasol-") as folder,
        organisations(Path(folder)) as make,
    ):
        node: Organisation = make("Riverside")
        port = free_port()
        file = node.home / "settings.toml"
        settings = tomlkit.parse(file.read_text("utf-8"))
        settings.update({"web_host": "127.0.0.1", "web_port": port})
        file.write_text(tomlkit.dumps(settings), "utf-8")
        node.start()
        yield Pages(node, f"http://127.0.0.1:{port}")
