"""What members want to hear of, and their feeds: who reads, what stands in them, what goes."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from sqlalchemy import Connection, Select, select

from node.news import news_of, remember
from node.opening import begin_recovery
from node.store.members import remove_member
from node.store.news import subscription_at
from node.store.tables_news import subscriptions, told
from protocol.ids import parse_iso_date
from tests.support.one_node import NOW, befriend, published, received
from tests.support.pages import PASSPHRASE, Answer, Pages, Person, pages

ATOM = "{http://www.w3.org/2005/Atom}"
GONE = "{http://purl.org/atompub/tombstones/1.0}deleted-entry"
HOUR_US = 3_600_000_000


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Pages]:
    async with pages(tmp_path / "node") as found:
        yield found


async def address_of(one: Person, **choices: Any) -> str:
    """Her feed's address, without its kind."""
    await one.get("/me/news")
    if choices:
        assert (await one.post("/me/news", choices)).goes == "/me/news?done=saved"
        await one.get("/me/news")
    answer = await one.post("/me/news/address")
    (found, *_) = [word for word in answer.words.split() if word.endswith(".atom")]
    return found.partition(one.base)[2].removesuffix(".atom")


async def atom_of(one: Person, path: str) -> ET.Element:
    answer = await one.get(f"{path}.atom")
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("application/atom+xml")
    return ET.fromstring(answer.body)  # noqa: S314 - our own feed


async def json_of(one: Person, path: str) -> dict[str, Any]:
    answer = await one.get(f"{path}.json")
    assert answer.headers["Content-Type"].startswith("application/feed+json")
    found: dict[str, Any] = json.loads(answer.body)
    return found


def _rows(connection: Connection, query: Select[Any]) -> list[Any]:
    return list(connection.execute(query))


def ids(feed: ET.Element) -> list[str]:
    return [str(each.findtext(f"{ATOM}id")) for each in feed.iter(f"{ATOM}entry")]


async def test_a_feed_is_read_by_its_address_alone_and_says_no_identifier(site: Pages) -> None:
    alert = await published(
        site.node, codes="RB", phone="510 555 0123", name="Dave", plate="US:ABC123",
        text="<script>he took it</script>", city="Oakland", location_type="hotel", date="yesterday",
    )  # fmt: skip
    path = await address_of(await site.somebody("member"))
    reader = site.person()
    feed, other = await atom_of(reader, path), await json_of(reader, path)
    (entry,) = feed.iter(f"{ATOM}entry")
    assert feed.findtext(f"{ATOM}title") == other["title"] == "News"
    assert entry.findtext(f"{ATOM}title") == "dangerous · Oakland"
    assert entry.findtext(f"{ATOM}content") == "took things by force or threat, hotel"
    (item,) = other["items"]
    assert item["id"] == entry.findtext(f"{ATOM}id")
    assert other["version"] == "https://jsonfeed.org/version/1.1"
    for kind in ("atom", "json"):
        raw = (await reader.get(f"{path}.{kind}")).body.decode()
        for secret in ("0123", "***", "Dave", "ABC", "script", alert, "Riverside", "2026-01-20",
                       path.rpartition("/")[2]):  # fmt: skip
            assert secret not in raw


async def test_an_entry_leads_her_alone_to_the_alert(site: Pages) -> None:
    alert = await published(site.node, codes="RB")
    one, other = await site.somebody("member"), await site.somebody("member", "another")
    path = await address_of(one)
    (item,) = (await json_of(site.person(), path))["items"]
    link = item["url"].removeprefix(site.base)
    assert (await one.get(link)).goes == f"/list/{alert}"
    assert (await other.get(link)).status == 404
    assert (await site.person().get(link)).goes == "/in"


async def test_an_erased_withdrawn_or_hidden_alert_is_a_deleted_entry_without_content(
    site: Pages,
) -> None:
    peer = await befriend(site.node, "Harbour")
    erased = await published(site.node, codes="RB", city="Oakland")
    withdrawn = await published(site.node, codes="TH", city="Oakland")
    hidden = await received(site.node, peer)
    stays = await published(site.node, codes="WP")
    path = await address_of(await site.somebody("member"))
    reader = site.person()
    before = ids(await atom_of(reader, path))
    assert len(before) == 4
    await site.node.dispatch("alert_erase", {"alert": erased})
    await site.node.dispatch("alert_withdraw", {"alert": withdrawn, "reason": "a mistake"})
    await site.node.dispatch("verdict_set", {"alert": hidden, "hide": True})
    feed, other = await atom_of(reader, path), await json_of(reader, path)
    (kept,) = ids(feed)
    gone = {str(each.get("ref")) for each in feed.iter(GONE)}
    assert gone == set(before) - {kept}
    assert {each["ref"] for each in other["_deleted"]["entries"]} == gone
    assert all(each.get("when", "").endswith("Z") and not len(each) for each in feed.iter(GONE))
    raw = (await reader.get(f"{path}.atom")).body.decode()
    assert "Oakland" not in raw
    assert "mistake" not in raw
    assert (await site.node.dispatch("alert_show", {"alert": stays}))["status"] == "live"


async def test_an_alert_that_ends_is_a_deleted_entry(site: Pages) -> None:
    alert = await published(site.node, codes="RB")
    shown = await site.node.dispatch("alert_show", {"alert": alert})
    path = await address_of(await site.somebody("member"))
    reader = site.person()
    (name,) = ids(await atom_of(reader, path))
    site.clock.now = (parse_iso_date(shown["expires"]) + 1) * 24 * HOUR_US
    feed = await atom_of(reader, path)
    assert [each.get("ref") for each in feed.iter(GONE)] == [name]
    assert ids(feed) == []


async def test_what_members_may_not_see_is_in_no_feed(site: Pages) -> None:
    peer = await befriend(site.node, "Harbour")
    await received(site.node, peer, terms=["staff", False, False, False, False, []])
    hidden = await received(site.node, peer)
    await site.node.dispatch("verdict_set", {"alert": hidden, "hide": True})
    await site.node.dispatch("peer_mode", {"peer": "Harbour", "mode": "review"})
    await received(site.node, peer)
    path = await address_of(await site.somebody("keeper"))
    feed = await atom_of(site.person(), path)
    assert ids(feed) == []
    assert not list(feed.iter(GONE))


async def test_only_what_she_chose_is_in_her_feed(site: Pages) -> None:
    await published(site.node, codes="RB", city="Oakland", location_type="hotel")
    await published(site.node, codes="NP", city="Oakland", location_type="street")
    await published(site.node, codes="RB", city="Fresno", location_type="hotel")
    await published(site.node, codes="RB")
    reader = site.person()
    choices: list[tuple[dict[str, Any], int]] = [
        ({"severity": "3"}, 3), ({"places": "oakland\nFresno"}, 3), ({"places": "US-CA"}, 3),
        ({"codes": ["non_payment"]}, 1), ({"sectors": ["hotel"]}, 2), ({"severity": "4"}, 0),
        ({"severity": "3", "places": "Oakland", "sectors": "hotel", "codes": "robbery"}, 1),
    ]  # fmt: skip
    for number, (choice, count) in enumerate(choices):
        one = await site.somebody("member", f"member {number}")
        path = await address_of(one, **choice)
        assert len(ids(await atom_of(reader, path))) == count, choice


async def test_a_correction_changes_the_entry_and_keeps_its_id(site: Pages) -> None:
    alert = await published(site.node, codes="RB")
    path = await address_of(await site.somebody("member"))
    reader = site.person()
    before = await json_of(reader, path)
    site.clock.now += HOUR_US
    await site.node.dispatch("alert_correct", {"alert": alert, "fields": {"city": ["Oakland"]}})
    after = await json_of(reader, path)
    (old,), (new,) = before["items"], after["items"]
    assert (old["id"], old["date_published"]) == (new["id"], new["date_published"])
    assert new["date_modified"] > old["date_modified"]
    assert "corrected" in new["content_text"]


async def test_quiet_hours_hold_back_what_is_new_and_never_what_is_gone(site: Pages) -> None:
    old = await published(site.node, codes="RB")
    site.clock.now = NOW + 4 * HOUR_US  # 20:00 in California, where the organisation is
    path = await address_of(await site.somebody("member"), quiet_from="22", quiet_until="7")
    reader = site.person()
    assert len(ids(await atom_of(reader, path))) == 1
    site.clock.now += 3 * HOUR_US
    await published(site.node, codes="WP")
    await site.node.dispatch("alert_erase", {"alert": old})
    feed = await atom_of(reader, path)
    assert ids(feed) == []
    assert len(list(feed.iter(GONE))) == 1
    site.clock.now += 7 * HOUR_US
    assert ids(await atom_of(reader, path)) == []
    site.clock.now += 2 * HOUR_US
    assert len(ids(await atom_of(reader, path))) == 1


async def test_what_came_and_went_within_quiet_hours_was_never_told(site: Pages) -> None:
    path = await address_of(await site.somebody("member"), quiet_from="0", quiet_until="23")
    reader = site.person()
    alert = await published(site.node, codes="WP")
    assert ids(await atom_of(reader, path)) == []
    await site.node.dispatch("alert_erase", {"alert": alert})
    feed = await atom_of(reader, path)
    assert ids(feed) == []
    assert not list(feed.iter(GONE))
    assert await site.node.read(_rows, select(told)) == []


async def test_a_digest_has_one_entry_a_day_after_its_end(site: Pages) -> None:
    one, two = [await published(site.node, codes=code) for code in ("RB", "WP")]
    path = await address_of(await site.somebody("member"), pace="daily")
    reader = site.person()
    assert ids(await atom_of(reader, path)) == []
    site.clock.now = NOW + 9 * HOUR_US
    (item,) = (await json_of(reader, path))["items"]
    assert item["title"] == "2 on 2026-01-21"
    assert "weapon" in item["content_text"]
    await site.node.dispatch("alert_erase", {"alert": two})
    (item,) = (await json_of(reader, path))["items"]
    assert "weapon" not in item["content_text"]
    assert "Taken back since: 1" in item["content_text"]
    await site.node.dispatch("alert_erase", {"alert": one})
    feed = await json_of(reader, path)
    assert feed["items"] == []
    assert item["id"] in {each["ref"] for each in feed["_deleted"]["entries"]}


async def test_an_address_that_was_ended_or_replaced_leads_nowhere(site: Pages) -> None:
    one = await site.somebody("member")
    first = await address_of(one)
    second = await address_of(one)
    assert first not in (await one.get("/me/news")).text
    assert second not in (await one.get("/me/news")).text
    assert (await one.get(f"{first}.atom")).status == 404
    assert (await one.get(f"{second}.atom")).status == 200
    await one.get("/me/news")
    assert (await one.post("/me/news/stop")).status == 303
    answer: Answer = await one.get(f"{second}.json")
    assert (answer.status, answer.body) == (404, b"")
    assert (await one.get("/f/guess.atom")).status == 404


async def test_leaving_deletes_the_subscription_and_ends_the_feed(site: Pages) -> None:
    await published(site.node, codes="RB")
    await site.somebody("keeper")
    one = await site.somebody("member")
    path = await address_of(one, severity="3")
    await atom_of(one, path)
    await one.get("/me/leave")
    assert (await one.post("/me/leave", {"passphrase": PASSPHRASE})).goes == "/in?done=left"
    assert (await site.person().get(f"{path}.atom")).status == 404
    for query in (select(subscriptions), select(told)):
        assert await site.node.read(_rows, query) == []


def _tag(answer: Answer) -> str:
    (found,) = [value for name, value in answer.headers.items() if name.lower() == "etag"]
    return found


async def test_a_reader_that_has_it_gets_no_second_copy_and_nobody_keeps_one(site: Pages) -> None:
    await published(site.node, codes="RB")
    path = await address_of(await site.somebody("member"))
    reader = site.person()
    first = await reader.get(f"{path}.atom")
    assert first.headers["Cache-Control"] == "no-store"
    tag = _tag(first)
    again = await reader.get(f"{path}.atom", **{"If-None-Match": f'"other", {tag}'})
    assert (again.status, again.body) == (304, b"")
    assert _tag(again) == tag
    await published(site.node, codes="WP")
    assert (await reader.get(f"{path}.atom", **{"If-None-Match": tag})).status == 200


async def test_one_address_is_read_so_often_and_wrong_ones_do_not_count_for_it(
    site: Pages,
) -> None:
    path = await address_of(await site.somebody("member"))
    for number in range(70):
        await site.person().get(f"/f/{number}.atom")
    found = [(await site.person().get(f"{path}.atom")).status for _ in range(22)]
    assert found[:20] == [200] * 20
    assert found[-1] == 429


async def test_hostile_choices_are_dropped_or_refused(site: Pages) -> None:
    one = await site.somebody("member")
    await one.get("/me/news")
    for fields in (
        {"severity": "9", "codes": ["<b>"], "sectors": "../", "quiet_from": "99", "pace": "x"},
        {"places": "\x00\u202e", "quiet_until": "-1"},
    ):
        assert (await one.post("/me/news", fields)).status == 303
    answer = await one.post("/me/news", {"places": "x" * 81 + "\n<script>"})
    assert answer.status == 400
    assert "&lt;script&gt;" in answer.text
    assert (await one.get("/me/news")).status == 200


async def test_a_restored_node_knows_no_feed_of_before(site: Pages) -> None:
    path = await address_of(await site.somebody("member"), severity="3")
    reader = site.person()
    assert (await reader.get(f"{path}.atom")).status == 200
    await site.node.change(begin_recovery)
    assert (await reader.get(f"{path}.atom")).status == 404


async def test_two_readers_at_once_are_told_of_one_entry(site: Pages) -> None:
    path = await address_of(await site.somebody("member"))
    for code in ("RB", "WP", "TH"):
        await published(site.node, codes=code)
        found = await asyncio.gather(*(atom_of(site.person(), path) for _ in range(3)))
        assert len({tuple(ids(feed)) for feed in found}) == 1


async def test_nothing_is_remembered_for_who_left_while_her_feed_was_read(site: Pages) -> None:
    await published(site.node, codes="RB")
    node = site.node
    path = await address_of(await site.somebody("member"))
    wanted = await node.read(subscription_at, path.rpartition("/")[2])
    assert wanted is not None
    step = await node.read(news_of, node.context, wanted, "UTC")
    await node.change(remove_member, wanted.member)
    assert not await node.change(remember, wanted, step)
    assert await node.read(_rows, select(told)) == []


async def test_a_hostile_place_breaks_no_feed(site: Pages) -> None:
    peer = await befriend(site.node, "Harbour")
    city = "Oak\ufffe\x01\u202e<script>\uffff]]>\U0001fffe"
    await received(site.node, peer, **{"place.region": "US-CA", "place.city": city})
    path = await address_of(await site.somebody("member"))
    reader = site.person()
    (entry,) = (await atom_of(reader, path)).iter(f"{ATOM}entry")
    (item,) = (await json_of(reader, path))["items"]
    assert entry.findtext(f"{ATOM}title") == item["title"] == "risky · Oak<script>]]>"
