"""How two organisations meet: an invite of ours, one of theirs, or by somebody who knows both.

Nothing here makes anybody trusted: codes are compared on the page of the organisation.
"""

from typing import Any

from aiohttp import web

from node.errors import BadField, BadRequest, PeerTrouble
from node.web.confirming import Question, ask_first
from node.web.page import Page
from node.web.qr import qr_picture
from protocol.errors import ParasolError

TEXT_MOST = 200_000


async def ask(page: Page) -> web.Response:
    """The form for an invite of ours."""
    return page.show("house_meet.html", offer=None, qr="", wrong="", name="")


async def invite(page: Page) -> web.Response:
    """Make an invite for one organisation, and show it this once."""
    name = page.form.line("name")
    try:
        offer = await page.call("peer_invite", name=name)
    except (BadField, BadRequest):
        return page.show("house_meet.html", status=400, offer=None, qr="", wrong="name", name=name)
    return page.show(
        "house_meet.html", offer=offer, qr=qr_picture(offer["invite"].upper()), wrong="", name=name
    )


async def cancel(page: Page) -> web.Response:
    """Take an invite back, or clear an old one from the list."""
    await page.call("peer_cancel", invite=page.form.line("id"))
    return page.go("/house/peers", done="cancelled")


async def accept(page: Page) -> web.Response:
    """The form for an invite of theirs, or their reply to ours."""
    return page.show("house_accept.html", wrong="", text="", name="", met=None)


async def accepted(page: Page) -> web.Response:
    """Take it, and show where we stand: with a reply to send back where nobody can be called."""
    text, name = page.form.text("text", TEXT_MOST), page.form.line("name")
    try:
        met: dict[str, Any] = await page.call("peer_accept", text=text, name=name or None)
    except PeerTrouble:
        wrong = "reply"
    except ParasolError:
        wrong = "invite"
    else:
        if "reply" not in met and "trouble" not in met:
            return page.go(f"/house/peers/{met['peer']}", done="met")
        return page.show("house_accept.html", wrong="", text="", name="", met=met)
    return page.show("house_accept.html", status=400, wrong=wrong, text=text, name=name, met=None)


async def others(page: Page) -> web.Response:
    """Whether we may be introduced, and the button that asks who is."""
    return _others(page, None)


def _others(page: Page, found: dict[str, Any] | None) -> web.Response:
    return page.show("house_others.html", found=found, may=page.node.context.introduce_me)


async def ask_others(page: Page) -> web.Response:
    """Ask every trusted organisation whom it introduces."""
    return _others(page, await page.call("peer_introductions"))


async def about_us(page: Page) -> web.Response:
    """Say that we may be introduced, or no longer."""
    stop = page.form.line("introduce") == "no"
    title = page.tr("Be introduced no longer") if stop else page.tr("Be introduced")
    says = [
        page.tr("Nobody new learns of us. Who knows us already does.")
        if stop
        else page.tr("Others learn that there is an organisation of our name here, its address and"
                     " its code. Nothing else.")
    ]  # fmt: skip
    asked = ask_first(page, Question(title, says, title, "/house/meet/others"))
    if asked is not None:
        return asked
    await page.call("peer_introduce", me=True, stop=stop)
    return page.go("/house/meet/others", done="introduce")


async def meet(page: Page) -> web.Response:
    """Begin with somebody who was introduced; codes are still to be compared."""
    met = await page.call("peer_meet", org=page.form.line("org"))
    return page.go(f"/house/peers/{met['peer']}", done="met")
