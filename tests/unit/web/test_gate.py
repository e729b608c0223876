"""What every page has in common: roles, proofs, hosts, headers, limits."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from node.web.roles import Role
from node.web.routes import ROUTES, Route
from tests.support.pages import Pages, Person, pages

UNSHAPED = {"code": "aaaa-bbbb-cccc-dddd"}


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Pages]:
    async with pages(tmp_path / "node") as found:
        yield found


def _address(route: Route) -> str:
    parts = route.path.split("/")
    return "/".join(UNSHAPED.get(p[1:-1], "nothing") if p.startswith("{") else p for p in parts)


def _ends_the_session(route: Route) -> bool:
    return route.path in {"/out", "/done"}


@pytest.mark.parametrize("role", list(Role))
async def test_each_route_admits_the_roles_of_the_table_and_no_other(
    site: Pages, role: Role
) -> None:
    one = await site.somebody(role)
    await one.get("/in" if role is Role.VISITOR else "/me")
    wrong = []
    for route in sorted(ROUTES, key=_ends_the_session):
        if role is not Role.VISITOR:
            assert one.cookie
        answer = await (one.get if route.method == "GET" else one.post)(_address(route))
        refused = answer.status == 403 or (answer.status == 303 and answer.goes == "/in")
        admitted = role in route.roles
        if role is Role.VISITOR and route.path in {"/", "/in"}:
            continue  # the first page sends visitors to sign in; signing in with nothing is refused
        if answer.status >= 500 or refused == admitted:
            wrong.append((route.method, route.path, answer.status, answer.goes))
        if _ends_the_session(route) and role is not Role.VISITOR:
            await one.sign_in(f"a {role}")
            await one.get("/me")
    assert wrong == []


async def test_nothing_is_changed_without_the_proof_of_this_browser(site: Pages) -> None:
    one, other = await site.somebody("keeper"), await site.somebody("member")
    for route in ROUTES:
        if route.method == "POST":
            for proof in ("", "AAAA", other.proof, one.proof[:-4]):
                answer = await one.post(_address(route), proof=proof)
                assert answer.status in {403, 303}, route.path
                assert answer.status == 403 or route.answers_late, route.path


@pytest.mark.parametrize("change", ["member_remove", "member_role"])
async def test_a_form_that_is_still_being_sent_when_its_session_ends_does_nothing(
    site: Pages, change: str
) -> None:
    await site.somebody("keeper", "Egret")
    one = await site.somebody("keeper", "Heron")
    host, port = site.base.removeprefix("http://").split(":")
    back, out = await asyncio.open_connection(host, int(port))
    body = f"csrf={one.proof}&role=keeper".encode()
    out.write(
        f"POST /house/invite HTTP/1.1\r\nHost: {host}:{port}\r\nCookie: p={one.cookie}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()
        + body[:-1]
    )
    await out.drain()
    await asyncio.sleep(0.3)
    fields = {"name": "Heron"} | ({"role": "member"} if change == "member_role" else {})
    await site.node.dispatch(change, fields)
    out.write(body[-1:])
    answer = (await back.read()).decode()
    out.close()
    assert answer.startswith("HTTP/1.1 303")
    assert "Location: /in\r\n" in answer
    left = (await site.node.dispatch("member_list", {}))["invitations"]
    assert [each["by"] for each in left] == ["parasol init"]


async def test_a_form_of_another_site_is_refused(site: Pages) -> None:
    one = await site.somebody("member")
    for header in ({"Origin": "https://example.org"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = await one.post("/me/sessions", headers=header)
        assert answer.status == 403
    assert (await one.post("/me/sessions", headers={"Sec-Fetch-Site": "same-origin"})).status == 303


@pytest.mark.parametrize("origin", ["http://[", "http://[::1", "//", "\u00ff", "http://x]/"])
async def test_an_origin_that_is_no_address_is_another_site(site: Pages, origin: str) -> None:
    one = await site.somebody("member")
    assert (await one.post("/me/sessions", headers={"Origin": origin})).status == 403


async def test_a_number_of_a_page_may_have_any_length(site: Pages) -> None:
    one = await site.somebody("keeper")
    for path in ("/list", "/desk", "/desk/log", "/house/people"):
        assert (await one.get(f"{path}?page={'9' * 5000}")).status == 200


async def test_a_body_that_is_not_packed_as_it_says_is_no_form(site: Pages) -> None:
    one = await site.somebody("member")
    kind = {"Content-Type": "application/x-www-form-urlencoded", "Content-Encoding": "gzip"}
    async with one.session.post("/look", data=b"xxxxx", headers=kind) as answer:
        assert answer.status == 400


async def test_a_host_that_is_not_ours_gets_nothing(site: Pages) -> None:
    for host in ("example.org", "127.0.0.1", "127.0.0.1:1", ""):
        answer = await site.person().get("/in", Host=host)
        assert (answer.status, answer.body) == (421, b"")


async def test_every_answer_has_the_headers(site: Pages) -> None:
    one = await site.somebody("member")
    for path in ("/in", "/", "/me", "/nowhere", "/out", "/robots.txt", "/me/codes"):
        headers = (await one.get(path)).headers
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["X-Robots-Tag"].startswith("noindex")
        assert headers["Cache-Control"] == "no-store"
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert not headers.get("Server")


async def test_methods_that_no_route_names_are_refused(site: Pages) -> None:
    one = await site.somebody("member")
    for method in ("PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"):
        async with one.session.request(method, "/me") as answer:
            assert answer.status == 404


async def test_a_secure_address_gets_a_cookie_for_it_alone(tmp_path: Path) -> None:
    async with pages(tmp_path / "node", web_addresses=("https://example.org",)) as site:
        answer = await site.person().get("/in", Host="example.org")
        assert answer.headers["Set-Cookie"].startswith("__Host-p=")
        assert "Secure" in answer.headers["Set-Cookie"]
        assert "max-age" in answer.headers["Strict-Transport-Security"]


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff\xfe", b"csrf=%00%ff", b"a=1&" * 1000, b"x" * 300_000, b"csrf"],
)
async def test_any_body_is_refused_without_trouble(site: Pages, body: bytes) -> None:
    one = await site.somebody("member")
    for kind in ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain",
                 "multipart/form-data; boundary=x"):  # fmt: skip
        async with one.session.post("/look", data=body, headers={"Content-Type": kind}) as answer:
            assert answer.status in {400, 403, 413}
    assert (await one.get("/me")).status == 200


async def test_unknown_and_known_names_take_as_long_to_sign_in(site: Pages) -> None:
    await site.somebody("member", "Heron")
    one = site.person()
    spent: dict[str, list[float]] = {"Heron": [], "Nobody": []}
    await one.sign_in("Nobody", "wrong")
    for _ in range(6):
        for name, times in spent.items():
            await one.get("/in")
            began = asyncio.get_running_loop().time()
            await one.post("/in", {"name": name, "passphrase": "wrong"})
            times.append(asyncio.get_running_loop().time() - began)
    known, unknown = (min(times) for times in spent.values())
    assert abs(known - unknown) < 0.5 * max(known, unknown)


async def test_what_was_asked_is_in_no_address_and_on_the_next_page(site: Pages) -> None:
    one: Person = await site.somebody("member")
    await one.get("/")
    answer = await one.post("/look", {"q": "555 0199"})
    assert answer.goes == "/look"
    assert "No match is not proof of safety" in (await one.get("/look")).words
    other = await site.somebody("member", "another")
    assert (await other.get("/look")).goes == "/"
