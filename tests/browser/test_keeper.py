"""A keeper's day in a real browser, with and without script: nothing needs the command line."""

from collections.abc import Callable

import pytest

from tests.browser.conftest import PASSPHRASE, Pages, join
from tests.support.browser import Visitor
from tests.support.page_faults import assert_sound

LOOKS = [
    {"width": 320, "scheme": "light", "script": False},
    {"width": 320, "scheme": "dark", "script": True, "language": "ar"},
    {"width": 1280, "scheme": "light", "script": True},
]


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: f"{look['width']}-{look['scheme']}")
def test_a_keeper_invites_somebody_who_joins_and_is_removed(
    sign_in: Callable[..., Visitor],
    visit: Callable[..., Visitor],
    site: Pages,
    look: dict[str, object],
) -> None:
    one, name = sign_in("keeper", **look), f"Heron {look['width']} {look['scheme']}"
    one.go("/house/invite")
    one.press('form[action="/house/invite"] button')
    assert_sound(one)
    link = one.page.locator(".slip .code").first.inner_text().strip()
    assert one.page.locator(".slip img").count() == 1
    new = visit(site.base)
    join(new, link.removeprefix(site.base), name)
    one.go("/house/people")
    card = one.page.locator("article", has_text=name)
    card.locator("summary").click()
    card.locator('form[action="/house/people/remove"] button').click()
    assert_sound(one)
    one.page.fill("#typed", name)
    one.press("main form button")
    one.page.wait_for_url("**/house/people?done=removed")
    assert name not in one.page.inner_text("main")
    new.go("/me")
    assert new.path == "/in"


def test_a_keeper_carries_a_backup_away(sign_in: Callable[..., Visitor]) -> None:
    one = sign_in("keeper", script=False)
    one.go("/house/backups")
    one.page.fill("#passphrase", PASSPHRASE)
    with one.page.expect_download() as waiting:
        one.press('form[action="/house/backups"] button')
    file = waiting.value
    assert file.suggested_filename.startswith("copy-")
    assert file.path().read_bytes().startswith(b"PARASOL-BACKUP1")


def test_a_keeper_sees_what_a_change_of_rules_does_and_goes_back(
    sign_in: Callable[..., Visitor],
) -> None:
    one = sign_in("keeper", script=False)
    one.go("/house/rules/change")
    text = one.page.input_value("#text")
    one.page.fill("#text", text.replace('export_to = "trusted"', 'export_to = "nobody"'))
    one.press('form[action="/house/rules/check"] button')
    assert "Our alerts go to nobody." in one.page.inner_text("main")
    assert_sound(one)
    one.press('button[formaction="/house/rules/edit"]')
    assert one.page.input_value("#text").count('export_to = "nobody"') == 1
    one.go("/house/rules")
    assert "Our alerts go to all trusted peers." in one.page.inner_text("main")
