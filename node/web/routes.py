"""Every route of the pages in one table: its address, who may use it, and which view answers.

A test asserts each role at each route, and that nothing is served which is not here. Addresses are
neutral, because a browser remembers them: no word here says what the pages are about.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Final

from aiohttp import web

from node.settings import Settings
from node.web.limits import Rate
from node.web.roles import EVERYBODY, KEEPERS, MEMBERS, REVIEWERS, STAFF, VISITORS, Role

if TYPE_CHECKING:
    from node.web.page import Page

View = Callable[["Page"], Awaitable[web.StreamResponse]]
FORM_BYTES = 256 * 1024
PHOTOS_BYTES = 64 * 1024 * 1024  # four photos of any size: what is too large is not kept


@dataclass(frozen=True, slots=True)
class Route:
    """One method and address. `view` is module:function in `node.web.views`.

    `rate` limits each account at this route; `body` is how many bytes a form may have. `script`
    lets our own script enhance the page; all else is served with a policy that forbids scripts.
    `answers_late` marks a form that must be kept where the session ended meanwhile. `public` admits
    visitors too where the organisation takes reports from everybody (`public_reports`).
    """

    method: str
    path: str
    view: str
    roles: frozenset[Role]
    rate: Rate | None = None
    body: int = FORM_BYTES
    script: bool = False
    answers_late: bool = False
    public: bool = False

    def admits(self, role: Role, settings: Settings) -> bool:
        """Whether somebody of a role may use this; visitors also where reports are public."""
        return role in self.roles or (
            self.public and role is Role.VISITOR and settings.public_reports
        )

    @property
    def name(self) -> str:
        """The route's name: that of its view."""
        return self.view

    def load(self) -> View:
        """The view, imported when it is first asked for."""
        module, _, function = self.view.partition(":")
        found: View = getattr(import_module(f"node.web.views.{module}"), function)
        return found


ROUTES: Final = (
    # Coming and going
    Route("GET", "/in", "signing:ask", EVERYBODY, script=True),
    Route("POST", "/in", "signing:sign_in", EVERYBODY),
    Route("POST", "/done", "signing:sign_out", EVERYBODY),
    Route("GET", "/out", "leaving:quick_exit", EVERYBODY),
    Route("GET", "/measures", "leaving:harmless", EVERYBODY),
    Route("GET", "/join", "joining:ask", EVERYBODY),
    Route("GET", "/join/{code}", "joining:ask", EVERYBODY),
    Route("POST", "/join", "joining:join", EVERYBODY),
    Route("GET", "/languages", "language:choose", EVERYBODY),
    Route("POST", "/languages", "language:chosen", EVERYBODY),
    Route("GET", "/help", "help:show", EVERYBODY),
    Route("GET", "/s.js", "statics:script", EVERYBODY),
    Route("GET", "/robots.txt", "statics:robots", EVERYBODY),
    # Check
    Route("GET", "/", "check:front", EVERYBODY, script=True),
    Route("POST", "/look", "check:ask", MEMBERS, Rate(30, 4)),
    Route("GET", "/look", "check:found", MEMBERS, Rate(30, 4)),
    # Report
    Route("GET", "/new", "report:ask", MEMBERS, script=True, public=True),
    Route(
        "POST",
        "/new",
        "report:send",
        MEMBERS,
        Rate(40, 10),
        body=PHOTOS_BYTES,
        script=True,
        answers_late=True,
        public=True,
    ),
    Route("GET", "/new/sent", "report:sent", MEMBERS, script=True, public=True),
    Route("POST", "/new/sent", "report:written_down", MEMBERS, public=True),
    Route("POST", "/new/keep", "report:keep_for_later", MEMBERS, answers_late=True),
    Route("POST", "/new/drop", "report:throw_away", MEMBERS),
    # Receipt codes
    Route("GET", "/code", "code:ask", EVERYBODY),
    Route("POST", "/code", "code:opened", EVERYBODY),
    Route("POST", "/code/say", "code:say_more", EVERYBODY, Rate(20, 30)),
    Route("POST", "/code/consent", "code:allow", EVERYBODY, Rate(40, 10)),
    Route("GET", "/code/back", "code:sure", EVERYBODY),
    Route("POST", "/code/back", "code:take_back", EVERYBODY),
    Route("POST", "/code/close", "code:close", EVERYBODY),
    # Alerts
    Route("GET", "/list", "alerts:listed", MEMBERS, Rate(40, 2)),
    Route("GET", "/list/print", "printing:ask", STAFF),
    Route("POST", "/list/print", "printing:make", STAFF, Rate(20, 30)),
    Route("GET", "/list/print/crossed", "printing:crossed", STAFF),
    Route("GET", "/list/print/{sheet}", "printing:sheet", STAFF),
    Route("GET", "/figures", "figures:show", STAFF),
    Route("GET", "/list/{id}", "alerts:one", MEMBERS),
    Route("GET", "/list/{id}/judge", "alert_acts:judging", REVIEWERS),
    Route("POST", "/list/{id}/judge", "alert_acts:judge", REVIEWERS),
    Route("GET", "/list/{id}/change", "alert_acts:changing", REVIEWERS),
    Route("POST", "/list/{id}/change", "alert_acts:change", REVIEWERS),
    # Desk
    Route("GET", "/desk", "desk:queue", REVIEWERS),
    Route("GET", "/desk/words", "desk:words", REVIEWERS),
    Route("POST", "/desk/words", "desk:words_settle", REVIEWERS),
    Route("GET", "/desk/urgent", "desk:urgent", REVIEWERS),
    Route("POST", "/desk/urgent", "desk:urgent_confirm", REVIEWERS),
    Route("GET", "/desk/lists/{batch}", "desk:batch", REVIEWERS),
    Route("POST", "/desk/lists/{batch}", "desk:batch_publish", REVIEWERS),
    Route("GET", "/desk/others/{org}", "desk:others", REVIEWERS),
    Route("POST", "/desk/others/{org}", "desk:others_pass", REVIEWERS),
    Route("GET", "/desk/calls", "calls:show", REVIEWERS),
    Route("POST", "/desk/calls", "calls:note", REVIEWERS),
    Route("GET", "/desk/objections", "objections:show", REVIEWERS),
    Route("POST", "/desk/objections", "objections:take", REVIEWERS),
    Route("POST", "/desk/objections/answer", "objections:answer", REVIEWERS),
    Route("POST", "/desk/objections/close", "objections:close", REVIEWERS),
    Route("GET", "/desk/log", "log:show", REVIEWERS),
    Route("GET", "/desk/same", "same:show", REVIEWERS),
    Route("POST", "/desk/same", "same:decide", REVIEWERS),
    Route("GET", "/desk/{draft}", "draft:show", REVIEWERS),
    Route("POST", "/desk/{draft}", "draft:act", REVIEWERS),
    Route("POST", "/desk/{draft}/aside", "draft:refuse", REVIEWERS),
    Route("POST", "/desk/{draft}/ask", "draft:ask", REVIEWERS),
    Route("GET", "/desk/{draft}/photo/{number}", "photos:show", REVIEWERS),
    Route("GET", "/desk/{draft}/peers", "draft:peers", REVIEWERS),
    # The keeper's pages
    Route("GET", "/house", "keeper:front", KEEPERS),
    Route("POST", "/house", "keeper:look_deeper", KEEPERS, Rate(3, 60)),
    Route("GET", "/house/people", "people:show", KEEPERS),
    Route("POST", "/house/people/role", "people:change_role", KEEPERS),
    Route("POST", "/house/people/remove", "people:remove", KEEPERS),
    Route("GET", "/house/invite", "people:invitations", REVIEWERS),
    Route("POST", "/house/invite", "people:invite", REVIEWERS, Rate(30, 30)),
    Route("POST", "/house/invite/cancel", "people:cancel", REVIEWERS),
    Route("GET", "/house/peers", "house_peers:show", KEEPERS),
    Route("GET", "/house/peers/{id}", "house_peers:one", KEEPERS),
    Route("POST", "/house/peers/{id}/code", "house_peers:verify", KEEPERS, Rate(10, 30)),
    Route("POST", "/house/peers/{id}/step", "house_peers:move", KEEPERS),
    Route("POST", "/house/peers/{id}/mode", "house_peers:change_mode", KEEPERS),
    Route("POST", "/house/peers/{id}/compare", "house_peers:compare", KEEPERS, Rate(5, 20)),
    Route("POST", "/house/peers/{id}/introduce", "house_peers:introduce", KEEPERS),
    Route("POST", "/house/peers/{id}/distrust", "house_peers:distrust", KEEPERS),
    Route("POST", "/house/peers/{id}/believe", "house_peers:believe", KEEPERS),
    Route("GET", "/house/brake", "house_peers:brake", KEEPERS),
    Route("POST", "/house/brake", "house_peers:settle_brake", KEEPERS),
    Route("GET", "/house/meet", "house_meet:ask", KEEPERS),
    Route("POST", "/house/meet", "house_meet:invite", KEEPERS, Rate(20, 30)),
    Route("POST", "/house/meet/cancel", "house_meet:cancel", KEEPERS),
    Route("GET", "/house/meet/accept", "house_meet:accept", KEEPERS),
    Route("POST", "/house/meet/accept", "house_meet:accepted", KEEPERS, Rate(10, 20)),
    Route("GET", "/house/meet/others", "house_meet:others", KEEPERS),
    Route("POST", "/house/meet/others", "house_meet:ask_others", KEEPERS, Rate(5, 20)),
    Route("POST", "/house/meet/us", "house_meet:about_us", KEEPERS),
    Route("POST", "/house/meet/known", "house_meet:meet", KEEPERS, Rate(5, 20)),
    Route("GET", "/house/coverage", "house_coverage:show", KEEPERS),
    Route("GET", "/house/coverage/{id}", "house_coverage:alert", KEEPERS),
    Route("GET", "/house/rules", "house_rules:show", KEEPERS),
    Route("GET", "/house/rules/change", "house_rules:change", KEEPERS),
    Route("POST", "/house/rules/edit", "house_rules:edit_again", KEEPERS),
    Route("POST", "/house/rules/check", "house_rules:check", KEEPERS, Rate(10, 10)),
    Route("POST", "/house/rules/apply", "house_rules:apply", KEEPERS, Rate(10, 10)),
    Route("POST", "/house/rules/adopt", "house_rules:adopt", KEEPERS, Rate(10, 10)),
    Route("POST", "/house/rules/leave", "house_rules:leave", KEEPERS),
    Route("GET", "/house/preview", "house_rules:preview", KEEPERS),
    Route("GET", "/house/backups", "safekeeping:show", KEEPERS),
    Route("POST", "/house/backups", "safekeeping:back_up", KEEPERS, Rate(5, 120)),
    Route("POST", "/house/freeze", "safekeeping:freeze", KEEPERS),
    Route("POST", "/house/thaw", "safekeeping:thaw", KEEPERS),
    # What a member wants to hear of
    Route("GET", "/me/news", "subscriptions:show", MEMBERS),
    Route("POST", "/me/news", "subscriptions:save", MEMBERS),
    Route(
        "POST", "/me/news/address", "subscriptions:new_address", MEMBERS, Rate(5, 60), script=True
    ),
    Route("POST", "/me/news/stop", "subscriptions:end_address", MEMBERS),
    Route("GET", "/me/news/{entry}", "subscriptions:entry", MEMBERS),
    Route("GET", "/f/{token}.atom", "subscriptions:feed_atom", EVERYBODY),
    Route("GET", "/f/{token}.json", "subscriptions:feed_json", EVERYBODY),
    # My account
    Route("GET", "/me", "account:show", MEMBERS),
    Route("GET", "/me/start", "account:start", MEMBERS),
    Route("POST", "/me/passphrase", "account:change_passphrase", MEMBERS, Rate(5, 60)),
    Route("POST", "/me/sessions", "account:end_others", MEMBERS),
    Route("GET", "/me/codes", "second:show", MEMBERS),
    Route("POST", "/me/codes", "second:turn_on", MEMBERS, Rate(10, 30)),
    Route("POST", "/me/codes/off", "second:turn_off", MEMBERS, Rate(5, 60)),
    Route("GET", "/me/shield", "shield:show", MEMBERS),
    Route("POST", "/me/shield", "shield:add", MEMBERS, Rate(30, 10)),
    Route("POST", "/me/shield/off", "shield:remove", MEMBERS),
    Route("GET", "/me/leave", "account:sure", MEMBERS),
    Route("POST", "/me/leave", "account:leave", MEMBERS, Rate(5, 60)),
)
"""In the order of a person's way through."""

NOWHERE: Final = Route("GET", "/", "nowhere:nothing", frozenset())

_EXACT: Final = {(each.method, each.path): each for each in ROUTES if "{" not in each.path}
_SHAPED: Final = tuple(
    (each, re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]{1,200})", each.path)))
    for each in ROUTES
    if "{" in each.path
)


def find_route(method: str, path: str) -> tuple[Route, dict[str, str]]:
    """The route of a request, and the parts of its address that vary; NOWHERE for none."""
    asked = "GET" if method == "HEAD" else method
    exact = _EXACT.get((asked, path))
    if exact is not None:
        return exact, {}
    for route, shape in _SHAPED:
        found = shape.fullmatch(path) if route.method == asked else None
        if found is not None:
            return route, found.groupdict()
    return NOWHERE, {}


__all__ = ["EVERYBODY", "KEEPERS", "MEMBERS", "REVIEWERS", "ROUTES", "STAFF", "VISITORS", "Route"]
