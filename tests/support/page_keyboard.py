"""Goes through a page by the keyboard alone, as whoever has no mouse does, with or without script.

It tells the order in which things are reached, and what axe-core cannot see: focus that shows no
mark, or that something else covers (WCAG 2.2, 2.4.7 and 2.4.11).
"""

from dataclasses import dataclass
from typing import Any

from tests.support.browser import Visitor
from tests.support.page_faults import Fault

MOST = 200

_AT = """() => {
  const e = document.activeElement;
  if (!e || e === document.body || e === document.documentElement) return null;
  const box = e.getBoundingClientRect();
  const x = box.left + box.width / 2, y = box.top + box.height / 2;
  const top = document.elementFromPoint(x, y);
  const same = top && (e.contains(top) || top.contains(e) || [...(e.labels || [])].includes(top));
  const style = getComputedStyle(e);
  window.__reached = (window.__reached || []);
  const before = window.__reached.includes(e);
  window.__reached.push(e);
  return {
    name: e.tagName.toLowerCase() + (e.id ? '#' + e.id : e.name ? `[name="${e.name}"]` : ''),
    words: (e.innerText || e.value || e.getAttribute('aria-label') || '').trim(),
    before,
    covered: !same,
    marked: (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) ||
      style.boxShadow !== 'none',
  };
}"""


@dataclass(frozen=True, slots=True)
class Stop:
    """One thing that the keyboard reaches, in the page's own words."""

    name: str
    words: str
    covered: bool
    marked: bool


def stops(visitor: Visitor) -> list[Stop]:
    """What the tabulator reaches, in that order, on a page that was opened just now."""
    found: list[Stop] = []
    for _ in range(MOST):
        visitor.page.keyboard.press("Tab")
        with visitor.inspecting() as page:
            at: dict[str, Any] | None = page.evaluate(_AT)
        if at is None or at.pop("before"):
            return found
        found.append(Stop(**at))
    raise AssertionError(f"{visitor.path}: more than {MOST} stops")


def focus(visitor: Visitor) -> list[Fault]:
    """Where the page hides from its reader what the keyboard has reached."""
    reached = stops(visitor)
    covered = tuple(f"{one.name} {one.words}" for one in reached if one.covered)
    unmarked = tuple(f"{one.name} {one.words}" for one in reached if not one.marked)
    faults = [Fault("focus-covered", "something lies over it", covered)] if covered else []
    if unmarked:
        faults.append(Fault("focus-unmarked", "neither outline nor shadow", unmarked))
    return faults


def assert_reachable(visitor: Visitor) -> None:
    """Hold the page that is open to these two rules; the message names each place."""
    told = "\n".join(map(str, focus(visitor)))
    assert not told, f"{visitor.path} with {visitor.device}:\n{told}"
