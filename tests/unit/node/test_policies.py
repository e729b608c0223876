"""The policy in force: applied wholly or not at all, and previewed by what exports."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select

from federation.errors import PolicyError
from federation.peers import PeerState
from node.errors import BadSetting, NotFound, Refused
from node.runtime import Node
from node.store import tables
from node.store.ledger_rows import decode_names
from node.store.peers import peer_of
from protocol.ids import parse_record_key
from tests.support.key_material import MadeUp
from tests.support.one_node import befriend, one_node, published, received


def with_switch(node: Node, old: str, new: str) -> str:
    text = (node.home / "policy.toml").read_text()
    assert old in text
    return text.replace(old, new)


async def preview(node: Node, peer: str, identity: str) -> dict[str, Any]:
    return await node.dispatch("policy_preview", {"peer": peer, "id": identity})


async def ledger_names(node: Node, other: MadeUp, alert: str) -> set[str]:
    def names(connection: Connection) -> set[str]:
        peer = peer_of(connection, other.org)
        assert peer is not None
        query = select(tables.ledger.c.names).where(
            tables.ledger.c.peer == peer.id, tables.ledger.c.rk == parse_record_key(alert)
        )
        found = connection.execute(query).scalar()
        return set() if found is None else set(decode_names(found))

    return await node.read(names)


async def test_a_policy_is_applied_with_all_that_follows(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        harbour = await befriend(node, "Harbour")
        alert = await published(node, phone="510 555 0123")
        card = node.documents.card
        woken: list[set[int]] = []
        node.on_news = woken.append
        text = with_switch(node, 'phone = "clear"', 'phone = "masked"')
        result = await node.dispatch("policy_apply", {"text": text})
        assert result["told"] == ["Harbour"]
        assert [change["switch"] for change in result["changes"]] == ["identifiers.phone"]
        assert await ledger_names(node, harbour, alert) >= {"phone.masked"}
        assert "phone" not in await ledger_names(node, harbour, alert)
        assert woken == [{1}]
        assert node.documents.card is not None
        assert card is not None
        assert node.documents.card.n > card.n
        assert ("identifiers.phone", "masked") in node.documents.card.accepts.levels
        assert (node.home / "policy.toml").read_text() == text
        assert (node.home / "policy.toml").stat().st_mode & 0o777 == 0o600


async def test_the_edited_file_is_applied_where_no_text_is_given(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        text = with_switch(node, 'phone = "clear"', 'phone = "masked"')
        (node.home / "policy.toml").write_text(text)
        shown = await node.dispatch("policy_show", {})
        assert shown["edited"]
        assert 'phone = "clear"' in shown["text"]
        assert (await node.dispatch("policy_apply", {}))["changed"]
        shown = await node.dispatch("policy_show", {})
        assert not shown["edited"]
        assert shown["text"] == text
        assert not (await node.dispatch("policy_apply", {}))["changed"]


@pytest.mark.parametrize("text", ["x = 1", "not toml", 'phone = "sometimes"'])
async def test_a_bad_policy_changes_nothing(tmp_path: Path, text: str) -> None:
    async with one_node(tmp_path / "node") as node:
        before = (node.home / "policy.toml").read_text(), node.policy
        for command in ("policy_apply", "policy_check"):
            with pytest.raises(PolicyError):
                await node.dispatch(command, {"text": text})
        assert ((node.home / "policy.toml").read_text(), node.policy) == before


async def test_where_the_commit_fails_the_old_policy_stays_in_force(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        harbour = await befriend(node, "Harbour")
        alert = await published(node, phone="510 555 0123")
        before = (node.home / "policy.toml").read_text(), node.policy
        text = with_switch(node, 'phone = "clear"', 'phone = "masked"')
        await node.change(
            lambda c: c.exec_driver_sql(
                "CREATE TRIGGER full BEFORE UPDATE ON peers"
                " BEGIN SELECT raise(ABORT, 'disk full'); END"
            )
        )
        with pytest.raises(Exception, match="disk full"):
            await node.dispatch("policy_apply", {"text": text})
        assert ((node.home / "policy.toml").read_text(), node.policy) == before
        await node.change(lambda c: c.exec_driver_sql("DROP TRIGGER full"))
        assert "phone" in await ledger_names(node, harbour, alert)
        assert (await node.dispatch("policy_apply", {"text": text}))["changed"]


async def test_a_narrower_policy_purges_at_once_what_others_sent(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        alert = await received(node, await befriend(node, "Harbour"), phone=["+14155550142"])
        text = with_switch(node, 'phone = "clear"', 'phone = "masked"')
        await node.dispatch("policy_apply", {"text": text})
        shown = await node.dispatch("alert_show", {"alert": alert})
        assert "phone" not in shown["fields"]
        assert shown["fields"]["phone.masked"] == ["+1*******142"]
        assert (await node.dispatch("check", {"text": "415 555 0142"}))["matches"][0]["why"] == (
            "phone masked form"
        )


async def test_a_check_says_what_would_change_and_what_is_doubtful(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        text = with_switch(node, 'export_to = "trusted"', 'export_to = "nobody"')
        result = await node.dispatch("policy_check", {"text": text})
        assert result["valid"]
        assert [(row["switch"], row["new"]) for row in result["changes"]] == [
            ("export_to", "nobody")
        ]
        assert "export_to" in {row["switch"] for row in result["findings"]}
        assert node.policy.export_to == "trusted"


async def test_the_preview_is_what_the_ledger_grants(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        harbour = await befriend(node, "Harbour")
        alert = await published(
            node, phone="510 555 0123", city="Oakland", district="Temescal", date="2026-01-10",
            name="Tony", text="He left.", profile="https://example.com/u/9",
        )  # fmt: skip
        shown = await preview(node, "Harbour", alert)
        assert set(shown["released"]) == await ledger_names(node, harbour, alert)
        everything = (await node.dispatch("alert_show", {"alert": alert}))["fields"]
        withheld = {row["field"] for row in shown["withheld"]}
        assert set(shown["released"]) | withheld == set(everything)
        assert not set(shown["released"]) & withheld
        rules = {(row["field"], row["rule"]) for row in shown["withheld"]}
        assert ("place.district", "origin.place_precision=city") in rules
        assert all(shown["rules"][rule]["cure"] for _, rule in rules)


async def test_a_draft_is_previewed_as_it_would_be_published(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        harbour = await befriend(node, "Harbour")
        form = {"codes": ["NP"], "phone": ["510 555 0123"], "date": ["2026-01-10"]}
        draft = (await node.dispatch("draft_new", {"fields": form}))["id"]
        before = await preview(node, "Harbour", draft)
        alert = (await node.dispatch("draft_publish", {"ids": [draft]}))["published"][0]
        assert await ledger_names(node, harbour, alert) == set(before["released"])
        assert await preview(node, "Harbour", alert) == before
        assert await preview(node, "Harbour", draft) == before


@pytest.mark.parametrize("state", [PeerState.INVITED, PeerState.UNVERIFIED, PeerState.BLOCKED])
async def test_a_peer_that_is_not_trusted_gets_nothing_and_the_rule_says_so(
    tmp_path: Path, state: PeerState
) -> None:
    async with one_node(tmp_path / "node") as node:
        await befriend(node, "Harbour", state)
        shown = await preview(node, "Harbour", await published(node, phone="510 555 0123"))
        assert shown["released"] == {}
        assert {"field": "phone", "rule": "origin.peer=untrusted"} in shown["withheld"]


async def test_the_preview_names_what_colluding_peers_could_join(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        await befriend(node, "Harbour")
        await befriend(node, "Lakeside")
        await befriend(node, "Stranger", PeerState.UNVERIFIED)
        alert = await published(node, phone="510 555 0123")
        narrow = {"alert": alert, "peer": "Harbour", "withhold": ["phone"]}
        await node.dispatch("alert_narrow", narrow)
        shown = await preview(node, "Harbour", alert)
        fields = ["phone", "phone.masked", "phone.token"]
        assert shown["joinable"] == [{"peer": "Lakeside", "fields": fields}]
        assert {"field": "phone", "rule": "consent.audience=narrowed"} in shown["withheld"]


async def test_a_withdrawn_alert_is_previewed_with_its_reason_only(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        await befriend(node, "Harbour")
        alert = await published(node, phone="510 555 0123")
        await node.dispatch("alert_withdraw", {"alert": alert, "reason": "Mistaken."})
        assert set((await preview(node, "Harbour", alert))["released"]) == {
            "kind", "terms", "reason",
        }  # fmt: skip


async def test_only_an_origin_previews_its_alert(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        alert = await received(node, await befriend(node, "Harbour"))
        with pytest.raises(Refused):
            await preview(node, "Harbour", alert)
        with pytest.raises(NotFound):
            await preview(node, "Nobody", alert)


async def test_before_a_peer_is_trusted_the_preview_counts_what_it_will_see(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        await befriend(node, "Harbour", PeerState.UNVERIFIED)
        for code in ("NP", "VI", "RB"):
            await published(node, codes=code)
        withdrawn = await published(node)
        await node.dispatch("alert_withdraw", {"alert": withdrawn})
        seen = await node.dispatch("policy_preview", {"peer": "Harbour"})
        assert (seen["will_see"], seen["of"], seen["withheld"]) == (3, 3, [])
        text = with_switch(node, 'categories = "all"', 'categories = "crimes"')
        await published(node, codes="BV")
        await node.dispatch("policy_apply", {"text": text})
        seen = await node.dispatch("policy_preview", {"peer": "Harbour"})
        assert (seen["will_see"], seen["of"]) == (3, 4)
        assert seen["withheld"] == [{"rule": "origin.categories=crimes", "alerts": 1}]
        assert seen["rules"]["origin.categories=crimes"]["why"]


async def test_a_policy_file_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        path = node.home / "policy.toml"
        path.write_bytes("# Règle\n".encode("latin-1") + path.read_bytes())
        with pytest.raises(BadSetting, match="is not UTF-8"):
            await node.dispatch("policy_check", {"text": None})
