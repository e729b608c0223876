"""The pages in a real browser: one Chromium for all tests, somebody new in each.

Whatever is here is marked `browser`, and runs by `make browser` alone. Its tests are not async:
the driver's loop runs beside them from the first to the last, so they come after all others.
"""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import tomlkit
from playwright.sync_api import Browser

from tests.support.browser import Device, Visitor, chromium, visitor
from tests.support.processes import Organisation, free_port, organisations

HERE = Path(__file__).parent
SAMPLES = HERE.parent / "samples"


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
    """A serving node with a list in it, the address of its pages, and who may sign in.

    `names` has a working name for each role; all share PASSPHRASE.
    """

    node: Organisation
    base: str
    names: Mapping[str, str]

    def invitation(self, role: str = "member") -> str:
        """A new invitation's path."""
        code: str = self.node.run("member", "invite", "--role", role)["code"]
        return f"/join/{code}"


ROLES = ("member", "outreach", "reviewer", "keeper")
PASSPHRASE = "green lantern river seven"


@pytest.fixture(scope="session")
def site(browser: Browser) -> Iterator[Pages]:
    """A node as a process of its own that serves its pages on loopback, with a member a role.

    It holds an imported list, of which some alerts are published and some are drafts. Tests share
    it: each looks for what it made itself.
    """
    with (
        tempfile.TemporaryDirectory(prefix="parasol-") as folder,
        organisations(Path(folder)) as make,
    ):
        port = free_port()
        node: Organisation = make("Riverside", pages=f"127.0.0.1:{port}")
        file = node.home / "settings.toml"
        settings = tomlkit.parse(file.read_text("utf-8"))
        settings["public_reports"] = True
        file.write_text(tomlkit.dumps(settings), "utf-8")
        node.start()
        node.run("import", str(SAMPLES / "bay_area_list.csv"), "--country", "US")
        drafts = [each["id"] for each in node.run("draft", "list")["drafts"]]
        node.attempt("draft", "publish", *drafts[: len(drafts) // 2])
        base = f"http://127.0.0.1:{port}"
        found = Pages(node, base, {role: f"the {role}" for role in ROLES})
        for role, name in found.names.items():
            one = visitor(browser, base, Device())
            join(one, found.invitation(role), name)
            one.leave()
        yield found


def join(one: Visitor, invitation: str, name: str) -> None:
    """Take an invitation up, in a browser."""
    one.go(invitation)
    one.page.fill("#name", name)
    one.page.fill("#passphrase", PASSPHRASE)
    one.press("main button")
    one.page.wait_for_url("**/me/start")


@pytest.fixture
def sign_in(visit: Callable[..., Visitor], site: Pages) -> Callable[..., Visitor]:
    """Makes visitors who are signed in: `sign_in("reviewer", width=1280, script=False)`."""

    def come(role: str, **device: object) -> Visitor:
        one = visit(site.base, **device)
        if role != "visitor":
            one.go("/in")
            one.page.fill("#name", site.names[role])
            one.page.fill("#passphrase", PASSPHRASE)
            one.press("main form button")
            one.page.wait_for_url(f"{site.base}/*")
            assert one.path == "/", one.path
        return one

    return come
