"""What a member wants to hear of, and her feed: at a secret address, which she can change or end.

A feed is asked for by programs that do not sign in: whoever has the address may read. It is the
one page that is not behind a session, so it says as little as `node.web.feeds` says.
"""

import hashlib
from typing import Final

from aiohttp import web

from node.errors import BadField
from node.membership import page_addresses
from node.news import news_of, remember
from node.store.members import member_by_id
from node.store.news import (
    Subscription,
    give_address,
    subscribe,
    subscription_at,
    subscription_of,
    told_entry,
)
from node.typed import clean_line
from node.web.feeds import atom, feed_id, json_feed
from node.web.languages import words
from node.web.limits import Rate
from node.web.page import Page
from node.web.sessions import new_token
from node.web.views.alerts import PLACE_MOST, code_groups
from protocol.ids import text_id
from protocol.vocabulary import CODES, LOCATION_TYPES

PLACES_MOST: Final = 20
HOURS: Final = 24
READS: Final = Rate(20, 30)
TRIES: Final = 3  # where two readers of one feed ask at once
STRANGE: Final = Rate(60, 1)  # wrong addresses, all together


async def show(page: Page) -> web.Response:
    """What she wants to hear of."""
    return await _show(page, await page.node.read(subscription_of, page.who.id))


async def _show(
    page: Page, wanted: Subscription, wrong: str = "", status: int = 200, token: str = ""
) -> web.Response:
    feed = (await page.node.read(subscription_of, page.who.id)).feed
    bases = page_addresses(page.node.settings)
    return page.show(
        "news.html", status=status, wrong=wrong, wanted=wanted, groups=code_groups(),
        sectors=LOCATION_TYPES, hours=range(HOURS), has_feed=feed is not None,
        zone=page.node.settings.timezone,
        addresses=[f"{base}/f/{token}.{kind}" for base in bases for kind in ("atom", "json")]
        if token else [],
    )  # fmt: skip


async def save(page: Page) -> web.Response:
    """Remember what she chose."""
    form = page.form
    places = [clean_line(each) for each in form.text("places").replace(",", "\n").splitlines()]
    severity, hours = form.line("severity"), [form.line("quiet_from"), form.line("quiet_until")]
    quiet = [int(each) if each.isdecimal() and int(each) < HOURS else 0 for each in hours]
    wanted = Subscription(
        page.who.id,
        severity=int(severity) if severity in {"1", "2", "3", "4"} else 0,
        codes=frozenset(form.every("codes")) & CODES.keys(),
        places=tuple(dict.fromkeys(filter(None, places))),
        sectors=frozenset(form.every("sectors")) & frozenset(LOCATION_TYPES),
        quiet=(quiet[0], quiet[1]),
        daily=form.line("pace") == "daily",
    )
    too_long = any(len(each) > PLACE_MOST for each in wanted.places)
    if too_long or len(wanted.places) > PLACES_MOST:
        return await _show(page, wanted, "places", 400)
    await page.node.change(subscribe, wanted)
    return page.go("/me/news", done="saved")


async def new_address(page: Page) -> web.Response:
    """Give her feed a new address, shown this once."""
    if not page_addresses(page.node.settings):
        raise BadField("this node has no address for its pages")
    token = new_token(page.node)
    await page.node.change(give_address, page.who.id, token, page.now_us)
    wanted = await page.node.read(subscription_of, page.who.id)
    return await _show(page, wanted, token=token)


async def end_address(page: Page) -> web.Response:
    """End her feed: its address leads nowhere from now on."""
    await page.node.change(give_address, page.who.id, None, page.now_us)
    return page.go("/me/news", done="feed_off")


async def entry(page: Page) -> web.Response:
    """Go from an entry of her own feed to its alert."""
    rk = await page.node.read(told_entry, page.who.id, page.path["entry"])
    return page.show("nowhere.html", status=404) if rk is None else page.go(f"/list/{text_id(rk)}")


async def feed_atom(page: Page) -> web.Response:
    """A feed, as Atom."""
    return await _feed(page, "atom")


async def feed_json(page: Page) -> web.Response:
    """A feed, as JSON Feed."""
    return await _feed(page, "json")


async def _feed(page: Page, kind: str) -> web.Response:
    node, limits, now_s = page.node, page.gate.limits, page.now_us / 1_000_000
    wanted = await node.read(subscription_at, page.path["token"])
    member = None if wanted is None else await node.read(member_by_id, wanted.member)
    if wanted is None or wanted.feed is None or member is None:
        found = limits.may("feed", "", STRANGE, now_s)
        return web.Response(status=404 if found else 429)
    # By the hash: neither the address nor the member's name stands in the memory of who asked.
    if not limits.may("feed", wanted.feed.hex(), READS, now_s):
        return web.Response(status=429, headers={"Retry-After": str(int(READS.each_s))})
    zone = node.settings.timezone
    for _ in range(TRIES):
        step = await node.read(news_of, node.context, wanted, zone)
        if step.is_known or await node.change(remember, wanted, step):
            break
    else:
        return web.Response(status=503, headers={"Retry-After": "5"})
    news = step.news
    language = member.language or page.language
    catalogue = words(language)

    def tr(text: str, **values: object) -> str:
        said = catalogue.gettext(text)
        return said % values if values else said

    base = next(iter(page_addresses(node.settings)), "")
    if kind == "atom":
        id_ = feed_id(wanted.feed)
        body = atom(news, id_, wanted.feed_us, base, language, tr)
        media = "application/atom+xml"
    else:
        body = json_feed(news, base, language, tr)
        media = "application/feed+json"
    tag = hashlib.blake2b(body, digest_size=12).hexdigest()
    return page.send(body, media, ETag=f'W/"{tag}"')
