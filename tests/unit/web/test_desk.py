"""The desk: what waits, one draft from its report to an alert, lists, words of reporters."""

import base64
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Connection

from node.reporting import Told, take_report
from node.store.drafts import find_draft, save_draft
from tests.support.one_node import DAY_US, befriend
from tests.support.pages import Pages, Person, pages


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Pages]:
    async with pages(tmp_path / "node") as found:
        yield found


async def draft(site: Pages, **fields: str | Sequence[str]) -> str:
    form = {n.replace("__", "."): [v] if isinstance(v, str) else v for n, v in fields.items()}
    made = await site.node.dispatch("draft_new", {"fields": form})
    return str(made["id"])


async def shown(one: Person, identity: str) -> dict[str, str]:
    """The fields of the form of a draft, as a browser would send them unchanged."""
    text = (await one.get(f"/desk/{identity}")).text
    words = re.search(r'name="words" value="([0-9a-f]+)"', text)
    assert words
    return {"words": words[1]}


async def test_the_queue_shows_the_urgent_first_and_then_the_old(site: Pages) -> None:
    await draft(site, codes="NP", city="Oakland")
    site.clock.now += DAY_US
    await draft(site, codes="SA", city="Fresno")
    await draft(site, codes="raid", city="Salinas")
    one = await site.somebody("reviewer")
    words = (await one.get("/desk")).words
    assert words.index("Fresno") < words.index("Salinas") < words.index("Oakland")
    assert "Everything (3)" in words


async def test_the_queue_has_twenty_a_page_and_filters(site: Pages) -> None:
    for _ in range(21):
        await draft(site, codes="NP")
    one = await site.somebody("reviewer")
    first = await one.get("/desk")
    assert first.text.count("<article") == 20
    assert (await one.get("/desk?page=1")).text.count("<article") == 1
    assert "Nothing waits here" in (await one.get("/desk?kind=words")).words
    assert "Reports (21)" in (await one.get("/desk?kind=report")).words
    assert (await one.get("/desk?kind=%3Cscript%3E&page=999999")).status == 200


async def test_a_draft_is_published_as_it_is_shown(site: Pages) -> None:
    identity = await draft(site, codes="NP", phone="510 555 0123", city="Oakland")
    one = await site.somebody("reviewer", "Heron")
    fields = await shown(one, identity)
    answer = await one.post(f"/desk/{identity}", fields | {"then": "publish"})
    assert answer.goes == "/desk?done=published"
    listed = (await site.node.dispatch("alert_list", {}))["alerts"]
    assert len(listed) == 1
    acts = (await site.node.dispatch("audit", {}))["acts"]
    assert ("Heron", "published") in {(act["who"], act["what"]) for act in acts}
    assert "This draft is published" in (await one.get(f"/desk/{identity}")).words


async def test_only_what_was_changed_is_written_and_prompts_of_other_fields_stay(
    site: Pages,
) -> None:
    identity = await draft(site, codes="NP", text="call 510 555 0123", city="Oakland")
    one = await site.somebody("reviewer")
    page = await one.get(f"/desk/{identity}")
    assert "A number stands in the words" in page.words
    fields = await shown(one, identity)
    same = {"f.text": "call 510 555 0123", "lang.text": "en", "f.place.city": "Fresno"}
    answer = await one.post(f"/desk/{identity}", fields | same | {"then": "save"})
    assert answer.goes == f"/desk/{identity}?done=saved"
    kept = await site.node.dispatch("draft_show", {"id": identity})
    assert kept["fields"]["place.city"] == "Fresno"
    assert kept["fields"]["text"] == ["en", "call 510 555 0123"]
    assert kept["blocked_by"] == "number_in_text"


async def test_what_cannot_be_read_is_shown_again_with_all_that_was_typed(site: Pages) -> None:
    identity = await draft(site, codes="NP", city="Oakland")
    one = await site.somebody("reviewer")
    fields = await shown(one, identity)
    typed = {"f.phone": "not a number", "f.text": "<script>alert(1)</script> he left"}
    answer = await one.post(f"/desk/{identity}", fields | typed | {"then": "save"})
    assert answer.status == 400
    assert 'value="not a number"' in answer.text
    assert "&lt;script&gt;alert(1)" in answer.text
    assert "<script>" not in answer.text
    kept = await site.node.dispatch("draft_show", {"id": identity})
    assert "text" not in kept["fields"]


async def test_a_prompt_keeps_a_draft_until_somebody_says_that_the_words_may_stay(
    site: Pages,
) -> None:
    identity = await draft(site, codes="NP", text="he said Lena sent him", city="Oakland")
    one = await site.somebody("reviewer")
    fields = await shown(one, identity)
    answer = await one.post(f"/desk/{identity}", fields | {"then": "publish"})
    assert answer.status == 400
    assert "Look at each prompt" in answer.words
    answer = await one.post(f"/desk/{identity}", fields | {"then": "publish", "despite": "on"})
    assert answer.goes == "/desk?done=published"


async def test_new_words_with_a_number_are_saved_and_not_published(site: Pages) -> None:
    identity = await draft(site, codes="NP", city="Oakland")
    one = await site.somebody("reviewer")
    fields = await shown(one, identity) | {"f.text": "ring 510 555 0123", "despite": "on"}
    answer = await one.post(f"/desk/{identity}", fields | {"then": "publish"})
    assert answer.status == 400
    assert "something new to look at" in answer.words
    assert (await site.node.dispatch("alert_list", {}))["alerts"] == []


async def test_two_who_read_at_once_do_not_write_over_each_other(site: Pages) -> None:
    identity = await draft(site, codes="NP", city="Oakland")
    one, other = await site.somebody("reviewer"), await site.somebody("keeper")
    mine, hers = await shown(one, identity), await shown(other, identity)
    assert (await one.post(f"/desk/{identity}", mine | {"f.place.city": "Fresno"})).status == 303
    answer = await other.post(f"/desk/{identity}", hers | {"then": "publish", "f.name": "Tall Jim"})
    assert answer.status == 400
    assert "changed it meanwhile" in answer.words
    assert 'value="Tall Jim"' in answer.text


async def test_a_draft_is_put_aside_with_a_reason(site: Pages) -> None:
    identity = await draft(site, codes="NP")
    one = await site.somebody("reviewer", "Heron")
    await one.get(f"/desk/{identity}")
    assert (await one.post(f"/desk/{identity}/aside", {"reason": " "})).status == 400
    answer = await one.post(f"/desk/{identity}/aside", {"reason": "here already"})
    assert answer.goes == "/desk?done=refused"
    kept = await site.node.dispatch("draft_show", {"id": identity})
    assert (kept["state"], kept["reason"]) == ("refused", "here already")


async def test_a_no_of_the_reporter_leaves_nothing_to_publish(site: Pages) -> None:
    made = await site.node.dispatch(
        "draft_new", {"fields": {"codes": ["NP"]}, "consent": ["members=no"]}
    )
    one = await site.somebody("reviewer")
    page = await one.get(f"/desk/{made['id']}")
    assert "She said no" in page.words
    assert 'value="publish"' not in page.text
    fields = await shown(one, made["id"])
    answer = await one.post(f"/desk/{made['id']}", fields | {"then": "publish", "despite": "on"})
    assert answer.status == 400
    assert (await site.node.dispatch("alert_list", {}))["alerts"] == []


async def test_the_page_says_what_each_peer_would_see_and_why_not_more(site: Pages) -> None:
    await befriend(site.node, "Harbour")
    await befriend(site.node, "Delta")
    identity = await draft(site, codes="NP", name="Jim", city="Oakland", date="2026-01-20")
    one = await site.somebody("reviewer")
    page = await one.get(f"/desk/{identity}")
    assert "Harbour" in page.words
    assert "origin.date_precision=week" in page.words
    assert page.text.count('<details class="card"') == 1  # both see the same
    assert "Harbour" in (await one.get(f"/desk/{identity}/peers")).words


async def test_what_names_the_same_number_is_suggested_with_the_reason(site: Pages) -> None:
    first = await draft(site, codes="NP", phone="510 555 0123")
    done = await site.node.dispatch("draft_publish", {"ids": [first]})
    second = await draft(site, codes="TH", phone="+1 510 555 0123", name="Jim")
    third = await draft(site, codes="HG", name="jim")
    one = await site.somebody("reviewer")
    page = await one.get(f"/desk/{second}")
    assert done["published"][0][:8] in page.words
    assert "both have the same phone number" in page.words
    assert third in page.words
    assert "a weak sign" in page.words
    fields = await shown(one, second)
    answer = await one.post(
        f"/desk/{second}", fields | {"then": "publish", "together": done["published"][0]}
    )
    assert answer.goes == "/desk?done=published"
    clusters = (await site.node.dispatch("cluster_list", {}))["clusters"]
    assert [each["state"] for each in clusters] == ["confirmed"]


LIST = "phone,what,city\n510 555 0123,did not pay,Oakland\n510 555 0124,ring 510 555 0125,Fresno\n"


async def imported(site: Pages, text: str = LIST) -> None:
    content = base64.b64encode(text.encode()).decode()
    await site.node.dispatch("import_list", {"filename": "old list.csv", "content": content})


async def test_an_imported_list_stands_as_one_batch_and_its_clear_rows_go_together(
    site: Pages,
) -> None:
    await imported(site)
    one = await site.somebody("reviewer", "Heron")
    queue = await one.get("/desk")
    assert queue.text.count("<article") == 1
    assert "old list.csv" in queue.words
    link = queue.text.partition('href="/desk/lists/')[2].partition('"')[0]
    page = await one.get(f"/desk/lists/{link}")
    assert "old" not in link
    waits = len((await site.node.dispatch("draft_list", {}))["drafts"])
    answer = await one.post(f"/desk/lists/{link}", {"doubts": "1"})
    left = (await site.node.dispatch("draft_list", {}))["drafts"]
    alerts = (await site.node.dispatch("alert_list", {}))["alerts"]
    assert page.status == 200
    assert len(alerts) == waits - len(left) > 0
    assert all(any(doubt["blocking"] for doubt in each["doubts"]) for each in left)
    assert answer.status in {200, 303}


async def test_rows_with_small_doubts_go_only_where_somebody_asks_for_that(site: Pages) -> None:
    text = "phone,what,city\n510 555 0123,he locked the door and hit me,Oakland\n"
    text += "510 555 0124,non-payment,Oakland\n"
    await imported(site, text)
    drafts = (await site.node.dispatch("draft_list", {}))["drafts"]
    assert [len(each["doubts"]) > 0 for each in drafts] == [True, False]
    one = await site.somebody("reviewer", "Heron")
    link = (await one.get("/desk")).text.partition('href="/desk/lists/')[2].partition('"')[0]
    page = await one.get(f"/desk/lists/{link}?only=doubted")
    assert "Row 2" in page.words
    assert "Row 3" not in page.words
    await one.post(f"/desk/lists/{link}")
    assert len((await site.node.dispatch("alert_list", {}))["alerts"]) == 1
    await one.post(f"/desk/lists/{link}", {"doubts": "1"})
    assert len((await site.node.dispatch("alert_list", {}))["alerts"]) == 2


async def test_codes_that_were_guessed_stand_in_words(site: Pages) -> None:
    await imported(site, "phone,what,city\n510 555 0123,he locked the door and hit me,Oakland\n")
    found = (await site.node.dispatch("draft_list", {}))["drafts"][0]
    codes = found["doubts"][0]["guess"].split(", ")
    one = await site.somebody("reviewer", "Heron")
    told = (await one.get(f"/desk/{found['id']}")).words.partition("was guessed")[2][:200]
    assert codes
    assert not [each for each in codes if each in told]


async def test_an_unclear_answer_of_a_reporter_is_read_by_a_person(site: Pages) -> None:
    text = "phone,what,OK to share with other organisations?\n510 555 0123,non-payment,perhaps\n"
    await imported(site, text)
    found = (await site.node.dispatch("draft_list", {}))["drafts"][0]["id"]
    one = await site.somebody("reviewer", "Heron")
    assert "Her words say yes" in (await one.get(f"/desk/{found}")).words
    fields = await shown(one, found)
    sent = fields | {"then": "publish", "despite": "on"}
    assert "Say first what she answered" in (await one.post(f"/desk/{found}", sent)).words
    answer = await one.post(f"/desk/{found}", fields | {"consent": "no", "then": "publish"})
    assert answer.status == 400
    assert "She said no" in answer.words
    kept = await site.node.dispatch("draft_show", {"id": found})
    assert set(kept["consent"].values()) == {False}


async def test_words_of_a_reporter_are_taken_up_or_declined(site: Pages) -> None:
    made = await site.node.dispatch("draft_new", {"fields": {"codes": ["NP"]}, "receipt": True})
    await site.node.dispatch("receipt_add", {"code": made["receipt"], "text": "<b>he is back</b>"})
    one = await site.somebody("reviewer")
    assert "From a reporter" in (await one.get("/desk")).words
    page = await one.get("/desk/words")
    assert "&lt;b&gt;he is back" in page.text
    waiting = (await site.node.dispatch("receipt_updates", {}))["updates"]
    answer = await one.post("/desk/words", {"id": waiting[0]["id"], "do": "accept"})
    assert answer.goes == "/desk/words?done=taken"
    kept = await site.node.dispatch("draft_show", {"id": made["id"]})
    assert "<b>he is back</b>" in kept["report"].values()


async def test_a_reporter_is_asked_back(site: Pages) -> None:
    made = await site.node.dispatch("draft_new", {"fields": {"codes": ["NP"]}, "receipt": True})
    one = await site.somebody("reviewer")
    await one.get(f"/desk/{made['id']}")
    assert (await one.post(f"/desk/{made['id']}/ask", {"question": ""})).status == 400
    answer = await one.post(f"/desk/{made['id']}/ask", {"question": "Which car was it?"})
    assert answer.status == 303
    page = await one.get(f"/desk/{made['id']}")
    assert "Which car was it?" in page.words
    assert "not answered yet" in page.words


@pytest.mark.parametrize("role", ["visitor", "member", "outreach"])
async def test_nobody_else_sees_the_desk(site: Pages, role: str) -> None:
    identity = await draft(site, codes="NP", text="he shouted")
    one = await site.somebody(role)
    for path in ("/desk", f"/desk/{identity}", "/desk/words", "/desk/urgent"):
        answer = await one.get(path)
        assert answer.status == 403 or answer.goes == "/in"
        assert "shouted" not in answer.text


async def test_ids_that_name_nothing_are_not_found(site: Pages) -> None:
    one = await site.somebody("reviewer")
    for path in ("/desk/%00", "/desk/a", "/desk/" + "a" * 300, "/desk/lists/x", "/desk/others/zz"):
        assert (await one.get(path)).status == 404, path


async def test_a_draft_whose_fields_do_not_go_together_opens_all_the_same(site: Pages) -> None:
    await befriend(site.node, "Harbour")
    identity = await draft(site, codes="NP", city="Oakland")

    def spoil(connection: Connection) -> None:
        found = find_draft(connection, identity)
        save_draft(connection, replace(found, fields={"place.city": "Oakland"}))

    await site.node.change(spoil)
    one = await site.somebody("reviewer")
    assert "Something is missing" in (await one.get(f"/desk/{identity}")).words
    assert (await one.get(f"/desk/{identity}/peers")).goes == f"/desk/{identity}"


@pytest.mark.parametrize(
    "text",
    ["\x00he left", "\u202ehe left", "x" * 10_001, "</textarea><script>1</script>"],
)
async def test_what_nobody_can_see_or_trust_does_no_harm(site: Pages, text: str) -> None:
    identity = await draft(site, codes="NP", city="Oakland")
    one = await site.somebody("reviewer")
    fields = await shown(one, identity)
    answer = await one.post(f"/desk/{identity}", fields | {"f.text": text, "f.name": text})
    assert answer.status in {303, 400}
    page = await one.get(f"/desk/{identity}")
    assert page.status == 200
    for each in (answer.text, page.text):
        assert "<script>1" not in each
    kept = str((await site.node.dispatch("draft_show", {"id": identity}))["fields"])
    assert "\x00" not in kept
    assert "\u202e" not in kept


async def test_a_form_of_a_megabyte_is_refused(site: Pages) -> None:
    identity = await draft(site, codes="NP")
    one = await site.somebody("reviewer")
    fields = await shown(one, identity) | {"f.text": "x" * 1_000_000}
    assert (await one.post(f"/desk/{identity}", fields)).status == 413


async def test_what_was_told_in_private_stands_in_no_outgoing_field(site: Pages) -> None:
    told = Told({"codes": ["NP"]}, ["members"], {"text": "<img src=x> I live at 12 Mill Street"})
    taken = await take_report(site.node, told, receipt=False)
    assert taken is not None
    one = await site.somebody("reviewer")
    page = await one.get(f"/desk/{taken.draft.id}")
    assert "&lt;img src=x&gt; I live" in page.text
    fields = await shown(one, taken.draft.id)
    answer = await one.post(f"/desk/{taken.draft.id}", fields | {"then": "publish"})
    assert answer.goes == "/desk?done=published"
    alert = (await site.node.dispatch("alert_list", {}))["alerts"][0]["id"]
    seen = await site.node.dispatch("alert_show", {"alert": alert})
    assert "Mill Street" not in str(seen)
