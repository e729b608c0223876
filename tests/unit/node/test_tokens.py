"""The tokens that stand beside our own identifiers."""

from pathlib import Path

from sqlalchemy import Connection

from federation.policy import load_policy, preset_text
from keys.oprf import own_token
from node.commands.policies import policy_apply
from node.issue_again import follow_terms
from node.runtime import Node
from node.store.records import own_records
from node.tokens import needs_tokens, with_tokens
from protocol.codec import Value
from protocol.ids import parse_record_key
from tests.support.one_node import befriend, one_node, published

PHONE = "+14155550142"


async def leaves(node: Node, alert: str) -> dict[str, Value]:
    def query(connection: Connection) -> dict[str, Value]:
        rk = parse_record_key(alert)
        record = own_records(connection, node.context.org, [rk])[rk]
        return {name: each.value for name, each in record.opened.items()}

    return await node.read(query)


def with_level(kind: str, level: str) -> str:
    lines = [
        f'{kind} = "{level}"' if line.startswith(f"{kind} ") else line
        for line in preset_text("criminalised").splitlines()
    ]
    return "\n".join(lines) + "\n"


async def test_each_number_that_is_shared_has_its_token_under_our_key(tmp_path: Path) -> None:
    async with one_node(tmp_path / "home") as node:
        found = await leaves(node, await published(node, phone=[PHONE, "+14155550177"], name="Sam"))
        key = node.context.oprf_key
        assert key is not None
        expected = sorted(own_token(key, "phone", n) for n in (PHONE, "+14155550177"))
        assert found["phone.token"] == [[key.kid, token] for token in expected]
        assert "name.token" not in found
        assert node.documents.card is not None
        assert node.documents.card.oprf_kid == key.kid


async def test_a_kind_that_is_withheld_has_no_token(tmp_path: Path) -> None:
    async with one_node(tmp_path / "home") as node:
        await policy_apply(node, with_level("phone", "withhold"))
        assert "phone.token" not in await leaves(node, await published(node, phone=PHONE))


async def test_under_match_a_peer_gets_the_token_and_nothing_that_can_be_read(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "home") as node:
        await policy_apply(node, with_level("phone", "match"))
        await befriend(node, "Harbour")
        alert = await published(node, phone=PHONE)
        shown = await node.dispatch("policy_preview", {"peer": "Harbour", "id": alert})
        assert {name for name in shown["released"] if name.startswith("phone")} == {"phone.token"}


async def test_a_preview_of_a_draft_names_the_token_that_its_alert_will_have(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "home") as node:
        await befriend(node, "Harbour")
        draft = await node.dispatch("draft_new", {"fields": {"codes": ["NP"], "phone": [PHONE]}})
        before = await node.dispatch("policy_preview", {"peer": "Harbour", "id": draft["id"]})
        done = await node.dispatch("draft_publish", {"ids": [draft["id"]]})
        after = await node.dispatch(
            "policy_preview", {"peer": "Harbour", "id": done["published"][0]}
        )
        assert before["released"] == after["released"]
        assert "phone.token" in after["released"]


async def test_a_correction_makes_the_token_of_the_corrected_number(tmp_path: Path) -> None:
    async with one_node(tmp_path / "home") as node:
        alert = await published(node, phone=PHONE)
        args = {"alert": alert, "fields": {"phone": ["+14155550177"]}}
        await node.dispatch("alert_correct", args)
        found = await leaves(node, alert)
        key = node.context.oprf_key
        assert key is not None
        assert found["phone.token"] == [[key.kid, own_token(key, "phone", "+14155550177")]]


async def test_a_policy_that_begins_to_match_gives_older_alerts_their_tokens(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "home") as node:
        await policy_apply(node, with_level("phone", "withhold"))
        alert = await published(node, phone=PHONE)
        await policy_apply(node, with_level("phone", "match"))
        assert "phone.token" in await leaves(node, alert)
        before = (await node.dispatch("alert_show", {"alert": alert}))["rev"]
        await follow_terms(node)
        assert (await node.dispatch("alert_show", {"alert": alert}))["rev"] == before


def test_without_a_key_tokens_stay_as_they_are() -> None:
    policy = load_policy(preset_text("criminalised"))
    given: dict[str, Value] = {"phone": [PHONE], "phone.token": [[bytes(8), bytes(32)]]}
    assert with_tokens(given, policy, None) == given
    assert not needs_tokens(given, policy, None)


async def test_tokens_that_stand_alone_are_never_taken_away(tmp_path: Path) -> None:
    async with one_node(tmp_path / "home") as node:
        given: dict[str, Value] = {"phone.token": [[bytes(8), bytes(32)]]}
        assert with_tokens(given, node.policy, node.context.oprf_key) == given
        assert not needs_tokens(given, node.policy, node.context.oprf_key)
