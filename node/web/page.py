"""One request as a view sees it: who asks, in what language, with what form, and how to answer.

Views return what `show`, `go` or `send` make; headers, sessions and proofs are the gate's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from aiohttp import web

from node.runtime import Node
from node.store.members import Member, Session
from node.web.csrf import MASK_BYTES, csrf_proof
from node.web.form import Form
from node.web.languages import words
from node.web.notices import NOTICES
from node.web.rendering import render
from node.web.roles import Role

if TYPE_CHECKING:
    from node.web.gate import Gate
    from node.web.routes import Route


_NUMBER_MOST = 100_000
_NUMBER_DIGITS = 6  # of the most


@dataclass(frozen=True, slots=True)
class Asked:
    """The last question that one browser put to the check."""

    text: str = field(repr=False)
    at_us: int


@dataclass(slots=True)
class Page:
    """What a view is given. `token` is the cookie's; `member` is None for a visitor."""

    gate: "Gate"
    route: "Route"
    path: Mapping[str, str]
    query: Mapping[str, str]
    token: str = field(repr=False)
    language: str
    member: Member | None = None
    session: Session | None = None
    form: Form = field(default_factory=Form)
    script: bool = False

    @property
    def node(self) -> Node:
        """The node that serves this page."""
        return self.gate.node

    @property
    def browser(self) -> str:
        """What the memory of the pages knows this browser by: another once its session ended."""
        return self.token if self.session is None else f"{self.token} {self.session.id}"

    @property
    def now_us(self) -> int:
        """Microseconds since 1970."""
        return self.node.context.now_us()

    @property
    def role(self) -> Role:
        """What the person is here for."""
        return Role.VISITOR if self.member is None else Role(self.member.role)

    @property
    def admitted(self) -> bool:
        """Whether this person may use the route that she asked for."""
        return self.route.admits(self.role, self.node.settings)

    @property
    def who(self) -> Member:
        """The member who asks; a route that admits visitors must not use it."""
        if self.member is None:
            raise LookupError("a page for members was given to a visitor")
        return self.member

    @property
    def viewer(self) -> str:
        """How this person sees alerts: as staff, or as a member does."""
        return "staff" if self.role in {Role.REVIEWER, Role.KEEPER} else "members"

    def tr(self, text: str, **values: object) -> str:
        """A sentence in the person's language; `values` fill %(name)s in it."""
        found = words(self.language).gettext(text)
        return found % values if values else found

    def number(self, name: str) -> int:
        """A whole number from the address, 0 where there is none: for pages of a list."""
        text = self.query.get(name, "")
        if not (text.isascii() and text.isdigit()):
            return 0
        return int(text) if len(text) < _NUMBER_DIGITS else _NUMBER_MOST

    def may(self, name: str) -> bool:
        """Whether this person may use the route of a name: for links that would lead nowhere."""
        return self.gate.routes[name].admits(self.role, self.node.settings)

    async def call(self, command: str, **args: Any) -> dict[str, Any]:
        """Run one of the node's commands, the same as the command line runs."""
        return await self.node.dispatch(command, args)

    def show(self, template: str, /, *, status: int = 200, **values: Any) -> web.Response:
        """Answer with a page."""
        proof = csrf_proof(self.gate.csrf, self.token, self.node.context.random(MASK_BYTES))
        said = NOTICES.get(self.query.get("done", ""), "")
        html = render(template, self.language, page=self, csrf=proof, said=said, **values)
        return web.Response(text=html, status=status, content_type="text/html")

    def go(self, path: str, **query: str) -> web.Response:
        """Answer with another page to look at, so that reloading does nothing twice."""
        where = f"{path}?{urlencode(query)}" if query else path
        return web.Response(status=303, headers={"Location": where})

    def send(self, body: bytes, kind: str, **headers: str) -> web.Response:
        """Answer with something that is not a page; `kind` is its media type."""
        return web.Response(body=body, content_type=kind, headers=headers)
