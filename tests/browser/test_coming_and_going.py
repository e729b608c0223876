"""Joining, checking, and leaving in a hurry, as somebody does it on a phone."""

from collections.abc import Callable

import pytest

from tests.browser.conftest import PASSPHRASE, Pages, join
from tests.support.browser import Visitor

Visit = Callable[..., Visitor]
SCRIPT = pytest.mark.parametrize("script", [False, True], ids=["plain", "script"])


@SCRIPT
def test_somebody_joins_checks_a_number_and_leaves_for_good(
    visit: Visit, site: Pages, script: bool
) -> None:
    one = visit(site.base, script=script)
    name = f"heron {script}"
    join(one, site.invitation(), name)
    one.press("text=Go on")
    one.page.fill("#q", "000 000 0000")
    one.press("main button")
    assert one.path == "/look"
    assert "No match is not proof of safety" in one.page.inner_text("main")
    one.go("/me")
    assert name in one.page.inner_text("main")
    one.press("text=Delete my account")
    one.page.fill("#passphrase", PASSPHRASE)
    one.press("main button")
    assert one.path == "/in?done=left"


@SCRIPT
def test_after_leaving_in_a_hurry_back_shows_no_alert(
    sign_in: Visit, site: Pages, script: bool
) -> None:
    site.node.publish("", "codes=weapon", "name=-", "region=US-CA", "date=2026-01-20",
                      stdin="Quick Exit Person\n")  # fmt: skip
    one = sign_in("member", script=script)
    one.page.fill("#q", "Quick Exit Person")
    one.press("main button")
    assert "Quick Exit Person" in one.page.inner_text("main section")
    one.press("text=Leave now")
    assert one.path == "/measures"
    for _ in range(3):
        one.back()
        assert "Quick Exit Person" not in one.page.content()
    assert "/in" in one.path


def test_shift_three_times_leaves_at_once(sign_in: Visit) -> None:
    one = sign_in("member")
    one.page.locator("#q").focus()
    for _ in range(3):
        one.page.keyboard.press("Shift")
    one.page.wait_for_url("**/measures")


def test_a_language_can_be_chosen_without_an_account(visit: Visit, site: Pages) -> None:
    one = visit(site.base)
    one.go("/languages")
    one.press("text=العربية")
    assert one.page.get_attribute("html", "dir") == "rtl"
    assert one.path == "/in"
