"""Voices: what organisations say of each other's alerts, as records that travel and are counted."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select, update

from federation.peers import PeerState
from federation.voices import CORROBORATE, DISPUTE, SAME_AS, Ref
from node.errors import BadField, BadRequest, Refused
from node.following import follow
from node.jobs import forget_ended
from node.opening import obey_register
from node.recall import move_peer
from node.runtime import Node
from node.store import register as permissions
from node.store.ledger_rows import decode_names
from node.store.peers import peer_of
from node.store.tables import ledger, records
from node.store.tables_voices import voice_reports
from protocol.codec import Value
from protocol.ids import EntryId, parse_record_key, text_id
from tests.support.key_material import MadeUp
from tests.support.one_node import DAY_US, Clock, befriend, one_node, published
from tests.support.speaking import erased_by, heard, received_again, spoken

ORIGIN, ONE, TWO = "Harbour", "Northside", "Lanterns"
PHONE: list[Value] = ["+14155550142"]


async def show(node: Node, alert: str, **more: str) -> dict[str, Any]:
    return await node.dispatch("alert_show", {"alert": alert, **more})


async def say(node: Node, command: str, **args: Any) -> dict[str, Any]:
    return await node.dispatch(f"voice_{command}", args)


async def granted(node: Node, other: MadeUp, rk: str) -> set[str]:
    def names(connection: Connection) -> set[str]:
        peer = peer_of(connection, other.org)
        assert peer is not None
        query = select(ledger.c.names, ledger.c.kind).where(
            ledger.c.peer == peer.id, ledger.c.rk == parse_record_key(rk)
        )
        return {
            name
            for raw, kind in connection.execute(query)
            if not kind
            for name in decode_names(raw)
        }

    return await node.read(names)


async def test_a_corroboration_goes_to_the_origin_and_to_peers_and_says_only_which_record(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "node") as node:
        origin, one = await befriend(node, ORIGIN), await befriend(node, ONE)
        alert = await heard(node, origin, phone=PHONE)
        said = await say(node, "corroborate", alert=alert)
        assert set(said["told"]) == {ORIGIN, ONE}
        for peer in (origin, one):
            assert await granted(node, peer, said["voice"]) == {"kind", "terms", "ref"}
        shown = await show(node, said["voice"])
        assert shown["fields"]["terms"] == ["members", False, False, False, False, []]
        relation, subjects = shown["fields"]["ref"]
        assert (relation, [subject[0] for subject in subjects]) == (CORROBORATE, [alert])
        assert text_id(origin.org) not in str(shown["fields"])
        after = await show(node, alert)
        assert after["corroborated_by"] == ["Riverside"]
        assert after["confidence"] == "corroborated by 1 organisation (Riverside)"
        listed = (await node.dispatch("alert_list", {}))["alerts"]
        assert [row["id"] for row in listed] == [alert]  # a voice is no alert
        assert listed[0]["corroborated_by"] == ["Riverside"]
        assert (await node.dispatch("status", {}))["alerts"] == 1


async def test_a_voice_for_the_origin_only_is_told_to_nobody_else(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        origin, one = await befriend(node, ORIGIN), await befriend(node, ONE)
        alert = await heard(node, origin, phone=PHONE)
        said = await say(node, "corroborate", alert=alert, only_origin=True)
        assert said["told"] == [ORIGIN]
        assert await granted(node, one, said["voice"]) == set()
        wider = await say(node, "corroborate", alert=alert)
        assert wider["voice"] == said["voice"]
        assert wider["rev"] == 2
        assert await granted(node, one, said["voice"]) == {"kind", "terms", "ref"}


async def test_each_organisation_counts_once_and_the_origin_never(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        origin, one, two = [await befriend(node, name) for name in (ORIGIN, ONE, TWO)]
        alert = await heard(node, origin, phone=PHONE)
        for who in (one, one, one, two, origin):
            await spoken(node, who, CORROBORATE, alert)
        shown = await show(node, alert)
        assert shown["corroborated_by"] == [TWO, ONE]
        await spoken(node, two, DISPUTE, alert, day=1)  # the later day is its word
        shown = await show(node, alert)
        assert (shown["corroborated_by"], shown["disputed_by"]) == ([ONE], [TWO])
        assert shown["confidence"] == (
            f"corroborated by 1 organisation ({ONE}), disputed by 1 organisation ({TWO})"
        )


@pytest.mark.parametrize("state", [PeerState.BLOCKED, PeerState.LEAVING])
async def test_a_voice_counts_only_while_its_organisation_is_heard(
    tmp_path: Path, state: PeerState
) -> None:
    async with one_node(tmp_path / "node") as node:
        origin, one = await befriend(node, ORIGIN), await befriend(node, ONE)
        alert = await heard(node, origin, phone=PHONE)
        await spoken(node, one, CORROBORATE, alert)
        assert (await show(node, alert))["corroborated_by"] == [ONE]

        def move(connection: Connection) -> None:
            peer = peer_of(connection, one.org)
            assert peer is not None
            move_peer(connection, node.context, peer, state)

        await node.change(move)
        assert (await show(node, alert))["corroborated_by"] == []


async def test_a_voice_about_an_alert_that_is_not_here_waits_and_counts_when_it_comes(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "node") as node, one_node(tmp_path / "other") as elsewhere:
        origin, one = await befriend(node, ORIGIN), await befriend(node, ONE)
        await befriend(elsewhere, ORIGIN)
        alert = await heard(elsewhere, origin, phone=PHONE)
        eid = await elsewhere.read(lambda c: c.execute(select(records.c.eid)).scalar_one())
        ref = Ref(CORROBORATE, ((parse_record_key(alert), EntryId(bytes(eid))),))
        await spoken(node, one, ref)
        [waiting] = (await say(node, "list"))["voices"]
        assert (waiting["here"], waiting["alerts"]) == (False, [alert])
        assert (await node.dispatch("alert_list", {}))["alerts"] == []
        await received_again(node, elsewhere, origin, alert)
        assert (await show(node, alert))["corroborated_by"] == [ONE]


async def test_a_voice_that_is_erased_or_over_counts_no_more(tmp_path: Path) -> None:
    clock = Clock()
    async with one_node(tmp_path / "node", clock=clock) as node:
        origin, one, two = [await befriend(node, name) for name in (ORIGIN, ONE, TWO)]
        alert = await heard(node, origin, phone=PHONE)
        mine = await spoken(node, one, CORROBORATE, alert)
        await spoken(node, two, CORROBORATE, alert, lasts=3)
        assert (await show(node, alert))["corroborated_by"] == [TWO, ONE]
        await erased_by(node, one, mine)
        assert (await show(node, alert))["corroborated_by"] == [TWO]
        clock.now += 4 * DAY_US
        assert (await show(node, alert))["corroborated_by"] == []


async def test_disputing_what_we_corroborated_revises_our_voice(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        origin = await befriend(node, ORIGIN)
        alert = await heard(node, origin, phone=PHONE)
        before = await say(node, "corroborate", alert=alert)
        after = await say(node, "dispute", alert=alert, reason="It is the plate of a taxi.")
        assert (after["voice"], after["rev"]) == (before["voice"], 2)
        shown = await show(node, alert)
        assert (shown["corroborated_by"], shown["disputed_by"]) == ([], ["Riverside"])
        assert shown["said"] == [
            {"org_name": "Riverside", "relation": DISPUTE, "text": "It is the plate of a taxi."}
        ]
        assert await granted(node, origin, after["voice"]) == {"kind", "terms", "ref", "text"}


async def test_a_voice_is_taken_back_wherever_it_went(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        origin = await befriend(node, ORIGIN)
        alert = await heard(node, origin, phone=PHONE)
        said = await say(node, "corroborate", alert=alert)
        gone = await say(node, "withdraw", voice=alert)
        assert gone == {"withdrawn": [said["voice"]], "told": [ORIGIN]}
        assert (await show(node, alert))["corroborated_by"] == []
        assert (await show(node, said["voice"]))["status"] == "erased"
        with pytest.raises(BadRequest, match="no voice of ours"):
            await say(node, "withdraw", voice=alert)


async def test_what_may_not_be_said(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        origin = await befriend(node, ORIGIN)
        alert = await heard(node, origin, phone=PHONE)
        own = await published(node, phone="510 555 0123")
        with pytest.raises(Refused, match="our own"):
            await say(node, "corroborate", alert=own)
        with pytest.raises(BadRequest, match="one alert"):
            await say(node, "same_as", alert=alert, other=alert)
        with pytest.raises(BadField, match="what is wrong"):
            await say(node, "dispute", alert=alert, reason=" ")
        with pytest.raises(BadField, match="number"):
            await say(node, "dispute", alert=alert, reason="Ring +1 510 555 0177, it is not he.")
        voice = (await say(node, "corroborate", alert=alert))["voice"]
        with pytest.raises(BadRequest, match="no alert"):
            await say(node, "dispute", alert=voice, reason="No.")
        for command, more in (("renew", {}), ("correct", {"fields": {"city": ["Oakland"]}})):
            with pytest.raises(Refused, match="voice"):
                await node.dispatch(f"alert_{command}", {"alert": voice, **more})
        same = await say(node, "same_as", alert=alert, other=own)
        assert same["relation"] == SAME_AS


async def test_a_corroboration_that_stands_on_a_report_needs_its_reporter_and_goes_with_her(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "node") as node:
        origin = await befriend(node, ORIGIN)
        alert = await heard(node, origin, phone=PHONE)
        own = {"codes": ["NP"]}
        no = await node.dispatch("draft_new", {"fields": own, "consent": ["members"]})
        with pytest.raises(Refused, match="no_consent"):
            await say(node, "corroborate", alert=alert, report=no["id"])
        yes = await node.dispatch(
            "draft_new", {"fields": own, "consent": ["members", "peers"], "receipt": True}
        )
        await say(node, "corroborate", alert=alert, report=yes["id"])
        assert await node.change(follow, node) == set()
        assert (await show(node, alert))["corroborated_by"] == ["Riverside"]
        await node.dispatch("receipt_consent", {"code": yes["receipt"], "no": ["peers"]})
        assert (await show(node, alert))["corroborated_by"] == []


async def test_an_old_store_still_knows_whose_consent_a_voice_stands_on(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        origin = await befriend(node, ORIGIN)
        alert = await heard(node, origin, phone=PHONE)
        report = await node.dispatch(
            "draft_new", {"fields": {"codes": ["NP"]}, "consent": ["members", "peers"],
                          "receipt": True},
        )  # fmt: skip
        await say(node, "corroborate", alert=alert, report=report["id"])

        def forget(connection: Connection) -> None:
            connection.execute(voice_reports.delete())  # the backup is older than the voice
            obey_register(connection, node.context)

        await node.change(forget)
        assert (await show(node, alert))["corroborated_by"] == ["Riverside"]
        await node.dispatch("receipt_consent", {"code": report["receipt"], "no": ["peers"]})
        assert (await show(node, alert))["corroborated_by"] == []
        assert dict(node.context.register.all(permissions.VOICE)) == {}


async def test_what_a_voice_stood_on_is_forgotten_with_it(tmp_path: Path) -> None:
    clock = Clock()
    async with one_node(tmp_path / "node", clock=clock) as node:
        origin = await befriend(node, ORIGIN)
        alert = await heard(node, origin, phone=PHONE)
        report = await node.dispatch(
            "draft_new", {"fields": {"codes": ["NP"]}, "consent": ["members", "peers"]}
        )
        await say(node, "corroborate", alert=alert, report=report["id"])
        register = node.context.register
        for days in (1, 2):
            clock.now += DAY_US
            await node.change(forget_ended, node.today, register)
            assert len(dict(register.all(permissions.VOICE))) == 1, days
        for _ in range(120):
            clock.now += DAY_US
            await node.change(forget_ended, node.today, register)
        assert dict(register.all(permissions.VOICE)) == {}


async def test_a_voice_does_not_outlive_what_it_speaks_of(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        origin, one = await befriend(node, ORIGIN), await befriend(node, ONE)
        alert = await heard(node, origin, phone=PHONE)
        said = await say(node, "dispute", alert=alert, reason="It is a taxi.")
        assert (await show(node, said["voice"]))["expires"] == (await show(node, alert))["expires"]
        await erased_by(node, origin, alert)
        assert await node.change(follow, node)
        assert (await show(node, said["voice"]))["status"] == "erased"
        assert await granted(node, one, said["voice"]) == set()
        assert await node.change(follow, node) == set()


@pytest.mark.parametrize("corrected", [False, True])
async def test_a_voice_follows_a_renewal_but_not_in_words_that_were_corrected_since(
    tmp_path: Path, corrected: bool
) -> None:
    async with one_node(tmp_path / "node") as node:
        alert = await heard(node, await befriend(node, ORIGIN), phone=PHONE)
        voice = (await say(node, "dispute", alert=alert, reason="It is a taxi."))["voice"]

        def renew(connection: Connection) -> None:
            longer = {"exp_day": node.today + 120}
            rk = records.c.rk == parse_record_key(alert)
            connection.execute(update(records).where(rk).values(**longer))
            if corrected:  # after the backup that this store comes from
                rev = permissions.REVISION
                node.context.register.stage(rev, parse_record_key(voice), bytes(7) + b"\x02")

        await node.change(renew)
        await node.change(follow, node)
        assert (await show(node, voice))["rev"] == (1 if corrected else 2)


async def test_an_adopted_alert_is_a_draft_first_and_says_that_it_is_a_copy(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "node") as node:
        origin, one = await befriend(node, ORIGIN), await befriend(node, ONE)
        alert = await heard(node, origin, phone=PHONE)
        draft = await say(node, "adopt", alert=alert)
        assert draft["peers"] is False  # its terms do not let hubs forward it
        done = await node.dispatch("draft_publish", {"ids": [draft["id"]]})
        [copy] = done["published"]
        shown = await show(node, copy)
        assert shown["fields"]["ref"] == [
            "adopted_from",
            [[alert, shown["fields"]["ref"][1][0][1]]],
        ]
        assert shown["fields"]["phone"] == PHONE
        assert await granted(node, one, copy) == set()
        assert (await show(node, alert))["corroborated_by"] == []
        [cluster] = (await node.dispatch("cluster_list", {}))["clusters"]
        assert cluster["organisations"] == 1
        with pytest.raises(BadRequest, match="adopted already"):
            await say(node, "adopt", alert=alert)
        await node.dispatch("alert_correct", {"alert": copy, "fields": {"city": ["Oakland"]}})
        assert "ref" in (await show(node, copy))["fields"]
        await erased_by(node, origin, alert)
        await node.change(follow, node)
        assert (await show(node, copy))["status"] == "erased"


async def test_what_may_be_forwarded_may_be_adopted_for_peers_and_no_more(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        origin, one = await befriend(node, ORIGIN), await befriend(node, ONE)
        terms: list[Value] = ["members", False, False, False, True, ["codes", "phone"]]
        alert = await heard(node, origin, phone=PHONE, role="client", terms=terms)
        draft = await say(node, "adopt", alert=alert)
        [copy] = (await node.dispatch("draft_publish", {"ids": [draft["id"]]}))["published"]
        assert "role" not in (await show(node, copy))["fields"]
        assert {"phone", "ref", "codes"} <= await granted(node, one, copy)
        staff = await heard(node, origin, terms=["staff", True, True, True, True, []])
        with pytest.raises(Refused, match="staff only"):
            await say(node, "adopt", alert=staff)


async def test_a_voice_reaches_a_peer_of_the_strictest_categories(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node", preset="gdpr") as node:
        origin = await befriend(node, ORIGIN)
        alert = await heard(node, origin, codes=["robbery"], severity=3)
        said = await say(node, "dispute", alert=alert, reason="It is a taxi.")
        assert await granted(node, origin, said["voice"]) == {"kind", "terms", "ref", "text"}


async def test_a_new_policy_signs_no_voice_again(tmp_path: Path) -> None:
    from node.issue_again import follow_terms

    async with one_node(tmp_path / "node") as node:
        origin = await befriend(node, ORIGIN)
        alert = await heard(node, origin, phone=PHONE)
        said = await say(node, "corroborate", alert=alert)
        node.context.policy = node.policy.model_copy(update={"onward": "on", "notice_days": 1})
        assert await follow_terms(node) == set()
        assert (await show(node, said["voice"]))["rev"] == 1
