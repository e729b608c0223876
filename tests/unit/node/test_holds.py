"""Alerts that wait for others: what counts, who gets them, and what ends the waiting."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select

from federation.ledger import RowKind
from federation.peers import PeerState
from keys.errors import MatchingUnavailable
from node.errors import BadRequest, Refused
from node.hold_rounds import settle_holds
from node.holding import end_lone_holds
from node.pipeline import publish
from node.runtime import Node
from node.store import register as permissions
from node.store.holds import Evaluated, add_evaluated, all_holds, drop_hold, mark_of
from node.store.ledger_rows import decode_names
from node.store.match_counts import asked_on
from node.store.peers import peer_of
from node.store.records import OwnRecord, encode_restrictions, own_records
from node.store.tables import ledger
from protocol.codec import Value
from protocol.entry import Status
from protocol.ids import OrgId, RecordKey, parse_record_key
from tests.support.key_material import MadeUp
from tests.support.one_node import befriend, one_node, received
from tests.support.processes import free_port
from tests.support.store_scan import found_in

PHONE, OTHER = "+14155550142", "+14155550177"


@asynccontextmanager
async def among(folder: Path, *names: str) -> AsyncIterator[tuple[Node, list[MadeUp]]]:
    """A node with these peers."""
    async with one_node(folder / "home") as node:
        yield node, [await befriend(node, name) for name in names]


async def held(node: Node, others: int = 1, **fields: str | list[str]) -> str:
    """Publish an alert that waits; gives its id."""
    given = {"codes": "NP", **(fields or {"phone": [PHONE]})}
    texts = {name: [each] if isinstance(each, str) else each for name, each in given.items()}
    draft = await node.dispatch("draft_new", {"fields": texts})
    done = await node.dispatch("draft_publish", {"ids": [draft["id"]], "hold": others})
    assert done["refused"] == []
    alert: str = done["published"][0]
    return alert


async def record(node: Node, alert: str) -> OwnRecord:
    rk = parse_record_key(alert)
    return (await node.read(own_records, node.context.org, [rk]))[rk]


async def may_have(node: Node, alert: str) -> set[OrgId]:
    """Who may have an alert; it must be restricted."""
    found = (await record(node, alert)).restrictions.peers
    assert found is not None
    return set(found)


async def told(node: Node, other: MadeUp, alert: str) -> set[str] | None:
    """The leaves that a peer's ledger grants it; None where it was never told, or told to stop."""

    def query(connection: Connection) -> set[str] | None:
        peer = peer_of(connection, other.org)
        assert peer is not None
        mine = (ledger.c.peer == peer.id) & (ledger.c.rk == parse_record_key(alert))
        row = connection.execute(select(ledger.c.kind, ledger.c.names).where(mine)).one_or_none()
        if row is None or row.kind == RowKind.STOP:
            return None
        return set(decode_names(bytes(row.names)))

    return await node.read(query)


async def hold_of(node: Node, alert: str) -> str:
    shown = await node.dispatch("alert_show", {"alert": alert})
    found: str = shown["hold"]["hold"]
    return found


async def state(node: Node, alert: str) -> Any:
    return (await node.dispatch("alert_show", {"alert": alert})).get("hold", {}).get("state")


async def test_until_others_match_peers_get_tokens_and_nothing_else(tmp_path: Path) -> None:
    async with among(tmp_path, "Harbour") as (node, (harbour,)):
        alert = await held(node, 1, phone=[PHONE], text="He left without paying.", name="Sam")
        hold = await hold_of(node, alert)
        assert await told(node, harbour, alert) is None
        assert await told(node, harbour, hold) == {"kind", "terms", "phone.token"}
        terms = (await record(node, hold)).opened["terms"].value
        assert terms == ["staff", False, False, False, False, []]
        shown = await node.dispatch("policy_preview", {"peer": "Harbour", "id": hold})
        assert set(shown["released"]) == {"kind", "terms", "phone.token"}
        assert {row["rule"] for row in shown["withheld"]} == {"origin.hold=tokens"}
        assert await state(node, alert) == "waits: 0 of 1"
        assert (await node.dispatch("status", {}))["matching"]["held"] == 1


async def test_it_goes_to_those_who_match_and_to_nobody_else(tmp_path: Path) -> None:
    names = ("Harbour", "Mill", "Lakeside")
    async with among(tmp_path, *names) as (node, (harbour, mill, lakeside)):
        alert = await held(node, 2)
        await received(node, harbour, phone=[PHONE])
        await settle_holds(node)
        assert await may_have(node, alert) == set()
        assert await state(node, alert) == "waits: 1 of 2"
        await received(node, mill, phone=[PHONE])
        await received(node, lakeside, phone=[OTHER])
        await settle_holds(node)
        assert await may_have(node, alert) == {harbour.org, mill.org}
        assert "phone" in (await told(node, harbour, alert) or ())
        assert await told(node, lakeside, alert) is None
        assert await told(node, lakeside, await hold_of(node, alert)) is not None
        kept = node.context.register.get(permissions.NARROWED, parse_record_key(alert))
        assert kept == encode_restrictions((await record(node, alert)).restrictions)
        await received(node, lakeside, phone=[PHONE])
        await settle_holds(node)
        assert await may_have(node, alert) == {harbour.org, mill.org, lakeside.org}


async def test_an_organisation_counts_once_however_many_reports_it_has(tmp_path: Path) -> None:
    async with among(tmp_path, "Harbour") as (node, (harbour,)):
        alert = await held(node, 2)
        for _ in range(3):
            await received(node, harbour, phone=[PHONE])
        await settle_holds(node)
        assert await may_have(node, alert) == set()


async def test_each_identifier_is_counted_by_itself(tmp_path: Path) -> None:
    async with among(tmp_path, "Harbour", "Mill") as (node, (harbour, mill)):
        alert = await held(node, 2, phone=[PHONE, OTHER])
        await received(node, harbour, phone=[PHONE])
        await received(node, mill, phone=[OTHER])
        await settle_holds(node)
        assert await may_have(node, alert) == set()


async def test_who_is_not_trusted_now_does_not_count(tmp_path: Path) -> None:
    async with among(tmp_path, "Harbour") as (node, (harbour,)):
        alert = await held(node, 1)
        await received(node, harbour, phone=[PHONE])
        await node.dispatch("peer_pause", {"peer": "Harbour"})
        await settle_holds(node)
        assert await may_have(node, alert) == set()


async def test_no_hold_is_signed_of_an_alert_that_was_corrected_after_the_backup(
    tmp_path: Path,
) -> None:
    async with among(tmp_path, "Harbour") as (node, _):
        alert = await held(node, 1)
        hold = await hold_of(node, alert)
        text = (node.home / "policy.toml").read_text("utf-8")
        text = text.replace('onward = "off"', 'onward = "on"')

        def stage(_: Connection) -> None:
            for rk in map(parse_record_key, (alert, hold)):
                node.context.register.stage(permissions.REVISION, rk, bytes(7) + b"\x02")

        await node.change(stage)
        await node.dispatch("policy_apply", {"text": text})
        await settle_holds(node)
        assert (await record(node, hold)).entry.rev == 1
        await node.dispatch("alert_correct", {"alert": alert, "fields": {"phone": [OTHER]}})
        await settle_holds(node)
        assert (await record(node, hold)).entry.rev == 3


async def test_a_hold_of_another_is_never_shown_as_an_alert_that_matches(tmp_path: Path) -> None:
    async with among(tmp_path, "Harbour") as (node, (harbour,)):
        given: dict[str, Value] = {"phone.token": [[bytes(8), bytes(32)]], "phone": [PHONE]}
        await received(node, harbour, kind="hold", **given)
        assert (await node.dispatch("check", {"text": PHONE}))["matches"] == []
        assert (await node.dispatch("status", {}))["alerts"] == 0


@pytest.mark.parametrize("how", ["hide", "widen", "withdraw_hold"])
async def test_what_the_keeper_decides_by_hand_ends_the_waiting(tmp_path: Path, how: str) -> None:
    async with among(tmp_path, "Harbour", "Mill") as (node, (harbour, mill)):
        alert = await held(node, 1)
        hold = await hold_of(node, alert)
        if how == "hide":
            await node.dispatch("alert_narrow", {"alert": alert, "hide": True})
        elif how == "widen":
            await node.dispatch("alert_widen", {"alert": alert})
        else:
            await node.dispatch("alert_withdraw", {"alert": hold})
        await received(node, harbour, phone=[PHONE])
        await settle_holds(node)
        assert await node.read(all_holds) == []
        assert (await record(node, hold)).entry.status is Status.WITHDRAWN
        assert (await record(node, alert)).entry.status is Status.LIVE
        for other in (harbour, mill):
            assert (await told(node, other, alert) is not None) is (how == "widen")
        assert await state(node, alert) is None


async def test_narrowing_a_field_of_it_ends_nothing(tmp_path: Path) -> None:
    async with among(tmp_path, "Harbour") as (node, (harbour,)):
        alert = await held(node, 1, phone=[PHONE], text="He left without paying.")
        await node.dispatch("alert_narrow", {"alert": alert, "withhold": ["text"]})
        await received(node, harbour, phone=[PHONE])
        await settle_holds(node)
        assert await may_have(node, alert) == {harbour.org}
        assert "text" not in (await told(node, harbour, alert) or ())


async def test_what_hides_the_number_from_a_peer_hides_the_hold_from_it(tmp_path: Path) -> None:
    async with among(tmp_path, "Harbour", "Mill") as (node, (harbour, mill)):
        alert = await held(node, 1)
        hold = await hold_of(node, alert)
        narrowing = {"alert": alert, "peer": "Harbour", "withhold": ["phone"]}
        await node.dispatch("alert_narrow", narrowing)
        await settle_holds(node)
        assert await told(node, harbour, hold) is None
        assert await told(node, mill, hold) is not None


@pytest.mark.parametrize("command", ["alert_withdraw", "alert_erase"])
async def test_a_hold_ends_with_its_alert_in_the_same_commit(tmp_path: Path, command: str) -> None:
    async with among(tmp_path, "Harbour") as (node, _):
        alert = await held(node, 1)
        hold = await hold_of(node, alert)
        await node.dispatch(command, {"alert": alert})
        ended = Status.ERASED if command == "alert_erase" else Status.WITHDRAWN
        after = await record(node, hold)
        assert after.entry.status is ended
        assert "phone.token" not in after.opened
        assert await node.read(all_holds) == []


async def test_without_consent_to_others_the_hold_is_recalled_in_the_same_commit(
    tmp_path: Path,
) -> None:
    async with among(tmp_path, "Harbour") as (node, (harbour,)):
        alert = await held(node, 1)
        hold = await hold_of(node, alert)
        before = await record(node, alert)
        after = replace(before, consent=replace(before.consent, peers=False))
        await node.change(publish, node.context, [after])
        assert await told(node, harbour, hold) is None
        await received(node, harbour, phone=[PHONE])
        await settle_holds(node)
        assert await told(node, harbour, alert) is None
        again = await record(node, alert)
        await node.change(
            publish, node.context, [replace(again, consent=replace(again.consent, peers=True))]
        )
        await settle_holds(node)
        assert await told(node, harbour, alert) is not None


async def test_a_correction_corrects_the_hold(tmp_path: Path) -> None:
    async with among(tmp_path, "Harbour") as (node, (harbour,)):
        alert = await held(node, 1)
        await node.dispatch("alert_correct", {"alert": alert, "fields": {"phone": [OTHER]}})
        await received(node, harbour, phone=[PHONE])
        await settle_holds(node)
        tokens = (await record(node, alert)).opened["phone.token"].value
        assert (await record(node, await hold_of(node, alert))).opened[
            "phone.token"
        ].value == tokens
        assert await may_have(node, alert) == set()
        await received(node, harbour, phone=[OTHER])
        await settle_holds(node)
        assert await may_have(node, alert) == {harbour.org}


async def test_a_round_without_news_signs_nothing(tmp_path: Path) -> None:
    async with among(tmp_path, "Harbour") as (node, _):
        hold = await hold_of(node, await held(node, 1))
        for _ in range(3):
            await settle_holds(node)
        assert (await record(node, hold)).entry.rev == 1


async def test_a_hold_itself_is_not_corrected(tmp_path: Path) -> None:
    async with among(tmp_path) as (node, _):
        hold = await hold_of(node, await held(node, 1))
        with pytest.raises(Refused, match="follows its alert"):
            await node.dispatch("alert_correct", {"alert": hold, "fields": {"text": ["New."]}})


async def test_what_cannot_be_matched_is_not_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with among(tmp_path) as (node, _):
        draft = await node.dispatch("draft_new", {"fields": {"codes": ["NP"], "name": ["Sam"]}})
        done = await node.dispatch("draft_publish", {"ids": [draft["id"]], "hold": 1})
        assert done["refused"] == [{"id": draft["id"], "reason": "nothing_to_match"}]
        assert done["published"] == []
        with pytest.raises(BadRequest):
            await node.dispatch("draft_publish", {"ids": [draft["id"]], "hold": 17})
        monkeypatch.setattr(node.context, "oprf_key", None)
        with pytest.raises(MatchingUnavailable):
            await node.dispatch("draft_publish", {"ids": [draft["id"]], "hold": 1})


async def test_a_paused_peer_still_loses_what_it_had(tmp_path: Path) -> None:
    async with among(tmp_path, "Harbour") as (node, (harbour,)):
        alert = await held(node, 1)
        await received(node, harbour, phone=[PHONE])
        await settle_holds(node)
        assert await told(node, harbour, alert) is not None
        await node.dispatch("peer_pause", {"peer": "Harbour"})
        await node.dispatch("alert_narrow", {"alert": alert, "hide": True})
        assert await told(node, harbour, alert) is None
        assert (await node.read(peer_of, harbour.org)).state is PeerState.PAUSED  # type: ignore[union-attr]


async def test_a_hold_that_stands_for_no_alert_is_taken_back(tmp_path: Path) -> None:
    async with among(tmp_path, "Harbour") as (node, (harbour,)):
        alert = await held(node, 1)
        hold = await hold_of(node, alert)
        await node.change(drop_hold, parse_record_key(hold))  # as a restored store has none
        await node.change(end_lone_holds, node)
        assert (await record(node, hold)).entry.status is Status.WITHDRAWN
        assert await may_have(node, alert) == set()
        assert await told(node, harbour, alert) is None


async def test_an_origin_is_asked_about_half_of_what_checks_may_ask(tmp_path: Path) -> None:
    async with one_node(tmp_path / "home") as node:
        node.settings = replace(node.settings, match_asks=4, allow_loopback=True)
        door = f"http://127.0.0.1:{free_port()}/abcdefghijklmnopqrstuvwxyz234567"
        harbour = await befriend(node, "Harbour", oprf_kid=bytes(8), endpoints=[door])
        given: dict[str, Value] = {"phone.token": [[bytes(8), bytes(32)]]}
        await received(node, harbour, **given)
        await held(node, 1, phone=[f"+1415555010{number}" for number in range(3)])
        for _ in range(2):
            await settle_holds(node)
            assert await node.read(asked_on, node.today) == 2


async def test_of_an_erased_alert_that_waited_no_byte_of_number_or_token_stays(
    tmp_path: Path,
) -> None:
    async with among(tmp_path, "Harbour") as (node, (harbour,)):
        alert = await held(node, 1)
        hold = RecordKey(parse_record_key(await hold_of(node, alert)))
        token = (await record(node, alert)).opened["phone.token"].value
        assert isinstance(token, list)
        ours = token[0]
        assert isinstance(ours, list)
        assert isinstance(ours[1], bytes)
        theirs = bytes(range(32))
        row = Evaluated(harbour.org, "phone", bytes(8), mark_of(hold, "phone", PHONE), theirs)
        await node.change(add_evaluated, hold, [row])
        await node.store.checkpoint()
        needles = [ours[1], theirs, PHONE.encode()]
        key = node.keystore.store_key
        assert {each for _, each in found_in(node.home, key, needles)} == set(needles)
        await node.dispatch("alert_erase", {"alert": alert})
        assert found_in(node.home, key, needles) == []
