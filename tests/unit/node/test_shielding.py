"""The shield: what a member entered as her own goes out on two people's word, or not at all."""

import base64
from pathlib import Path
from typing import Any

import pytest

from node.errors import BadField, Refused
from node.membership import leave
from node.runtime import Node
from node.shielding import form_of, load_shield, shield_hash
from node.store.members import Member, add_member
from node.store.shield import MOST, Entry, add_entry, entries_of, remove_entries
from protocol.ids import Day
from tests.support.one_node import befriend, one_node, published, received
from tests.support.store_scan import found_in


async def enter(node: Node, kind: str, text: str, member: str = "m") -> None:
    hashed = shield_hash(node.keystore.store_key, kind, text, node.settings.country)
    entry = Entry(node.context.random(8).hex(), kind, Day(20000))
    await node.change(add_entry, member, hashed, entry)


async def named(node: Node, **fields: Any) -> list[str]:
    shield = await node.read(load_shield, node.keystore.store_key)
    return sorted(shield.fields_naming({k.replace("__", "."): v for k, v in fields.items()}))


@pytest.mark.parametrize(
    ("kind", "own", "field", "value"),
    [
        ("phone", "510 555 0123", "phone", ["+15105550123"]),
        ("phone", "+1 510 555 0123", "text", ["en", "ring (510) 555-0123 now"]),
        ("phone", "5105550123", "text", ["en", "51 05.55 01_23, twice"]),
        ("phone", "5105550123", "advice", ["en", "she is at 5550123"]),
        ("phone", "5105550123", "text", ["ar", "رقمها ٥١٠٥٥٥٠١٢٣"]),
        ("name", "Rosa-Lee", "text", ["en", "he asked for rosa lee"]),
        ("name", "Zoé", "text", ["fr", "il a dit ZOE, deux fois"]),
        ("name", "Лена", "text", ["ru", "он искал «лена»"]),
        ("name", "小红", "text", ["zh", "他说要找小红今晚"]),
        ("name", "Rosa Lee", "name", ["Rosalee"]),
        ("handle", "@rosa_lee", "handle", ["instagram:rosa.lee"]),
        ("handle", "instagram: rosa_lee", "text", ["en", "on insta she is rosa_lee"]),
        ("email", "Rosa@Example.com", "text", ["en", "mail rosa@example.com"]),
        ("plate", "7ABC123", "plate", ["US:7ABC123"]),
        ("plate", "7ABC123", "text", ["en", "her car, 7 abc 123, was followed"]),
        ("profile", "https://example.com/ads/rosa", "profile", ["example.com/ads/rosa"]),
        ("profile", "example.com/ads/rosa", "text", ["en", "see https://example.com/ads/rosa"]),
        ("name", "Rosa Lee", "person.words", "calls for Rosa  Lee"),
    ],
)
async def test_what_a_member_entered_is_found_however_it_is_written(
    tmp_path: Path, kind: str, own: str, field: str, value: Any
) -> None:
    async with one_node(tmp_path / "node") as node:
        await enter(node, kind, own)
        assert await named(node, **{field: value}) == [field]
        assert await named(node, text=["en", "he came at 9 and took 200, 510 555 9999"]) == []


async def test_words_of_the_vocabulary_name_nobody(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        await enter(node, "name", "Street")
        assert await named(node, location_type="street", codes=["theft"]) == []
        assert await named(node, text=["en", "he asked for Street"]) == ["text"]


async def draft(node: Node, **fields: str) -> str:
    form = {name: [value] for name, value in fields.items()}
    return str((await node.dispatch("draft_new", {"fields": form}))["id"])


async def publish(node: Node, identity: str, **more: Any) -> dict[str, Any]:
    return await node.dispatch("draft_publish", {"ids": [identity], **more})


async def test_a_draft_that_may_name_a_worker_needs_two_people_whatever_the_policy_says(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "node") as node:  # one reviewer, urgent alerts allowed
        await enter(node, "phone", "510 555 0123")
        identity = await draft(node, codes="NP", phone="510 555 0123")
        held = {"published": [], "refused": [{"id": identity, "reason": "names_a_worker"}]}
        assert await publish(node, identity, by="Ana", despite=True) == held
        assert await publish(node, identity, by="Ana", dry_run=True) == held
        await node.dispatch("draft_approve", {"ids": [identity], "by": "Ana"})
        assert await publish(node, identity, by="ana ") == held  # the same person
        result = await publish(node, identity, by="Bea")
        assert len(result["published"]) == 1
        assert "provisional" not in result


async def test_publishing_everything_leaves_what_may_name_a_worker(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        await enter(node, "phone", "510 555 0123")
        text = "phone,what,city\n510 555 0123,did not pay,Oakland\n"
        content = base64.b64encode(text.encode()).decode()
        await node.dispatch("import_list", {"filename": "list.csv", "content": content})
        result = await node.dispatch("draft_publish", {"all": True})
        assert result["published"] == []
        assert [row["reason"] for row in result["refused"]] == ["names_a_worker"]


async def test_the_desk_is_told_which_field_and_never_whose_it_is(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        await enter(node, "phone", "510 555 0123", "member-of-the-number")
        identity = await draft(node, codes="NP", phone="510 555 0123")
        shown = await node.dispatch("draft_show", {"id": identity})
        assert shown["may_name_a_worker"] == ["phone"]
        assert "member-of-the-number" not in str(shown)


async def test_a_correction_does_not_say_what_no_draft_could(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        alert = await published(node, phone="510 555 0124")
        await enter(node, "phone", "510 555 0123")
        with pytest.raises(Refused, match="may name a worker"):
            await node.dispatch(
                "alert_correct", {"alert": alert, "fields": {"phone": ["510 555 0123"]}}
            )
        await node.dispatch("alert_correct", {"alert": alert, "fields": {"city": ["Oakland"]}})


async def test_neither_a_voice_nor_a_reason_says_what_no_draft_could(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        other = await befriend(node, "Harbour")
        theirs, ours = await received(node, other), await published(node)
        await enter(node, "name", "Rosalinda")
        with pytest.raises(Refused, match="may name a worker"):
            await node.dispatch(
                "voice_dispute", {"alert": theirs, "reason": "he was with rosalinda that night"}
            )
        with pytest.raises(Refused, match="may name a worker"):
            await node.dispatch("alert_withdraw", {"alert": ours, "reason": "it was rosalinda"})
        await node.dispatch("alert_withdraw", {"alert": ours, "reason": "it was a mistake"})


async def test_what_is_published_already_may_be_corrected_to_say_less(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        alert = await published(node, phone="510 555 0123", text="he rang 3 times")
        await enter(node, "phone", "510 555 0123")
        await node.dispatch("alert_correct", {"alert": alert, "fields": {"city": ["Oakland"]}})
        await node.dispatch("alert_correct", {"alert": alert, "fields": {"phone": [""]}})


async def test_nothing_of_what_was_entered_lies_in_the_store(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        await enter(node, "phone", "510 555 0123")
        await enter(node, "name", "Rosalinda")
        await node.store.checkpoint()
        key = node.keystore.store_key
        needles = [b"5550123", b"rosalinda", b"Rosalinda"]
        assert found_in(tmp_path / "node", key, needles) == []


async def test_another_store_makes_other_hashes(tmp_path: Path) -> None:
    one = shield_hash(bytes(32), "phone", "510 555 0123", "US")
    assert one != shield_hash(bytes(31) + b"1", "phone", "510 555 0123", "US")


async def test_entries_go_with_their_member_and_only_hers(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        member = Member("m", "Heron", "member", "", Day(20000), "hash")
        await node.change(add_member, member)
        await enter(node, "phone", "510 555 0123")
        await enter(node, "phone", "510 555 0124", "other")
        await node.change(leave, node.context.register, member, node.context.now_us())
        assert await node.read(entries_of, "m") == []
        assert len(await node.read(entries_of, "other")) == 1
        assert await named(node, phone=["+15105550123"]) == []
        assert await named(node, phone=["+15105550124"]) == ["phone"]


async def test_a_member_takes_off_her_own_entries_and_no_others(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        await enter(node, "phone", "510 555 0123", "one")
        await enter(node, "phone", "510 555 0123", "other")
        hers = (await node.read(entries_of, "other"))[0]
        await node.change(remove_entries, "one", hers.id)
        assert len(await node.read(entries_of, "one")) == 1
        await node.change(remove_entries, "one")
        assert await named(node, phone=["+15105550123"]) == ["phone"]


async def test_no_member_can_hold_up_everything(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        for number in range(MOST):
            await enter(node, "name", f"Name number {number}")
        with pytest.raises(BadField):
            await enter(node, "name", "one more")


@pytest.mark.parametrize(
    ("kind", "text"),
    [("name", "a b"), ("name", "  "), ("name", "x" * 201), ("phone", "555"), ("email", "rosa"),
     ("plate", "?"), ("profile", "x"), ("ssn", "1"), ("handle", "instagram:")],
)  # fmt: skip
def test_what_is_no_such_thing_is_refused_without_repeating_it(kind: str, text: str) -> None:
    with pytest.raises(BadField) as caught:
        form_of(kind, text, "US")
    assert len(text.strip()) < 4 or text not in str(caught.value)
