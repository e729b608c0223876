"""Who uses the pages: members, their roles, and the invitations by which they join.

A keeper sees everybody. A reviewer invites members and outreach workers, and sees those
invitations; the service holds her to that. A code is shown once, in the answer to the form, and is
in no address.
"""

from typing import Any

from aiohttp import web

from node.errors import BadField, Refused
from node.membership import may_invite
from node.web.confirming import Question, ask_first
from node.web.page import Page
from node.web.qr import qr_picture
from node.web.roles import JOINING
from node.web.vocabulary_words import word

SHOWN = 20


async def show(page: Page) -> web.Response:
    """Everybody who may sign in, and open invitations."""
    found = await page.call("member_list")
    at = page.number("page")
    members = found["members"]
    return page.show(
        "house_people.html", members=members[at * SHOWN : (at + 1) * SHOWN], at=at,
        more=len(members) > (at + 1) * SHOWN, roles=JOINING,
    )  # fmt: skip


async def change_role(page: Page) -> web.Response:
    """Give a member another role, after asking."""
    name, role = page.form.line("name"), page.form.line("role")
    if role not in set(JOINING):
        raise BadField(page.tr("Choose a role."))
    question = Question(
        page.tr("Change a role"),
        [
            page.tr("%(name)s becomes: %(role)s.", name=name, role=_word(page, role)),
            page.tr("She is signed out everywhere and signs in again."),
        ],
        page.tr("Change it"),
        "/house/people",
    )
    asked = ask_first(page, question)
    if asked is not None:
        return asked
    await page.call("member_role", name=name, role=role, by=page.who.name)
    return page.go("/house/people", done="role")


async def remove(page: Page) -> web.Response:
    """Delete a member, after asking."""
    name = page.form.line("name")
    question = Question(
        page.tr("Remove somebody"),
        [
            page.tr(
                "%(name)s can sign in no more. What she was writing and what she wanted to hear of"
                " is deleted. Reports stay, without her name.",
                name=name,
            )
        ],
        page.tr("Remove"),
        "/house/people",
        typed=name,
    )
    asked = ask_first(page, question)
    if asked is not None:
        return asked
    await page.call("member_remove", name=name, by=page.who.name)
    return page.go("/house/people", done="removed")


async def invitations(page: Page) -> web.Response:
    """Whom this person may invite, and the open invitations of that kind."""
    return await _invitations(page)


async def _invitations(page: Page, wrong: str = "", status: int = 200) -> web.Response:
    mine = await page.node.read(may_invite, page.who.name)
    found = await page.call("member_list")
    return page.show(
        "house_invite.html", status=status, wrong=wrong, roles=[r for r in JOINING if r in mine],
        invitations=[each for each in found["invitations"] if each["role"] in mine],
        addresses=found["addresses"],
    )  # fmt: skip


async def invite(page: Page) -> web.Response:
    """Make an invitation, and show it this once: code, links, QR codes, and a slip to print."""
    try:
        offer: dict[str, Any] = await page.call(
            "member_invite", role=page.form.line("role"), by=page.who.name
        )
    except (BadField, Refused) as error:
        return await _invitations(page, str(error), 400)
    links = [{"link": link, "qr": qr_picture(link)} for link in offer["links"]]
    return page.show("house_invited.html", offer=offer, links=links)


async def cancel(page: Page) -> web.Response:
    """Take an invitation back."""
    await page.call("member_cancel", invitation=page.form.line("id"), by=page.who.name)
    return page.go("/house/invite", done="cancelled")


def _word(page: Page, role: str) -> str:
    return word(role, page.tr)
