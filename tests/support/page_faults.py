"""What is wrong with the page that is open: for those who see little, and on a small screen.

axe-core tells the faults against WCAG and its best practices, the size of targets included. Beside
it stand two rules of our own: nothing sticks out sideways, and whatever is touched measures at
least TARGET pixels, links within a line of text apart.
"""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from tests.support.browser import Visitor

TARGET = 44
OPTIONS = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}

_TOO_WIDE = """() => {
  const edge = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= edge) return [];
  const name = e => e.tagName.toLowerCase() + (e.id ? '#' + e.id : '');
  const out = [...document.body.querySelectorAll('*')].filter(e => {
    const box = e.getBoundingClientRect();
    return box.width > 1 && (box.right > edge + 1 || box.left < -1);
  });
  return out.length ? out.map(name) : ['body'];
}"""

_SMALL = """target => {
  const all = document.querySelectorAll(
    'a[href], button, input:not([type=hidden]), select, textarea, summary, [role=button]');
  const within = e => getComputedStyle(e).display === 'inline' &&
    [...e.parentElement.childNodes].some(n => n.nodeType === 3 && n.data.trim());
  const name = e => e.tagName.toLowerCase() +
    (e.id ? '#' + e.id : e.name ? `[name="${e.name}"]` : '') +
    (e.tagName === 'A' ? `[href="${e.getAttribute('href')}"]` : '');
  const small = [];
  for (const e of all) {
    const boxes = [e, ...(e.labels || [])].map(o => o.getBoundingClientRect());
    const own = boxes[0];
    if (own.width <= 1 || own.height <= 1) continue;
    if (e.tagName === 'A' && within(e)) continue;
    const wide = Math.max(...boxes.map(b => b.width));
    const high = Math.max(...boxes.map(b => b.height));
    if (wide < target - 0.5 || high < target - 0.5)
      small.push(`${name(e)} (${Math.round(wide)} x ${Math.round(high)})`);
  }
  return small;
}"""


@dataclass(frozen=True, slots=True)
class Fault:
    """One rule that the page breaks, and where."""

    rule: str
    what: str
    where: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.rule}: {self.what}\n" + "\n".join(f"    {place}" for place in self.where)


def axe(visitor: Visitor) -> list[Fault]:
    """Every rule of axe-core that the page breaks, whether or not the page may run script."""
    with visitor.inspecting() as page:
        page.evaluate(_axe_source())
        found: dict[str, Any] = page.evaluate("options => axe.run(document, options)", OPTIONS)
    return [
        Fault(
            rule["id"],
            f"{rule['help']} ({rule['impact']})",
            tuple(_place(node) for node in rule["nodes"]),
        )
        for rule in found["violations"]
    ]


def layout(visitor: Visitor) -> list[Fault]:
    """What sticks out sideways, and what is too small to be touched."""
    with visitor.inspecting() as page:
        wide: list[str] = page.evaluate(_TOO_WIDE)
        small: list[str] = page.evaluate(_SMALL, TARGET)
    width = visitor.device.width
    faults = [Fault("too-wide", f"scrolls sideways at {width} pixels", tuple(wide))] if wide else []
    if small:
        faults.append(Fault("small-target", f"less than {TARGET} pixels", tuple(small)))
    return faults


def assert_sound(visitor: Visitor) -> None:
    """Hold the page that is open to all of these rules; the message names each place."""
    faults = [*axe(visitor), *layout(visitor)]
    told = "\n".join(map(str, faults))
    assert not faults, f"{visitor.path} with {visitor.device}:\n{told}"


def _place(node: dict[str, Any]) -> str:
    where = " ".join(str(part) for part in node["target"])
    return f"{where}    {' '.join(str(node['html']).split())[:160]}"


@cache
def _axe_source() -> str:
    return (files("axe_playwright_python") / "axe.min.js").read_text("utf-8")
