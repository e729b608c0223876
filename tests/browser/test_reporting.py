"""A report on a phone: told, sent, opened again by its words; and half of one, kept."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from tests.browser.conftest import PASSPHRASE, Pages
from tests.support.browser import Visitor
from tests.support.page_faults import assert_sound

Visit = Callable[..., Visitor]
SCRIPT = pytest.mark.parametrize("script", [False, True], ids=["plain", "script"])
SEND = "form[action='/new'] > button:not([name])"


def tell(one: Visitor) -> None:
    """Open the form, also where something was begun before, and say the least that is needed."""
    one.go("/new")
    if one.page.query_selector("form[action='/new/drop']"):
        one.press("form[action='/new/drop'] button")
        one.go("/new")
    one.page.check("input[value=threat]")
    one.page.check("input[value=yesterday]")


@SCRIPT
def test_a_member_reports_puts_a_number_right_and_comes_back_with_the_words(
    sign_in: Visit, visit: Visit, site: Pages, tmp_path: Path, script: bool
) -> None:
    one = sign_in("member", script=script)
    tell(one)
    one.page.fill("#f-phone", "4471")
    one.page.fill("#f-text", "He shouted and would not leave.")
    one.page.check("input[value=members]")
    out = io.BytesIO()
    Image.radial_gradient("L").convert("RGB").save(out, "PNG")
    one.page.set_input_files(
        "#f-photo", {"name": "a.png", "mimeType": "image/png", "buffer": out.getvalue()}
    )
    one.press(SEND)
    assert "Nothing is lost" in one.page.inner_text("main")
    assert_sound(one)
    assert one.page.input_value("#f-text") == "He shouted and would not leave."
    assert "1 photo is attached" in one.page.inner_text("main")
    one.page.fill("#f-phone", "")
    one.press(SEND)
    assert one.path == "/new/sent"
    assert_sound(one)
    words = one.page.inner_text("#words")
    assert len(words.split("-")) == 6
    assert one.page.is_visible("[data-copy]") is script
    one.press("text=I have the words")
    one.back()
    assert words not in one.page.content()

    other = visit(site.base, script=script)
    other.go("/code")
    other.page.fill("#code", words)
    other.press("main button")
    assert "waits for the desk" in other.page.inner_text("main")
    assert_sound(other)
    other.press("text=Leave now")
    other.back()
    assert "waits for the desk" not in other.page.inner_text("main")


@SCRIPT
def test_half_a_report_is_kept_for_its_writer_and_for_nobody_else(
    sign_in: Visit, site: Pages, script: bool
) -> None:
    one = sign_in("member", script=script)
    tell(one)
    one.page.fill("#f-name", "Grey Bob")
    if script:
        with one.page.expect_response("**/new/keep") as kept:
            pass
        assert kept.value.status == 204
    else:
        one.press("text=Keep it for later")
    one.go("/")
    one.press("text=Sign out")
    for role in ("outreach", "member"):
        one.go("/in")
        one.page.fill("#name", site.names[role])
        one.page.fill("#passphrase", PASSPHRASE)
        one.press("main button")
        one.go("/new")
        begun = "You began a report" in one.page.inner_text("main")
        assert begun is (role == "member")
        if not begun:
            one.press("text=Sign out")
    assert_sound(one)
    one.press("text=Go on with it")
    assert one.page.input_value("#f-name") == "Grey Bob"
    assert one.page.is_checked("input[value=threat]")
    one.go("/new")
    one.press("text=Throw it away")
    assert "You began a report" not in one.page.inner_text("main")
