"""Every page that a person can reach: sound to axe, nothing sticks out, light, and no dead link."""

from collections.abc import Callable

import pytest

from tests.browser.conftest import Pages
from tests.support.browser import Visitor
from tests.support.page_faults import axe, layout
from tests.support.page_walk import walk
from tests.support.page_weight import assert_light

HTML, WHOLE = 14 * 1024, 50 * 1024
FEW = 6
WAYS_OUT = {"/out", "/measures"}
LOOKS = (
    {"scheme": "light", "language": "en", "script": False, "width": 320},
    {"scheme": "dark", "language": "ar", "script": True, "width": 320},
)


def _shape(path: str) -> str:
    """The path of a page without what varies in it: ids, and what stands after a question mark."""
    parts = path.partition("?")[0].split("/")
    return "/".join("*" if any(c.isdigit() for c in p) or len(p) > 20 else p for p in parts)


def _some_of_each() -> Callable[[str], bool]:
    """What not to follow: the ways out, and more than FEW pages that differ by an id alone.

    A list of alerts leads to each of them, and each to what may be done with it.
    """
    followed: dict[str, set[str]] = {}

    def skip(path: str) -> bool:
        if path.partition("?")[0] in WAYS_OUT:
            return True
        alike = followed.setdefault(_shape(path), set())
        if len(alike) < FEW:
            alike.add(path)
        return path not in alike

    return skip


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: f"{look['language']}-{look['scheme']}")
@pytest.mark.parametrize("role", ["visitor", "member", "outreach", "reviewer", "keeper"])
def test_every_page_is_sound_and_small(
    sign_in: Callable[..., Visitor], role: str, look: dict[str, object]
) -> None:
    one = sign_in(role, **look)
    faults: list[str] = []
    seen: dict[str, int] = {}
    for page in walk(one, "/in" if role == "visitor" else "/", skip=_some_of_each()):
        shape = _shape(page.path)
        seen[shape] = seen.get(shape, 0) + 1
        if page.status == 0:
            continue
        if page.status != 200:
            faults.append(f"{page.path} (from {page.after}): {page.status}")
        if seen[shape] > 1:  # another of the same: the faults of the template are told already
            continue
        faults += [f"{page.path}: {fault}" for fault in [*axe(one), *layout(one)]]
        one.picture(f"{role}-{shape.strip('/').replace('/', '-').replace('*', 'x') or 'first'}")
    assert not faults, "\n".join(faults)
    assert len(seen) > 3


@pytest.mark.parametrize("role", ["visitor", "member", "reviewer", "keeper"])
def test_every_page_is_light(sign_in: Callable[..., Visitor], role: str) -> None:
    one = sign_in(role)
    paths = [page.path for page in walk(one, "/in", skip=_some_of_each()) if page.status == 200]
    shapes = {_shape(path): path for path in paths}
    for path in shapes.values():
        assert_light(one, path, html=HTML, whole=WHOLE)


def test_the_harmless_page_leads_nowhere(sign_in: Callable[..., Visitor], site: Pages) -> None:
    one = sign_in("member")
    one.go("/out")
    assert one.path == "/measures"
    assert one.page.locator("a").count() == 0
    assert "Parasol" not in one.page.content()
    assert not [*axe(one), *layout(one)]
