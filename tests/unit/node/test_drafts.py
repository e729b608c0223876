"""Drafts: how they are written and edited, and what may be published."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from node.errors import BadField, BadRequest, NotFound
from node.runtime import Node
from protocol.errors import ParasolError
from tests.support.one_node import befriend, one_node, published


async def draft(node: Node, **fields: str | list[str]) -> str:
    form = {n.replace("__", "."): [v] if isinstance(v, str) else v for n, v in fields.items()}
    made = await node.dispatch("draft_new", {"fields": form})
    identity: str = made["id"]
    return identity


async def publish(node: Node, *ids: str, **more: Any) -> dict[str, Any]:
    return await node.dispatch("draft_publish", {"ids": list(ids), **more})


async def show(node: Node, identity: str) -> dict[str, Any]:
    return await node.dispatch("draft_show", {"id": identity})


async def test_a_draft_by_hand_is_published_as_a_live_alert(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        identity = await draft(node, codes="NP", phone="510 555 0123", city="Oakland")
        result = await publish(node, identity)
        assert result == {"published": result["published"], "refused": []}
        alert = await node.dispatch("alert_show", {"alert": result["published"][0]})
        assert (alert["status"], alert["signature"]) == ("live", "verified")
        assert alert["fields"]["phone"] == ["+15105550123"]
        assert alert["fields"]["place.region"] == "US-CA"
        assert (await show(node, identity))["alert"] == alert["id"]


async def test_publishing_grants_members_and_peers_and_nothing_more(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node", preset="decriminalised") as node:
        alert = await published(node)
        shown = await node.dispatch("alert_show", {"alert": alert})
        assert shown["fields"]["terms"] == ["members", False, False, False, False, []]


async def test_a_draft_is_published_once(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        identity = await draft(node, codes="NP")
        await publish(node, identity)
        again = await publish(node, identity)
        assert again == {
            "published": [],
            "refused": [{"id": identity, "reason": "already_published"}],
        }
        assert len((await node.dispatch("alert_list", {}))["alerts"]) == 1


async def test_two_calls_at_once_publish_a_draft_once(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        identity = await draft(node, codes="NP")
        results = await asyncio.gather(publish(node, identity), publish(node, identity))
        assert sum(len(result["published"]) for result in results) == 1
        assert len((await node.dispatch("alert_list", {}))["alerts"]) == 1


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"text": "He left without paying."}, "no_code"),
        ({"codes": "NP", "text": "He called from 07700 900123."}, "number_in_text"),
        ({"codes": "NP", "text": "He wrote from user@example.com."}, "email_in_text"),
        ({"codes": "NP", "text": "She said that Maria knows him."}, "name_in_text"),
        ({"codes": "NP", "race": "asian"}, "race_alone"),
    ],
)
async def test_a_draft_with_a_blocking_doubt_is_refused_with_its_code(
    tmp_path: Path, fields: dict[str, str], reason: str
) -> None:
    async with one_node(tmp_path / "node") as node:
        identity = await draft(node, **fields)
        for asked in ({"ids": [identity]}, {"all": True}):
            result = await node.dispatch("draft_publish", asked)
            assert result["published"] == []
            assert reason in result["refused"][0]["reason"]
        assert reason in (await show(node, identity))["blocked_by"]


async def test_a_keeper_who_has_looked_may_publish_despite_a_doubt(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        named = await draft(node, codes="NP", text="She said that Maria knows him.")
        bare = await draft(node, phone="510 555 0123")
        result = await publish(node, named, bare, despite=True)
        assert len(result["published"]) == 1
        assert result["refused"] == [{"id": bare, "reason": "no_code"}]


async def test_an_edit_cures_a_doubt_and_may_bring_another(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        identity = await draft(node, codes="NP", text="Call me: 510 555 0123.")
        await node.dispatch(
            "draft_edit", {"id": identity, "fields": {"text": ["Write user@example.com."]}}
        )
        assert (await show(node, identity))["blocked_by"] == "email_in_text"
        await node.dispatch("draft_edit", {"id": identity, "fields": {"text": [""]}})
        shown = await show(node, identity)
        assert (shown["blocked_by"], shown["doubts"]) == ("", [])
        assert "text" not in shown["fields"]


async def test_one_bad_draft_does_not_stop_the_others(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        good = [await draft(node, codes="NP", phone=f"510 555 01{n:02}") for n in range(5)]
        bad = await draft(node, text="no code")
        result = await publish(node, *good[:3], bad, "unknownid", *good[3:])
        assert len(result["published"]) == 5
        assert {row["id"]: row["reason"] for row in result["refused"]} == {
            bad: "no_code",
            "unknownid": "not_found",
        }


async def test_what_the_policy_does_not_keep_is_refused_by_its_rule(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node", preset="gdpr") as node:
        result = await publish(node, await draft(node, codes="NS"))
        assert "origin.retention_days.1=0" in result["refused"][0]["reason"]


async def test_a_policy_of_two_reviewers_is_said_in_a_note(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node", preset="gdpr") as node:
        result = await publish(node, await draft(node, codes="VI"))
        assert "2 reviewers" in result["notes"][0]


async def test_a_dry_run_publishes_nothing(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        identity = await draft(node, codes="NP")
        result = await publish(node, identity, dry_run=True)
        assert result["published"] == [identity]
        assert (await node.dispatch("alert_list", {}))["alerts"] == []
        assert (await show(node, identity))["state"] == "open"


async def test_peers_with_news_are_woken(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        await befriend(node, "Harbour")
        woken: list[set[int]] = []
        node.on_news = woken.append
        await published(node)
        assert woken == [{1}]


async def test_a_refused_draft_is_not_listed_or_published(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        identity = await draft(node, codes="NP")
        await node.dispatch("draft_refuse", {"id": identity[:4], "reason": "not ours"})
        assert (await node.dispatch("draft_list", {}))["drafts"] == []
        assert (await publish(node, identity))["refused"][0]["reason"] == "refused_before"
        with pytest.raises(BadRequest, match="refused already"):
            await node.dispatch("draft_edit", {"id": identity, "fields": {"codes": ["VI"]}})


async def test_drafts_are_listed_with_the_most_severe_first(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        for codes in ("NS", "WP", "NP"):
            await draft(node, codes=codes)
        rows = (await node.dispatch("draft_list", {}))["drafts"]
        assert [row["severity"] for row in rows] == [4, 2, 1]


async def test_a_changed_city_takes_its_district_with_it(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        identity = await draft(node, codes="NP", city="Oakland", district="Temescal", date="today")
        await node.dispatch(
            "draft_edit", {"id": identity, "fields": {"city": ["Berkeley"], "date": ["2026-01"]}}
        )
        fields = (await show(node, identity))["fields"]
        assert fields["place.city"] == "Berkeley"
        assert "place.district" not in fields
        assert [name for name in fields if name.startswith("date")] == ["date.month"]


async def test_today_is_that_of_the_organisation(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:  # midnight UTC is the day before in California
        identity = await draft(node, codes="NP", date="today")
        assert (await show(node, identity))["fields"]["date.day"] == "2026-01-20"


@pytest.mark.parametrize("fields", [{}, {"codes": ""}, {"region": "US-CA"}])
async def test_an_empty_draft_is_refused(tmp_path: Path, fields: dict[str, str]) -> None:
    async with one_node(tmp_path / "node") as node:
        with pytest.raises(BadField):
            await draft(node, **fields)


@pytest.mark.parametrize("command", ["draft_show", "draft_refuse", "draft_edit"])
@pytest.mark.parametrize("identity", ["", "nope", "%", "_"])
async def test_an_unknown_draft_is_not_found(tmp_path: Path, command: str, identity: str) -> None:
    async with one_node(tmp_path / "node") as node:
        await draft(node, codes="NP")
        more = {"fields": {"codes": ["NP"]}} if command == "draft_edit" else {}
        with pytest.raises(NotFound):
            await node.dispatch(command, {"id": identity, **more})


async def test_no_error_of_a_form_repeats_what_was_typed(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        for field in ("phone", "email", "plate", "codes", "date", "severity", "5105550123"):
            with pytest.raises(ParasolError) as caught:
                await draft(node, **{field: "canary-5105550123"})
            assert "5105550123" not in str(caught.value)


async def test_drafts_survive_a_restart(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        identity = await draft(node, codes="NP", name=["Tony", "Doc"], text="en: He left.")
        before = await show(node, identity)
    async with one_node(tmp_path / "node") as node:
        assert await show(node, identity) == before


async def test_what_goes_to_nobody_is_said_at_once(tmp_path: Path) -> None:
    async with one_node(tmp_path) as node:
        alone = await publish(node, await draft(node, codes="RB"))
        assert "notes" not in alone  # who has no peer knows that
        await befriend(node, "Harbour")
        shared = await publish(node, await draft(node, codes="RB"))
        assert "notes" not in shared
        args = {"fields": {"codes": ["robbery"]}, "consent": ["members"]}
        kept = await node.dispatch("draft_new", args)
        (note,) = (await publish(node, kept["id"]))["notes"]
        assert note.startswith("none of the organisations that you trust gets this")
