"""Walks through all that somebody can reach by reading: links, and forms that only ask.

Every page is opened once in her browser, with her session. Forms that change something are not
sent: where they go is told with the page, for tests that attack each of them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urldefrag, urljoin, urlsplit

from playwright.sync_api import Error

from tests.support.browser import Visitor, is_download

MOST = 300

_WAYS = """() => {
  const at = document.baseURI;
  const forms = [...document.forms];
  const asks = forms.filter(f => f.method === 'get').map(f => {
    const to = new URL(f.getAttribute('action') || at, at);
    to.search = new URLSearchParams(new FormData(f)).toString();
    return to.href;
  });
  const sends = forms.filter(f => f.method === 'post')
    .map(f => new URL(f.getAttribute('action') || at, at).href);
  const links = [...document.querySelectorAll('a[href], area[href]')]
    .filter(a => !a.closest('svg')).map(a => a.href);
  return {links: [...links, ...asks], sends};
}"""


@dataclass(frozen=True, slots=True)
class Walked:
    """One page that was reached.

    `path` is what was asked for, `status` its last answer, 0 for a file to keep; `sends` the paths
    to which its forms would post; `away` its links to elsewhere, which were not followed; `after`
    the page on which the link stood.
    """

    path: str
    status: int
    after: str
    sends: tuple[str, ...] = ()
    away: tuple[str, ...] = ()


def walk(
    visitor: Visitor, start: str = "/", *, skip: Callable[[str], bool] | None = None
) -> Iterator[Walked]:
    """Give each page once, nearest first; her browser stands at it while the caller looks.

    `skip` says of a path that it is not to be followed: signing out, or leaving in a hurry. More
    than MOST pages are a fault of the pages: addresses without end.
    """
    ahead, seen = [(start, "")], {start}
    while ahead:
        path, after = ahead.pop(0)
        assert len(seen) <= MOST, f"more than {MOST} pages; the last: {path}"
        try:
            status = visitor.go(path).status
        except Error as error:
            if not is_download(error):
                raise
            yield Walked(path, 0, after)
            continue
        here, away, sends = _ways(visitor)
        for found in here:
            if found not in seen and not (skip and skip(found)):
                seen.add(found)
                ahead.append((found, path))
        yield Walked(path, status, after, sends, away)


def _ways(visitor: Visitor) -> tuple[list[str], tuple[str, ...], tuple[str, ...]]:
    with visitor.inspecting() as page:
        found: dict[str, Any] = page.evaluate(_WAYS)
    ours, away = [], []
    for link in found["links"]:
        parts = urlsplit(urldefrag(link).url)
        if f"{parts.scheme}://{parts.netloc}" == visitor.base.rstrip("/"):
            ours.append(_path(link))
        elif parts.scheme in {"http", "https"}:
            away.append(link)
    sends = (_path(urljoin(visitor.page.url, to)) for to in found["sends"])
    return ours, tuple(dict.fromkeys(away)), tuple(dict.fromkeys(sends))


def _path(address: str) -> str:
    parts = urlsplit(urldefrag(address).url)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
