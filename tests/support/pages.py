"""The pages of one real node on a real socket, and persons who use them without a browser.

A `Person` keeps her cookies, and sends the proof that stands on the page she last looked at, as a
browser would. Real browsers are in tests/browser.
"""

import html
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp
from aiohttp import web
from yarl import URL

from node.runtime import Node
from node.web.gate import Gate
from tests.support.one_node import Clock, one_node
from tests.support.processes import free_port

PASSPHRASE = "green lantern river seven"
HERE = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the status, the page's text, and where it sends on to."""

    status: int
    text: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def goes(self) -> str:
        """Where a redirect leads."""
        return self.headers.get("Location", "")

    @property
    def words(self) -> str:
        """The page without its marks and style, on one line."""
        bare = re.sub(r"<(style|title)>.*?</\1>", " ", self.text, flags=re.DOTALL)
        return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", bare)).split())


@dataclass
class Person:
    """Somebody with a browser of her own: `get` and `post` follow no redirect."""

    base: str
    session: aiohttp.ClientSession = field(repr=False)
    proof: str = field(default="", repr=False)

    @classmethod
    def at(cls, base: str, **headers: str) -> Self:
        """Somebody whom nothing remembers."""
        jar = aiohttp.CookieJar(unsafe=True)  # addresses of numbers have cookies too
        return cls(base, aiohttp.ClientSession(base, cookie_jar=jar, headers=headers))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        await self.session.close()

    async def get(self, path: str, **headers: str) -> Answer:
        """Look at a page."""
        return await self._ask("GET", path, headers=headers)

    async def post(
        self, path: str, fields: Mapping[str, str | Sequence[str]] | None = None,
        *, proof: str | None = None, headers: Mapping[str, str] | None = None,
    ) -> Answer:  # fmt: skip
        """Send a form, with the proof of the last page that had one, or another."""
        pairs = [("csrf", self.proof if proof is None else proof)]
        for name, value in (fields or {}).items():
            pairs += [(name, each) for each in ([value] if isinstance(value, str) else value)]
        return await self._ask("POST", path, data=pairs, headers=headers)

    async def send_file(
        self, path: str, fields: Mapping[str, str], files: Mapping[str, bytes]
    ) -> Answer:
        """Send a form with files."""
        form = aiohttp.FormData()
        for name, value in {"csrf": self.proof, **fields}.items():
            form.add_field(name, value)
        for name, data in files.items():
            form.add_field(name, data, filename="photo.jpg", content_type="image/jpeg")
        return await self._ask("POST", path, data=form)

    async def _ask(self, method: str, path: str, **options: Any) -> Answer:
        url = URL(path, encoded=True)
        async with self.session.request(method, url, allow_redirects=False, **options) as got:
            body = await got.read()
            text = body.decode("utf-8", "replace") if "text" in got.content_type else ""
            answer = Answer(got.status, text, dict(got.headers), body)
        found = re.search(r'name="csrf" value="([^"]+)"', text)
        self.proof = found[1] if found else self.proof
        return answer

    async def confirm(self, path: str, fields: Mapping[str, str], typed: str = "") -> str:
        """Send a form that asks before it acts, and say yes; gives where it leads then."""
        asked = await self.post(path, fields)
        assert asked.status == 200, asked.words
        answer = await self.post(path, {**fields, "sure": "yes", "typed": typed})
        assert answer.status == 303, answer.words
        return answer.goes

    async def join(self, code: str, name: str, passphrase: str = PASSPHRASE) -> Answer:
        """Take an invitation up."""
        await self.get(f"/join/{code}")
        return await self.post("/join", {"code": code, "name": name, "passphrase": passphrase})

    async def sign_in(self, name: str, passphrase: str = PASSPHRASE, code: str = "") -> Answer:
        """Sign in."""
        await self.get("/in")
        return await self.post("/in", {"name": name, "passphrase": passphrase, "code": code})

    @property
    def cookie(self) -> str:
        """The token of her browser."""
        found = self.session.cookie_jar.filter_cookies(URL(self.base)).get("p")
        return found.value if found else ""


@dataclass(slots=True)
class Pages:
    """A node and its pages; `person` makes visitors, `somebody` members of a role."""

    node: Node
    gate: Gate
    base: str
    clock: Clock
    people: list[Person]

    def person(self, **headers: str) -> Person:
        """A visitor."""
        one = Person.at(self.base, **headers)
        self.people.append(one)
        return one

    async def somebody(self, role: str, name: str = "") -> Person:
        """A member of a role who is signed in; `visitor` gives one who is not."""
        one = self.person()
        if role != "visitor":
            offer = await self.node.dispatch("member_invite", {"role": role})
            answer = await one.join(offer["code"], name or f"a {role}")
            assert answer.status == 303, answer.words
            await one.get("/me")
        return one


@asynccontextmanager
async def pages(home: Path, **settings: Any) -> AsyncIterator[Pages]:
    """A node with pages on loopback; `settings` are those of settings.toml, such as web_addresses.

    One node a folder, as `one_node` makes it.
    """
    clock = Clock()
    async with one_node(home, clock=clock) as node:
        port = free_port()
        node.settings = replace(node.settings, web_host=HERE, web_port=port, **settings)
        gate = Gate(node)
        runner = web.ServerRunner(web.Server(gate.answer, access_log=None))
        await runner.setup()
        await web.TCPSite(runner, HERE, port).start()
        found = Pages(node, gate, f"http://{HERE}:{port}", clock, [])
        try:
            yield found
        finally:
            for one in found.people:
                await one.session.close()
            await runner.cleanup()
