"""The one way into every page: host, session, role, proof, rate, view, headers.

What a view must not forget stands here. A view that fails answers with a page that says nothing of
what was typed; the log gets the error's type and place.
"""

import asyncio
import logging
import zlib
from collections.abc import Mapping
from contextlib import nullcontext
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from federation.door import Door
from node.control import place
from node.errors import NodeError, NotFound
from node.pictures import Darkroom
from node.runtime import Node
from node.web.csrf import csrf_holds, csrf_key
from node.web.form import FILES_MOST, TooBig, read_form
from node.web.languages import LANGUAGES, wanted
from node.web.limits import Limits
from node.web.page import Asked, Page
from node.web.passphrases import Passphrases
from node.web.remembered import Memory
from node.web.rendering import STYLE_HASH
from node.web.roles import Role
from node.web.room import MEMBERS_BYTES, VISITORS_BYTES, Lease, Room
from node.web.routes import NOWHERE, ROUTES, Route, find_route
from node.web.sessions import find_session, new_token, read_token, set_token
from protocol.errors import ParasolError

LANGUAGE_COOKIE: Final = "l"
BODY_S: Final = 120
SMALL: Final = 600  # bytes under which compressing costs more than it saves
PACKED: Final = frozenset({"application/octet-stream", "image/jpeg"})  # would only cost time
_log = logging.getLogger("parasol.web")

HEADERS: Final = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), browsing-topics=()",
    "Server": "",
}
KEPT_BY_304: Final = frozenset({*map(str.lower, HEADERS), "etag", "content-security-policy"})
_POLICY: Final = (
    f"default-src 'none'; style-src '{STYLE_HASH}'; img-src 'self' data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)


class Gate:
    """Answers every request of the pages of one node."""

    def __init__(self, node: Node, door: Door | None = None) -> None:
        """`door` is where requests come in, and bounds how many connections are kept."""
        self.node, self.door = node, door
        self.csrf = csrf_key(node.keystore.store_key)
        self.limits = Limits()
        self.room, self.visitors_room = Room(MEMBERS_BYTES), Room(VISITORS_BYTES)
        self.passphrases = Passphrases()
        self.routes: Mapping[str, Route] = {route.name: route for route in ROUTES}
        self.asked: dict[str, Asked] = {}  # by session: its last check, in memory only
        self.memory = Memory()
        self.darkroom = Darkroom()
        addresses = [urlsplit(each) for each in node.settings.web_addresses]
        self.hosts = {each.netloc.casefold() for each in addresses}
        self.secure_hosts = {e.netloc.casefold() for e in addresses if e.scheme == "https"}
        host, port = node.settings.web_host, node.settings.web_port
        if host is not None:
            shown = f"[{host}]" if ":" in host else host
            self.hosts |= {f"{each}:{port}" for each in (shown, "localhost")}

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request, whatever it is."""
        host = request.headers.get("Host", "").casefold()
        if host not in self.hosts:
            return _finish(request, web.Response(status=421), script=False)
        route, path = find_route(request.method, request.path)
        secure = host in self.secure_hosts
        token = read_token(request, secure=secure)
        page = await self._page(request, route, path, token)
        response = await self._guarded(request, page)
        if token is None or page.token != token:
            set_token(response, page.token, secure=secure)
        if secure:
            response.headers["Strict-Transport-Security"] = "max-age=31536000"
        return _finish(request, response, script=page.script)

    async def _guarded(self, request: web.BaseRequest, page: Page) -> web.StreamResponse:
        room = self.visitors_room if page.member is None else self.room
        try:
            with room.lease() as lease:
                return await self._checked(request, page, lease)
        except (ConnectionError, HttpProcessingError, TimeoutError):
            return web.Response(status=400)
        except ParasolError as error:
            return self._told(page, error)
        except Exception as error:  # noqa: BLE001 - the edge of a request
            # The message may hold what a person typed; the type and the place do not.
            name = page.route.name
            _log.error("%s failed: %s at %s", name, type(error).__name__, place(error))
            return page.show("trouble.html", status=500, code="internal", message="")

    async def _page(
        self, request: web.BaseRequest, route: Route, path: Mapping[str, str], token: str | None
    ) -> Page:
        found = None if token is None else await find_session(self.node, token)
        session, member = found or (None, None)
        chosen = request.cookies.get(LANGUAGE_COOKIE, "")
        own = member.language if member is not None else ""
        language = own or (
            chosen if chosen in LANGUAGES else wanted(request.headers.get("Accept-Language", ""))
        )
        return Page(
            self, route, path, request.query, token or new_token(self.node),
            language, member, session, script=route.script,
        )  # fmt: skip

    async def _checked(
        self, request: web.BaseRequest, page: Page, lease: Lease
    ) -> web.StreamResponse:
        route = page.route
        if route is NOWHERE:
            return page.show("nowhere.html", status=404)
        if route.method == "POST":
            if not _same_origin(request, self.hosts):
                return page.show("trouble.html", status=403, code="origin", message="")
            if self.door is not None:
                self.door.hear(request, BODY_S)
            async with asyncio.timeout(BODY_S):
                # whoever is not let in here may send words that must not be lost, but no files
                files = FILES_MOST if page.admitted else 0
                page.form = await read_form(request, route.body, lease, files)
        with nullcontext() if self.door is None else self.door.at_work(request):
            return await self._answered(page)

    async def _answered(self, page: Page) -> web.StreamResponse:
        """Answer a request that has come whole."""
        route = page.route
        if route.method == "POST":
            await self._look_again(page)
            proven = csrf_holds(self.csrf, page.token, page.form.raw("csrf"))
            if route.answers_late and not (proven and page.admitted):
                return await self._late(page)
            if not proven:
                return page.show("trouble.html", status=403, code="csrf", message="")
        if not page.admitted:
            if page.role is Role.VISITOR:
                return page.go("/in")
            return page.show("trouble.html", status=403, code="role", message="")
        if not self._may(page):
            return page.show("trouble.html", status=429, code="too_many", message="")
        return await route.load()(page)

    async def _look_again(self, page: Page) -> None:
        """Whether she is still signed in, in what role: a form can be minutes on its way."""
        if page.member is not None:
            found = await find_session(self.node, page.token)
            page.session, page.member = found or (None, None)

    async def _late(self, page: Page) -> web.StreamResponse:
        """Keep a form whose session ended while it was written, until its writer is back."""
        from node.web.views.parked import park_and_ask

        return await park_and_ask(page)

    def _may(self, page: Page) -> bool:
        key = page.token if page.member is None else page.member.id
        rate = page.route.rate
        now_s = page.now_us / 1_000_000
        return rate is None or self.limits.may(page.route.name, key, rate, now_s)

    def _told(self, page: Page, error: ParasolError) -> web.Response:
        status = 404 if isinstance(error, NotFound) else 413 if isinstance(error, TooBig) else 400
        message = str(error) if isinstance(error, NodeError) else ""
        return page.show("trouble.html", status=status, code=error.code, message=message)


def _same_origin(request: web.BaseRequest, hosts: set[str]) -> bool:
    """Whether a form comes from our own pages, as far as the browser says so.

    With our Referrer-Policy a browser sends `Origin: null` (Fetch, 3.1); the proof decides then.
    """
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    origin = request.headers.get("Origin", "null")
    try:
        host = urlsplit(origin).netloc.casefold()
    except ValueError:  # it is no address
        return False
    return site == "same-origin" and (origin == "null" or host in hosts)


def _finish(
    request: web.BaseRequest, response: web.StreamResponse, *, script: bool
) -> web.StreamResponse:
    policy = _POLICY + ("; script-src 'self'; connect-src 'self'" if script else "")
    for name, value in {**HEADERS, "Content-Security-Policy": policy}.items():
        response.headers.setdefault(name, value)
    tag = response.headers.get("ETag", "")
    if tag and tag in (
        each.strip() for each in request.headers.get("If-None-Match", "").split(",")
    ):
        same = web.Response(status=304)
        for name, value in response.headers.items():
            if name.lower() in KEPT_BY_304:
                same.headers.add(name, value)
        same.cookies.update(response.cookies)
        return same
    body = response.body if isinstance(response, web.Response) else None
    accepts = request.headers.get("Accept-Encoding", "")
    packs = "gzip" in accepts and response.content_type not in PACKED
    if isinstance(body, bytes) and len(body) > SMALL and packs:
        packed = zlib.compressobj(6, wbits=31)
        response.body = packed.compress(body) + packed.flush()  # type: ignore[attr-defined]
        response.headers["Content-Encoding"] = "gzip"
        response.headers["Vary"] = "Accept-Encoding"
    return response
