"""What we make of others' alerts: verdicts, modes of peers and reviews, groups of alerts."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from federation.voices import CORROBORATE, SAME_AS
from node.errors import BadField, BadRequest, NotFound, Refused
from node.runtime import Node
from node.store import register as permissions
from node.store.tables import peers, records
from node.store.tables_voices import cluster_marks, passed, verdicts
from node.store.verdicts import forget_hidden, forget_judged
from protocol.codec import Value
from tests.support.key_material import MadeUp
from tests.support.one_node import DAY_US, Clock, befriend, one_node, published
from tests.support.speaking import erased_by, heard, revised, spoken

NUMBER = "+14155550142"
PHONE: list[Value] = [NUMBER]


async def do(node: Node, command: str, **args: Any) -> dict[str, Any]:
    return await node.dispatch(command, args)


async def ids(node: Node, viewer: str = "staff", **args: Any) -> list[str]:
    rows = (await do(node, "alert_list", viewer=viewer, **args))["alerts"]
    return [row["id"] for row in rows]


async def checked(node: Node, viewer: str = "staff", text: str = NUMBER) -> dict[str, Any]:
    return await do(node, "check", text=text, viewer=viewer)


async def count(node: Node, table: Any) -> int:
    return len(await node.read(lambda connection: connection.execute(select(table)).fetchall()))


async def test_a_hidden_alert_is_kept_from_members_and_counted_for_them(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        other = await befriend(node, "Harbour")
        alert = await heard(node, other, phone=PHONE)
        await do(node, "verdict_set", alert=alert, hide=True)
        theirs = await checked(node, "members")
        assert (theirs["matches"], theirs["left_out"]) == ([], {"verdict": 1})
        assert await ids(node, "members") == []
        with pytest.raises(NotFound):
            await do(node, "alert_show", alert=alert, viewer="members")
        [mine] = (await checked(node))["matches"]
        assert mine["verdict"] == {"hide": True}
        await do(node, "verdict_clear", alert=alert)
        assert await ids(node, "members") == [alert]
        assert "left_out" not in await checked(node, "members")


async def test_a_verdict_survives_whatever_the_origin_sends_and_goes_with_its_alert(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "node") as node:
        other = await befriend(node, "Harbour")
        alert = await heard(node, other, phone=PHONE)
        note = "We know him: a courier with that number until May."
        await do(node, "verdict_set", alert=alert, note=note, severity=1, reason="seen twice")
        for _ in range(2):
            await revised(node, other, alert, phone=[NUMBER], role="client")
            shown = await do(node, "alert_show", alert=alert)
            assert shown["verdict"] == {"note": note, "severity": 1, "reason": "seen twice"}
        assert shown["rev"] == 3
        theirs = await do(node, "alert_show", alert=alert, viewer="members")
        assert theirs["verdict"] == {"note": note, "severity": 1}  # why is for staff
        assert (await do(node, "verdict_list"))["verdicts"][0]["alert"] == alert
        await erased_by(node, other, alert)
        assert await count(node, verdicts) == 0
        await node.store.checkpoint()
        files = b"".join(path.read_bytes() for path in (tmp_path / "node").glob("store.db*"))
        assert note.encode() not in files


async def test_what_is_no_verdict_is_refused(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        other = await befriend(node, "Harbour")
        alert = await heard(node, other, phone=PHONE)
        voice = await spoken(node, other, CORROBORATE, alert)
        own = await published(node)
        with pytest.raises(BadRequest, match="what is the verdict"):
            await do(node, "verdict_set", alert=alert)
        with pytest.raises(BadField, match="reason"):
            await do(node, "verdict_set", alert=alert, severity=1)
        with pytest.raises(BadField, match="severity"):
            await do(node, "verdict_set", alert=alert, severity=5, reason="x")
        with pytest.raises(Refused, match="our own"):
            await do(node, "verdict_set", alert=own, hide=True)
        with pytest.raises(BadRequest, match="voice"):
            await do(node, "verdict_set", alert=voice, hide=True)


async def test_a_peer_in_review_is_shown_to_members_once_a_person_has_passed_it(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "node") as node:
        other, free = await befriend(node, "Harbour"), await befriend(node, "Northside")
        before = await heard(node, other, phone=PHONE)
        assert (await do(node, "peer_mode", peer="Harbour", mode="review"))["waiting"] == 0
        alert = await heard(node, other, phone=PHONE)
        shown = await heard(node, free, phone=PHONE)
        assert set(await ids(node, "members")) == {before, shown}
        assert (await checked(node, "members"))["left_out"] == {"review": 1}
        assert set(await ids(node)) == {before, alert, shown}  # staff see it, marked
        with pytest.raises(NotFound):
            await do(node, "alert_show", alert=alert, viewer="members")
        assert [row["alert"] for row in (await do(node, "review_list"))["waiting"]] == [alert]
        assert any("review list" in said for said in (await do(node, "status"))["warnings"])
        with pytest.raises(BadRequest, match="does not wait"):
            await do(node, "review_pass", alerts=[shown])
        assert (await do(node, "review_pass", all=True))["passed"] == [alert]
        assert set(await ids(node, "members")) == {before, alert, shown}
        held = await node.read(lambda c: c.execute(select(records.c.held)).scalars().all())
        assert set(held) == {""}  # what waits here is confirmed to its origin all the same


async def test_what_was_passed_waits_again_where_it_says_more_and_not_where_it_says_less(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "node") as node:
        other = await befriend(node, "Harbour")
        await do(node, "peer_mode", peer="Harbour", mode="review")
        alert = await heard(node, other, phone=PHONE, role="client")
        await do(node, "review_pass", alerts=[alert])
        await revised(node, other, alert, phone=PHONE)
        assert await ids(node, "members") == [alert]
        await revised(node, other, alert, phone=PHONE, role="officer")
        assert await ids(node, "members") == []
        await do(node, "review_pass", alerts=[alert])
        assert await ids(node, "members") == [alert]
        await erased_by(node, other, alert)
        assert await count(node, passed) == 0


async def test_a_mode_acts_on_all_that_is_here_and_survives_a_restart(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        other = await befriend(node, "Harbour")
        await do(node, "peer_mode", peer="Harbour", mode="review")
        alert = await heard(node, other, phone=PHONE)
    async with one_node(tmp_path / "node") as node:
        assert (await do(node, "peer_mode", peer="Harbour"))["mode"] == "review"
        assert await ids(node, "members") == []
        await do(node, "peer_mode", peer="Harbour", mode="members")
        assert await ids(node, "members") == [alert]


async def test_ignored_codes_are_in_no_list_and_no_check_and_told_by_number(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "node") as node:
        other = await befriend(node, "Harbour")
        small = await heard(node, other, phone=PHONE, codes=["no_show"])
        both = await heard(node, other, phone=PHONE, codes=["no_show", "robbery"])
        stands = await do(node, "peer_mode", peer="Harbour", mode="ignore:nuisance, CR")
        assert {"no_show", "uneasy"} <= set(stands["ignored"])
        listed = await do(node, "alert_list")
        assert ([row["id"] for row in listed["alerts"]], listed["left_out"]) == (
            [both],
            {"ignored": 1},
        )
        found = await checked(node)
        assert ([row["alert"] for row in found["matches"]], found["left_out"]) == (
            [both],
            {"ignored": 1},
        )
        assert set(await ids(node, ignored=True)) == {small, both}
        assert (await do(node, "alert_show", alert=small))["ignored"] is True


@pytest.mark.parametrize("mode", ["", "hide", "ignore", "ignore:", "ignore:murder", "review:x"])
async def test_an_unknown_mode_is_refused(tmp_path: Path, mode: str) -> None:
    async with one_node(tmp_path / "node") as node:
        await befriend(node, "Harbour")
        with pytest.raises(BadField, match="mode"):
            await do(node, "peer_mode", peer="Harbour", mode=mode)


async def three(node: Node) -> tuple[list[MadeUp], list[str]]:
    """Three organisations with an alert each: the first two of one number, the third of none."""
    orgs = [await befriend(node, name) for name in ("Harbour", "Northside", "Lanterns")]
    alerts = [
        await heard(node, orgs[0], phone=PHONE),
        await heard(node, orgs[1], phone=PHONE, email=["a@example.com"]),
        await heard(node, orgs[2], email=["b@example.com"]),
    ]
    return orgs, alerts


async def test_alerts_of_one_number_are_suggested_with_the_reason_and_never_merged(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "node") as node:
        _, (one, two, three_) = await three(node)
        [cluster] = (await do(node, "cluster_list"))["clusters"]
        assert (cluster["state"], cluster["organisations"]) == ("suggested", 2)
        assert [row["alert"] for row in cluster["alerts"]] == sorted([one, two])
        assert cluster["why"] == [{"alerts": sorted([one, two]), "why": ["same phone"]}]
        found = {row["alert"]: row for row in (await checked(node))["matches"]}
        assert found.keys() == {one, two}  # each is its own
        [also] = found[one]["also_reported_by"]
        assert (also["alert"], also["org_name"], also["why"], also["confirmed"]) == (
            two, "Northside", ["same phone"], False,
        )  # fmt: skip
        alone = await do(node, "cluster_show", alert=three_)
        assert [row["alert"] for row in alone["alerts"]] == [three_]


async def test_a_voice_puts_alerts_together_only_from_whom_we_hear(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        orgs, (one, two, third) = await three(node)
        await spoken(node, orgs[0], SAME_AS, two, third)
        shown = await do(node, "cluster_show", alert=one)
        assert {row["alert"] for row in shown["alerts"]} == {one, two, third}
        why = {tuple(each["alerts"]): each["why"] for each in shown["why"]}
        assert why[tuple(sorted([two, third]))] == ["Harbour says they are the same"]
        await do(node, "peer_block", peer="Harbour")
        assert (await do(node, "cluster_list"))["clusters"] == []


async def test_what_a_reviewer_keeps_apart_stays_apart_whatever_others_say(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "node") as node:
        orgs, (one, two, third) = await three(node)
        await do(node, "cluster_part", alert=one, other=two)
        assert (await do(node, "cluster_list"))["clusters"] == []
        assert (await do(node, "cluster_show", alert=one))["kept_apart"] == [two]
        await spoken(node, orgs[2], SAME_AS, one, two)
        await spoken(node, orgs[2], SAME_AS, one, third)
        await spoken(node, orgs[2], SAME_AS, two, third)
        for cluster in (await do(node, "cluster_list"))["clusters"]:
            assert not {one, two} <= {row["alert"] for row in cluster["alerts"]}
        matches = {row["alert"]: row for row in (await checked(node))["matches"]}
        assert two not in {each["alert"] for each in matches[one].get("also_reported_by", [])}


async def test_a_reviewer_s_word_is_remembered_and_must_not_contradict_itself(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "node") as node:
        orgs, (one, two, third) = await three(node)
        await do(node, "cluster_join", alert=one, other=third)
        [cluster] = [
            each
            for each in (await do(node, "cluster_list"))["clusters"]
            if len(each["alerts"]) == 3
        ]
        assert cluster["state"] == "suggested"  # the second is only of the same number
        await do(node, "cluster_join", alert=one, other=two)
        assert (await do(node, "cluster_list"))["clusters"][0]["state"] == "confirmed"
        with pytest.raises(BadRequest, match="contradicts"):
            await do(node, "cluster_part", alert=two, other=third)
        await do(node, "cluster_part", alert=one, other=two)  # the last word on a pair stands
        await do(node, "cluster_part", alert=two, other=third)
        with pytest.raises(BadRequest, match="one alert"):
            await do(node, "cluster_join", alert=one, other=one)
        await erased_by(node, orgs[0], one)
        assert await count(node, cluster_marks) == 1


async def test_members_are_told_of_no_alert_that_is_not_theirs(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        other = await befriend(node, "Harbour")
        one = await heard(node, other, phone=PHONE)
        await heard(node, other, phone=PHONE, terms=["staff", *[False] * 4, []])
        hidden = await heard(node, other, phone=PHONE)
        await do(node, "verdict_set", alert=hidden, hide=True)
        [found] = (await checked(node, "members"))["matches"]
        assert (found["alert"], "also_reported_by" in found) == (one, False)
        [mine] = [row for row in (await checked(node))["matches"] if row["alert"] == one]
        assert len(mine["also_reported_by"]) == 2


async def test_the_short_way_of_a_check_finds_the_groups_of_the_long_one(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        orgs, (one, two, third) = await three(node)
        far = await heard(node, orgs[2], phone=["+14155550177"], email=["a@example.com"])
        short = (await checked(node, text="+1 415 555 0177"))["matches"]
        assert {each["alert"] for each in short[0]["also_reported_by"]} == {one, two}
        short = {row["alert"]: row for row in (await checked(node))["matches"]}
        await do(node, "peer_mode", peer="Lanterns", mode="ignore:disrespect")  # now it is long
        long = {row["alert"]: row for row in (await checked(node))["matches"]}
        assert short == long
        assert {each["alert"] for each in long[one]["also_reported_by"]} == {two, far}
        assert third not in str(long)


def put_back(home: Path, copy: Path) -> None:
    """Put an old store in the place of the present one; the register stays."""
    for path in home.glob("store.db*"):
        path.unlink()
    for path in copy.glob("store.db*"):
        shutil.copy(path, home / path.name)


async def test_an_old_store_forgets_neither_what_we_hid_nor_what_a_peer_passes_through(
    tmp_path: Path,
) -> None:
    home, copy = tmp_path / "node", tmp_path / "copy"
    async with one_node(home) as node:
        other = await befriend(node, "Harbour")
        alert = await heard(node, other, phone=PHONE)
    copy.mkdir()
    for path in home.glob("store.db*"):
        shutil.copy(path, copy / path.name)
    async with one_node(home) as node:
        later = await heard(node, other, phone=["+14155550143"])
        for each in (alert, later):
            await do(node, "verdict_set", alert=each, hide=True, note="Twins.")
        await do(node, "peer_mode", peer="Harbour", mode="ignore:uneasy")
        await do(node, "peer_mode", peer="Harbour", mode="review")
    put_back(home, copy)
    async with one_node(home) as node:
        await node.change(lambda connection: connection.execute(update(peers).values(in_synced=1)))
        assert (await do(node, "peer_mode", peer="Harbour"))["mode"] == "review"
        [found] = (await do(node, "verdict_list"))["verdicts"]
        assert (found["alert"], found["hide"]) == (alert, True)
        await node.change(forget_judged, node.today)
        assert await count(node, verdicts) == 2  # the other alert has still to come
        await do(node, "verdict_clear", alert=alert)
        await do(node, "peer_mode", peer="Harbour", mode="members")
    put_back(home, copy)
    async with one_node(home) as node:
        assert (await do(node, "peer_mode", peer="Harbour"))["mode"] == "members"
        assert (await do(node, "verdict_list"))["verdicts"] == []


async def test_the_register_forgets_what_was_hidden_once_the_alert_has_ended(
    tmp_path: Path,
) -> None:
    clock = Clock()
    async with one_node(tmp_path / "node", clock=clock) as node:
        other = await befriend(node, "Harbour")
        alert = await heard(node, other, phone=PHONE)
        await do(node, "verdict_set", alert=alert, hide=True)
        register = node.context.register
        assert len(dict(register.all(permissions.HIDDEN))) == 1
        for days in (1, 120):
            clock.now += days * DAY_US
            await node.change(forget_judged, node.today)
            await node.change(forget_hidden, register, node.today)
            assert len(dict(register.all(permissions.HIDDEN))) == (days == 1)
