"""Receipt codes and the consent ladder on one node: what a code shows, changes and never tells."""

import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from federation.release import Consent
from keys.receipt import code_letters
from node.consent_words import LADDER, answered_since, asked_on_form
from node.consent_words import given as given_words
from node.errors import BadField, BadRequest, NotFound
from node.runtime import Node
from node.store import meta
from node.store.drafts import SCOPES, Asked
from node.store.receipts import KEPT_DAYS, MOST_WAITING, SALT, forget_receipts
from node.store.records import own_records
from node.store.tables import receipts
from protocol.ids import parse_record_key, text_id
from tests.support.one_node import DAY_US, Clock, befriend, one_node

ALL_ON = [*SCOPES]


async def told(node: Node, *scopes: str, **fields: str) -> tuple[str, str]:
    """Take a report in; returns its draft and the reporter's code."""
    form = {name: [value] for name, value in {"codes": "RB", **fields}.items()}
    args: dict[str, Any] = {"fields": form, "receipt": True}
    if scopes:
        args["consent"] = list(scopes)
    made = await node.dispatch("draft_new", args)
    return made["id"], made["receipt"]


async def publish(node: Node, draft: str) -> str:
    done = await node.dispatch("draft_publish", {"ids": [draft]})
    assert done["refused"] == [], done
    alert: str = done["published"][0]
    return alert


async def show(node: Node, code: str) -> dict[str, Any]:
    return await node.dispatch("receipt_show", {"code": code})


async def change(node: Node, code: str, **scopes: list[str]) -> dict[str, Any]:
    return await node.dispatch("receipt_consent", {"code": code, **scopes})


async def terms(node: Node, alert: str) -> list[Any]:
    shown = await node.dispatch("alert_show", {"alert": alert})
    found: list[Any] = shown["fields"]["terms"]
    return found


@given(st.lists(st.sampled_from(SCOPES), unique=True))
def test_a_form_gives_what_is_on_it_and_not_one_scope_more(scopes: list[str]) -> None:
    asked = asked_on_form(scopes or ["members=no"])
    consent = asked.consent
    if "members" not in scopes:
        assert consent is None
    else:
        assert consent == Consent(**{scope: scope in scopes for scope in SCOPES})


def test_who_was_not_asked_gives_by_review_members_and_peers_and_nothing_more() -> None:
    assert asked_on_form(None) == Asked()
    assert Asked().consent == Consent(members=True, peers=True)


@given(st.text(max_size=30))
def test_what_is_not_understood_is_no_yes(word: str) -> None:
    with suppress(BadField):
        assert set(given_words([word])) <= set(LADDER)


def test_a_no_stays_a_no_at_the_desk() -> None:
    with pytest.raises(BadField, match="receipt code"):
        answered_since(Asked(peers=False), ["peers"])
    assert answered_since(Asked(), ["print", "peers=no"]) == Asked(print=True, peers=False)


async def test_the_whole_ladder_travels_in_the_terms_within_policy(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node", preset="decriminalised") as node:
        draft, code = await told(node, ",".join(SCOPES))
        alert = await publish(node, draft)
        record = (await node.read(own_records, node.context.org))[parse_record_key(alert)]
        assert record.consent == Consent(**dict.fromkeys(SCOPES, True))
        assert (await terms(node, alert))[:3] == ["members", True, True]
        assert (await show(node, code))["consent"] == dict.fromkeys(LADDER, True)


async def test_a_code_shows_a_report_from_waiting_to_its_end(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        await befriend(node, "Harbour")
        draft, code = await told(node, "members", "peers")
        waiting = await show(node, code)
        assert waiting["state"] == "waiting"
        assert "peers" not in waiting
        alert = await publish(node, draft)
        shown = await show(node, code.replace("-", " ").upper())
        assert (shown["state"], shown["alert"]) == ("published", alert)
        assert [(row["peer"], row["what"]) for row in shown["peers"]] == [("Harbour", "alert")]
        await node.dispatch("alert_withdraw", {"alert": alert, "reason": "Not him."})
        assert (await show(node, code))["state"] == "withdrawn"
        gone = await node.dispatch("receipt_withdraw", {"code": code})
        assert gone["state"] == "erased"
        assert not any(gone["consent"].values())
        assert [row["what"] for row in (await show(node, code))["peers"]] == ["erasure"]


async def test_a_refused_report_says_why(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        draft, code = await told(node)
        await node.dispatch("draft_refuse", {"id": draft, "reason": "Told twice."})
        shown = await show(node, code)
        assert (shown["state"], shown["reason"]) == ("refused", "Told twice.")


async def test_withdrawing_peers_signs_a_revision_and_stops_every_peer(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        for name in ("Harbour", "Mill"):
            await befriend(node, name)
        draft, code = await told(node, "members", "peers")
        alert = await publish(node, draft)
        result = await change(node, code, no=["peers"])
        assert result["consent"]["peers"] is False
        (row,) = (await node.dispatch("alert_list", {}))["alerts"]
        assert (row["rev"], row["status"]) == (2, "live")
        peers = (await show(node, code))["peers"]
        assert {(each["peer"], each["what"], each["state"]) for each in peers} == {
            ("Harbour", "stop", "pending"), ("Mill", "stop", "pending")
        }  # fmt: skip
        assert (await change(node, code, no=["peers"]))["consent"] == result["consent"]
        assert (await node.dispatch("alert_list", {}))["alerts"][0]["rev"] == 2
        assert alert == row["id"]


async def test_withdrawing_print_and_members_makes_the_terms_stricter(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node", preset="decriminalised") as node:
        draft, code = await told(node, *ALL_ON)
        alert = await publish(node, draft)
        await change(node, code, no=["print", "members"])
        assert (await terms(node, alert))[:3] == ["staff", False, True]


async def test_allowing_more_waits_for_the_desk(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node", preset="decriminalised") as node:
        await befriend(node, "Harbour")
        draft, code = await told(node, "members", "peers")
        alert = await publish(node, draft)
        await change(node, code, no=["peers"])
        asked = await change(node, code, yes=["peers", "print"])
        assert asked["waits"] == ["peers", "print"]
        assert not asked["consent"]["peers"]
        assert not (await terms(node, alert))[1]
        (update,) = (await node.dispatch("receipt_updates", {}))["updates"]
        assert (update["kind"], update["scopes"]) == ("consent", ["peers", "print"])
        await node.dispatch("receipt_accept", {"id": update["id"]})
        shown = await show(node, code)
        assert shown["consent"]["peers"]
        assert shown["consent"]["print"]
        assert (await terms(node, alert))[1]
        assert [row["what"] for row in shown["peers"]] == ["alert"]


async def test_what_is_declined_or_withdrawn_meanwhile_is_not_in_force(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        draft, code = await told(node, "members")
        await change(node, code, yes=["peers", "contact"])
        await change(node, code, no=["peers"])
        (update,) = (await node.dispatch("receipt_updates", {}))["updates"]
        assert update["scopes"] == ["contact"]
        await node.dispatch("receipt_decline", {"id": update["id"]})
        shown = await show(node, code)
        assert not shown["consent"]["contact"]
        assert shown["sent"][-1]["state"] == "declined"
        assert (await node.dispatch("receipt_updates", {}))["updates"] == []
        with pytest.raises(NotFound):
            await node.dispatch("receipt_accept", {"id": update["id"]})
        alert = await publish(node, draft)
        record = (await node.read(own_records, node.context.org))[parse_record_key(alert)]
        assert record.consent == Consent(members=True)


async def test_a_no_at_the_desk_becomes_a_yes_by_her_own_code(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        draft, code = await told(node, "peers")
        refused = await node.dispatch("draft_publish", {"ids": [draft]})
        assert refused["refused"] == [{"id": draft, "reason": "no_consent"}]
        await change(node, code, yes=["members"])
        (update,) = (await node.dispatch("receipt_updates", {}))["updates"]
        await node.dispatch("receipt_accept", {"id": update["id"]})
        await publish(node, draft)


async def test_what_she_adds_stays_private_and_is_published_by_nobody(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        draft, code = await told(node)
        alert = await publish(node, draft)
        words = "He drives a white van now."
        await node.dispatch("receipt_add", {"code": code, "text": words})
        await node.dispatch("receipt_correct", {"code": code, "text": "It was a Monday."})
        (note,) = (await node.dispatch("draft_list", {}))["notes"]
        assert note.startswith("2 from reporters")
        one, other = (await node.dispatch("receipt_updates", {}))["updates"]
        assert (one["kind"], one["text"], one["alert"]) == ("add", words, alert)
        await node.dispatch("receipt_accept", {"id": one["id"]})
        await node.dispatch("receipt_decline", {"id": other["id"]})
        report = (await node.dispatch("draft_show", {"id": draft}))["report"]
        assert list(report.values()) == [words]
        shown = json.dumps(await node.dispatch("alert_show", {"alert": alert}))
        assert "van" not in shown
        assert [each["state"] for each in (await show(node, code))["sent"]] == ["taken", "declined"]
        assert "notes" not in await node.dispatch("draft_list", {})


async def test_only_so_much_of_one_report_waits(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        _, code = await told(node)
        for number in range(MOST_WAITING):
            await node.dispatch("receipt_add", {"code": code, "text": f"And {number}."})
        with pytest.raises(BadRequest, match="waits"):
            await node.dispatch("receipt_add", {"code": code, "text": "More."})
        for text in ("", " \n", "x" * 10_001):
            with pytest.raises(BadField):
                await node.dispatch("receipt_add", {"code": code, "text": text})


async def test_taking_all_back_leaves_nothing_of_the_report(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        await befriend(node, "Harbour")
        draft, code = await told(node, "members", "peers", city="Oakland")
        alert = await publish(node, draft)
        await node.dispatch("receipt_add", {"code": code, "text": "He had a scar."})
        await change(node, code, no=["keep"])
        gone = await node.dispatch("draft_show", {"id": draft})
        assert (gone["fields"], gone["report"]) == ({}, {})
        assert (await node.dispatch("receipt_updates", {}))["updates"] == []
        (row,) = (await node.dispatch("alert_list", {}))["alerts"]
        assert (row["id"], row["status"]) == (alert, "erased")
        for command, args in (
            ("receipt_add", {"text": "More."}),
            ("receipt_consent", {"yes": ["print"]}),
        ):
            with pytest.raises(BadRequest, match="erased"):
                await node.dispatch(command, {"code": code, **args})


async def test_a_code_issued_anew_ends_the_one_before(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        draft, old = await told(node)
        alert = await publish(node, draft)
        issued = await node.dispatch("receipt_issue", {"id": alert})
        assert (issued["alert"], issued["replaced"]) == (alert, True)
        assert (await show(node, issued["receipt"]))["alert"] == alert
        with pytest.raises(NotFound):
            await show(node, old)
        again = await node.dispatch("receipt_issue", {"id": draft})
        assert again["replaced"]
        with pytest.raises(NotFound):
            await show(node, issued["receipt"])
        with pytest.raises(NotFound):
            await node.dispatch("receipt_issue", {"id": "aaaaaaaa"})


async def test_a_wrong_code_is_told_the_same_whatever_there_is(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        said = set()
        for code in ("", "abandon", "x" * 5000, "abandon-ability-able-about-above-absent"):
            with pytest.raises(NotFound) as caught:
                await show(node, code)
            said.add(str(caught.value))
        _, code = await told(node)
        for wrong in (code[:-1], code + "x", "-".join(reversed(code.split("-")))):
            with pytest.raises(NotFound) as caught:
                await show(node, wrong)
            said.add(str(caught.value))
            assert wrong not in str(caught.value)
        assert len(said) == 1


async def test_a_code_is_forgotten_long_after_what_it_opened(tmp_path: Path) -> None:
    clock = Clock()
    async with one_node(tmp_path / "node", clock=clock) as node:
        _, kept = await told(node)
        _, code = await told(node)
        await node.dispatch("receipt_withdraw", {"code": code})
        clock.now += (KEPT_DAYS + 1) * DAY_US
        assert await node.change(forget_receipts, clock.now) == 1
        with pytest.raises(NotFound):
            await show(node, code)
        assert (await show(node, kept))["state"] == "waiting"


async def test_a_consent_that_contradicts_itself_is_refused(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        _, code = await told(node)
        for args in ({}, {"yes": ["print"], "no": ["print"]}, {"yes": ["print"], "no": ["keep"]}):
            with pytest.raises(BadRequest):
                await node.dispatch("receipt_consent", {"code": code, **args})
        with pytest.raises(BadField):
            await change(node, code, no=["everything"])
        with pytest.raises(BadField):
            await node.dispatch("draft_new", {"fields": {"codes": ["RB"]}, "consent": ["keep=no"]})


def files_with(folder: Path, forms: Sequence[bytes]) -> list[str]:
    """The files under a folder that hold one of these in clear."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [path.name for path in files if any(form in path.read_bytes() for form in forms)]


async def test_of_a_code_there_is_a_slow_hash_and_no_file_holds_it_in_clear(tmp_path: Path) -> None:
    home = tmp_path / "node"
    async with one_node(home) as node:
        draft, code = await told(node, "members", "peers")
        await publish(node, draft)
        await show(node, code)
        ((hashed, opens),) = await node.read(
            lambda connection: [
                (bytes(row.hash), row.draft) for row in connection.execute(select(receipts))
            ]
        )
        node_salt = await node.read(meta.get, SALT)
        assert opens == draft
        assert node_salt is not None
        secrets = [code, code_letters(code), code.replace("-", " ")]
        forms = [text.encode() for text in secrets]
        for raw in (hashed, node_salt):
            forms += [raw, raw.hex().encode(), text_id(raw).encode()]
        assert files_with(tmp_path, forms) == []
    async with one_node(home) as node:
        assert (await show(node, code))["state"] == "published"
