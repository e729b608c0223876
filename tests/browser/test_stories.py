"""A report's way, by those who take part in it: who reports, who reviews, who checks, who keeps."""

import io
from collections.abc import Callable

import pytest
from PIL import Image
from playwright.sync_api import FilePayload

from tests.browser.conftest import Pages, join
from tests.support.browser import Visitor

Visit = Callable[..., Visitor]
SCRIPT = pytest.mark.parametrize("script", [False, True], ids=["plain", "script"])


def _photo() -> FilePayload:
    out = io.BytesIO()
    Image.new("RGB", (900, 600), "teal").save(out, "JPEG")
    return {"name": "IMG_0001.jpg", "mimeType": "image/jpeg", "buffer": out.getvalue()}


def _send(one: Visitor, name: str, *consents: str, photo: bool = False) -> str:
    """Fill the form in as somebody would, send it, and take the six words down."""
    page = one.page
    one.go("/new")
    page.check("input[name=codes][value=weapon]")
    page.check("input[name=when][value=today]")
    page.fill("#f-name", name)
    page.fill("#f-text", "He had a knife in the glove box.")
    for consent in consents:
        page.check(f"input[name=consent][value={consent}]")
    if photo:
        page.set_input_files("#f-photo", files=[_photo()])
    one.press("button:text-is('Send')")
    assert one.path.startswith("/new/sent"), page.inner_text("main")
    words = page.inner_text("#words")
    assert len(words.split("-") if "-" in words else words.split()) == 6, "six words"
    one.press("text=I have the words")
    return words


def _checked(one: Visitor, text: str) -> str:
    one.go("/")
    one.page.fill("#q", text)
    one.press("main form button")
    return one.page.inner_text("main")


@SCRIPT
def test_a_report_becomes_an_alert_and_is_taken_back(
    sign_in: Visit, visit: Visit, site: Pages, script: bool
) -> None:
    name = f"Wolfram {'Stone' if script else 'Marsh'}"
    member = sign_in("member", script=script)
    words = _send(member, name, "members", photo=True)
    assert "No match\n" in _checked(member, name)
    reviewer = sign_in("reviewer", script=script, width=1280)
    reviewer.go("/desk?kind=report")
    reviewer.press("article a >> nth=0")
    reviewer.picture(f"story-draft-{script}")
    assert "He had a knife" in reviewer.page.inner_text("main")
    reviewer.press("button:text-is('Save and publish')")
    assert "published" in reviewer.page.inner_text("main"), reviewer.page.inner_text("main")
    assert name in _checked(member, name).split("Read as")[0]
    somebody = visit(site.base, script=script)
    somebody.go("/code")
    somebody.page.fill("#code", words)
    somebody.press("button:text-is('Open')")
    assert "in force" in somebody.page.inner_text("main")
    somebody.press("text=Take all of it back")
    somebody.press("main form button >> nth=0")
    assert "deleted" in somebody.page.inner_text("main")
    assert "No match\n" in _checked(member, name)


@SCRIPT
def test_what_was_half_written_is_there_again(
    sign_in: Visit, visit: Visit, site: Pages, script: bool
) -> None:
    one = visit(site.base, script=script)
    join(one, site.invitation("outreach"), f"half written {script}")
    one.go("/new")
    one.page.fill("#f-text", "Half of a sentence")
    one.press("text=Keep it for later")
    one.go("/new")
    one.press("text=Go on with it")
    assert one.page.input_value("#f-text") == "Half of a sentence"
    other = sign_in("member", script=script)
    other.go("/new")
    assert "Half of a sentence" not in other.page.content()


def test_the_script_keeps_what_is_written_while_the_line_breaks(visit: Visit, site: Pages) -> None:
    one = visit(site.base)
    join(one, site.invitation(), "a broken line")
    one.go("/new")
    with one.page.expect_response("**/new/keep"):
        one.page.locator("#f-text").press_sequentially("Kept by the script")
    one.context.set_offline(True)
    one.context.set_offline(False)
    one.go("/new")
    one.press("text=Go on with it")
    assert "Kept by the script" in one.page.content()


@SCRIPT
def test_an_outreach_worker_reports_for_somebody(sign_in: Visit, script: bool) -> None:
    one = sign_in("outreach", script=script)
    one.go("/new")
    one.page.check("input[name=basis][value=with_consent]")
    assert _send(one, "Somebody Else's")
    one.go("/desk")
    assert "for others of the organisation" in one.page.inner_text("main")


@SCRIPT
def test_a_visitor_reports_without_an_account(visit: Visit, site: Pages, script: bool) -> None:
    one = visit(site.base, script=script)
    one.go("/in")
    one.press("text=Report without an account")
    assert one.path == "/new"
    assert _send(one, "A Visitor's")


@SCRIPT
def test_a_keeper_invites_somebody_and_looks_after_the_node(
    sign_in: Visit, visit: Visit, site: Pages, script: bool
) -> None:
    one = sign_in("keeper", script=script, width=1280)
    one.go("/house/people")
    one.press("text=Invite somebody")
    one.press("main form button >> nth=0")
    code = one.page.inner_text("#code").strip()
    joined = visit(site.base, script=script)
    joined.go(f"/join/{code}")
    assert "You are invited" in joined.page.inner_text("main")
    for path in ("/house", "/house/peers", "/house/coverage", "/house/rules", "/house/backups"):
        assert one.go(path).status == 200, path
        one.picture(f"story{path.replace('/', '-')}")
