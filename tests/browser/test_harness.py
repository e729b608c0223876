"""The instruments that look at the pages see what is there: each finds a fault that was planted."""

import re
from collections.abc import Callable, Iterator

import pytest
from aiohttp import web

from tests.support.browser import Visitor
from tests.support.little_site import serving
from tests.support.page_faults import assert_sound, axe, layout
from tests.support.page_keyboard import assert_reachable, focus, stops
from tests.support.page_walk import walk
from tests.support.page_weight import assert_light, weigh

Visit = Callable[..., Visitor]
ELSEWHERE = "http://203.0.113.7/pixel.png"  # a range for documentation: nobody is there
BIG = 60_000
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' http: data:"
STYLE = """
body { color: #111; background: #fff; font: 16px/1.5 sans-serif; margin: 1rem }
a { color: #036 }
nav a, button, input { display: inline-block; box-sizing: border-box; min-height: 44px;
  min-width: 44px; font: inherit }
@media (prefers-color-scheme: dark) { body { color: #eee; background: #111 } a { color: #9cf } }
"""


def page(inside: str, **answer: str) -> web.Response:
    """A sound page around `inside`, under a policy that forbids script."""
    html = (
        "<!doctype html><html lang=en><meta charset=utf-8><title>Notes</title>"
        '<link rel=icon href="data:,"><meta name=viewport content="width=device-width">'
        f"<style>{STYLE}</style><main><h1>Notes</h1>{inside}</main></html>"
    )
    headers = {"Content-Security-Policy": POLICY} | answer
    return web.Response(text=html, content_type="text/html", headers=headers)


async def home(request: web.Request) -> web.Response:
    return page(
        "<nav><a href=/second?page=2#top>Second</a> <a href=/leave>Leave</a></nav>"
        "<form action=/found><label>Name <input name=name value=x></label>"
        "<button>Find</button></form>"
        "<form method=post action=/change><button>Change</button></form>"
        "<p>Read <a href=http://example.org/about>about it</a>.</p>"
    )


async def second(request: web.Request) -> web.Response:
    answer = page(
        f"<p>{'known' if request.cookies.get('__Host-seat') else 'new'} {request.query['page']}</p>"
        "<nav><a href=/>First</a> <a href=/planted>Planted</a> <a href=/list.csv>List</a></nav>"
    )
    answer.set_cookie("__Host-seat", "7", secure=True, httponly=True, samesite="Strict")
    return answer


async def found(request: web.Request) -> web.Response:
    return page(f"<p>{request.query['name']}</p>")


async def planted(request: web.Request) -> web.Response:
    return page(
        "<img src=/dot.svg><p style='color:#999;background:#fff'>faint</p>"
        "<p style='width:400px'>wide</p><p><button style='min-height:20px'>small</button></p>"
        "<script>document.title = 'script ran'</script>",
        **{"Content-Security-Policy": "default-src * data: 'unsafe-inline'"},
    )


async def hidden_focus(request: web.Request) -> web.Response:
    return page(
        "<nav><a href=/ style='outline:none'>Plain</a> <a id=under href=/>Under</a></nav>"
        "<div style='position:fixed;inset:0;background:#ddd'>over</div>"
    )


async def right_to_left(request: web.Request) -> web.Response:
    return page("<div dir=rtl><p id=wide style='width:400px'>wide</p></div>")


async def dot(request: web.Request) -> web.Response:
    return web.Response(
        text='<svg xmlns="http://www.w3.org/2000/svg"/>', content_type="image/svg+xml"
    )


async def big(request: web.Request) -> web.Response:
    return page(f"<img src=/dot.svg alt=dot><p>{'x' * BIG}</p>")


async def packed(request: web.Request) -> web.Response:
    answer = page(f"<p>{'x' * BIG}</p>")
    answer.enable_compression(web.ContentCoding.gzip)
    return answer


async def outside(request: web.Request) -> web.Response:
    return page(f"<img src={ELSEWHERE} alt=dot>")


async def sent_away(request: web.Request) -> web.Response:
    raise web.HTTPSeeOther("http://example.org/after")


async def forbidden(request: web.Request) -> web.Response:
    return page("<script>document.title = 'script ran'</script>")


async def file(request: web.Request) -> web.Response:
    headers = {"Content-Disposition": 'attachment; filename="list.csv"'}
    return web.Response(text="Name\n", content_type="text/csv", headers=headers)


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    pages = {
        "/": home, "/second": second, "/found": found, "/planted": planted, "/dot.svg": dot,
        "/big": big, "/packed": packed, "/outside": outside, "/sent-away": sent_away,
        "/forbidden": forbidden, "/leave": home, "/hidden-focus": hidden_focus,
        "/right-to-left": right_to_left, "/list.csv": file,
    }  # fmt: skip
    with serving(pages) as base:
        yield base


@pytest.mark.parametrize("script", [True, False])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_sound_page_has_no_fault(visit: Visit, site: str, scheme: str, *, script: bool) -> None:
    one = visit(site, scheme=scheme, script=script)
    one.go("/")
    assert_sound(one)


@pytest.mark.parametrize("script", [True, False])
def test_planted_faults_are_found_with_and_without_script(
    visit: Visit, site: str, *, script: bool
) -> None:
    one = visit(site, script=script)
    one.go("/planted")
    assert one.page.title() == ("script ran" if script else "Notes")
    rules = {fault.rule: fault for fault in axe(one)}
    assert {"image-alt", "color-contrast"} <= rules.keys()
    assert "img" in rules["image-alt"].where[0]
    assert {fault.rule for fault in layout(one)} == {"too-wide", "small-target"}
    with pytest.raises(
        AssertionError, match=re.compile("/planted.*image-alt.*too-wide", re.DOTALL)
    ):
        assert_sound(one)
    assert one.page.title() == ("script ran" if script else "Notes"), "inspecting ran her script"


def test_what_sticks_out_to_the_left_is_found_too(visit: Visit, site: str) -> None:
    one = visit(site, language="ar")
    one.go("/right-to-left")
    one.page.locator("html").evaluate("html => html.dir = 'rtl'")
    assert [(fault.rule, fault.where) for fault in layout(one)] == [("too-wide", ("p#wide",))]


@pytest.mark.parametrize("script", [True, False])
def test_the_keyboard_goes_through_a_page_in_order(
    visit: Visit, site: str, *, script: bool
) -> None:
    one = visit(site, script=script)
    one.go("/")
    order = [stop.words for stop in stops(one)]
    assert order == ["Second", "Leave", "x", "Find", "Change", "about it"]
    one.go("/")
    assert_reachable(one)


@pytest.mark.parametrize("script", [True, False])
def test_focus_that_cannot_be_seen_is_found(visit: Visit, site: str, *, script: bool) -> None:
    one = visit(site, script=script)
    one.go("/hidden-focus")
    rules = {fault.rule: fault.where for fault in focus(one)}
    assert rules == {"focus-covered": ("a Plain", "a#under Under"), "focus-unmarked": ("a Plain",)}


def test_a_page_is_weighed_as_it_comes_over_the_wire(visit: Visit, site: str) -> None:
    one = visit(site)
    weight = weigh(one, "/big")
    assert BIG < weight.html < BIG + 2_000
    assert weight.html < weight.wire < weight.html + 2_000
    assert weight.requests == 2
    again = weigh(one, "/big")
    assert again.requests == 2, "kept from the first time"


def test_a_compressed_page_is_weighed_compressed(visit: Visit, site: str) -> None:
    one = visit(site)
    weight = weigh(one, "/packed")
    assert 300 < weight.html < 1_500
    assert weight.requests == 1
    assert_light(one, "/packed", html=1_500, whole=3_000)


def test_a_page_over_its_budget_is_named_with_its_pieces(visit: Visit, site: str) -> None:
    one = visit(site)
    with pytest.raises(AssertionError, match=r"/big: 6\d{4} bytes of HTML, 14336 allowed"):
        assert_light(one, "/big", html=14_336, whole=51_200)
    with pytest.raises(AssertionError, match=r"(?s)allowed\n +6\d{4} http.*/dot\.svg"):
        assert_light(one, "/big", html=100_000, whole=51_200)


@pytest.mark.parametrize("script", [True, False])
def test_a_walk_finds_what_is_linked_with_its_session(
    visit: Visit, site: str, *, script: bool
) -> None:
    one = visit(site, script=script)
    walked = {}
    for each in walk(one, skip=lambda path: path == "/leave"):
        walked[each.path] = each
        if each.path == "/second?page=2":
            assert "new 2" in one.page.inner_text("main")
    assert list(walked) == ["/", "/second?page=2", "/found?name=x", "/planted", "/list.csv"]
    assert walked["/"].sends == ("/change",)
    assert walked["/"].away == ("http://example.org/about",)
    assert walked["/planted"].after == "/second?page=2"
    assert {each.status for each in walked.values()} == {200, 0}
    one.go("/second?page=3")
    assert "known 3" in one.page.inner_text("main")


def test_a_walk_tells_of_a_dead_link(visit: Visit, site: str) -> None:
    assert [each.status for each in walk(visit(site), "/nowhere")] == [404]


def test_a_picture_asked_of_elsewhere_fails_the_test(visit: Visit, site: str) -> None:
    one = visit(site)
    one.go("/outside")
    with pytest.raises(AssertionError, match=re.escape(ELSEWHERE)):
        one.leave()


def test_a_redirect_to_elsewhere_fails_the_test_and_goes_nowhere(visit: Visit, site: str) -> None:
    one = visit(site)
    with pytest.raises(Exception, match="ERR_NAME_NOT_RESOLVED"):
        one.go("/sent-away")
    with pytest.raises(AssertionError, match=r"example\.org/after"):
        one.leave()


def test_what_the_content_policy_forbids_fails_the_test(visit: Visit, site: str) -> None:
    one = visit(site)
    one.go("/forbidden")
    assert one.page.title() == "Notes"
    with pytest.raises(AssertionError, match="Executing inline script"):
        one.leave()


def test_a_picture_is_kept_under_the_name_of_its_device(visit: Visit, site: str) -> None:
    one = visit(site, width=1280, scheme="dark", language="ar", script=False)
    one.go("/second?page=1")
    kept = one.picture("harness")
    assert kept.name == "harness-1280-dark-ar.png"
    assert kept.read_bytes().startswith(b"\x89PNG")
    with one.inspecting() as page:
        seen = page.evaluate(
            "[innerWidth, navigator.language, matchMedia('(prefers-color-scheme: dark)').matches]"
        )
    assert seen == [1280, "ar", True]
    kept.unlink()
