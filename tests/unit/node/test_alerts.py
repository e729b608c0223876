"""Alerts: what is shown of them, and how ours are corrected, narrowed and taken back."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select, update

from federation.peers import PeerState
from node.errors import BadField, BadRequest, NotFound, Refused
from node.runtime import Node
from node.store.peers import peer_of, set_peer
from node.store.tables import drafts, identifiers, ledger, records
from protocol.fields import FIELDS
from tests.support.key_material import MadeUp
from tests.support.one_node import DAY_US, Clock, befriend, one_node, published, received


async def show(node: Node, alert: str) -> dict[str, Any]:
    return await node.dispatch("alert_show", {"alert": alert})


async def correct(node: Node, alert: str, **fields: str) -> dict[str, Any]:
    form = {name: [text] for name, text in fields.items()}
    return await node.dispatch("alert_correct", {"alert": alert, "fields": form})


async def granted(node: Node, other: MadeUp) -> set[str]:
    """The leaves that the ledger grants a peer, of the only alert."""
    from node.store.ledger_rows import decode_names

    def names(connection: Connection) -> set[str]:
        peer = peer_of(connection, other.org)
        assert peer is not None
        query = select(ledger.c.names).where(ledger.c.peer == peer.id)
        return {name for (raw,) in connection.execute(query) for name in decode_names(raw)}

    return await node.read(names)


async def test_every_leaf_is_either_shown_or_absent(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        shown = await show(node, await published(node, phone="510 555 0123", city="Oakland"))
        assert set(shown["fields"]) | set(shown["absent"]) == set(FIELDS)
        assert not set(shown["fields"]) & set(shown["absent"])


@pytest.mark.parametrize("letters", [8, 15, 25, 26])
async def test_an_alert_is_known_by_the_beginning_of_its_id(tmp_path: Path, letters: int) -> None:
    async with one_node(tmp_path / "node") as node:
        ids = [await published(node, phone=f"510 555 01{n:02}") for n in range(5)]
        for alert in ids:
            typed = f" {alert[:letters].upper()} "
            assert (await show(node, typed))["id"] == alert


@pytest.mark.parametrize("typed", ["", "abc", "zzzzzzzz", "no such!", "a" * 26, "a" * 60])
async def test_an_unknown_alert_is_not_found(tmp_path: Path, typed: str) -> None:
    async with one_node(tmp_path / "node") as node:
        await published(node)
        with pytest.raises(NotFound):
            await show(node, typed)


async def test_a_received_alert_is_verified_against_its_origin(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        harbour = await befriend(node, "Harbour")
        alert = await received(node, harbour, phone=["+14155550142"])
        shown = await show(node, alert)
        assert (shown["org_name"], shown["status"]) == ("Harbour", "live")
        assert shown["signature"] == "verified"


@pytest.mark.parametrize("column", ["entry", "sig", "disclosures", "rk"])
async def test_one_changed_byte_fails_the_signature(tmp_path: Path, column: str) -> None:
    async with one_node(tmp_path / "node") as node:
        harbour = await befriend(node, "Harbour")
        alert = await received(node, harbour, phone=["+14155550142"])

        def spoil(connection: Connection) -> None:
            raw = bytearray(connection.execute(select(records.c[column])).scalar_one())
            raw[-1] ^= 1
            connection.execute(update(records).values({column: bytes(raw)}))

        await node.change(spoil)
        only = (await node.dispatch("alert_list", {}))["alerts"][0]["id"]
        assert (only == alert) == (column != "rk")
        assert (await show(node, only))["signature"] == "failed"


@pytest.mark.parametrize(
    ("state", "columns", "status"),
    [
        (PeerState.TRUSTED, {}, "live"),
        (PeerState.PAUSED, {}, "live"),
        (PeerState.TRUSTED, {"in_synced": 0}, "quarantined"),
        (PeerState.BLOCKED, {}, "quarantined"),
    ],
)
async def test_what_an_unheard_or_unsynced_origin_said_is_quarantined(
    tmp_path: Path, state: PeerState, columns: dict[str, int], status: str
) -> None:
    async with one_node(tmp_path / "node") as node:
        harbour = await befriend(node, "Harbour")
        alert = await received(node, harbour)

        def become(connection: Connection) -> None:
            set_peer(connection, 1, state=state.value, **columns)

        await node.change(become)
        assert (await show(node, alert))["status"] == status
        listed = await node.dispatch("alert_list", {"org": "Harbour", "status": status})
        assert [row["id"] for row in listed["alerts"]] == [alert]


async def test_an_alert_past_its_last_day_is_expired(tmp_path: Path) -> None:
    clock = Clock()
    async with one_node(tmp_path / "node", clock=clock) as node:
        alert = await published(node)
        clock.now += 365 * DAY_US
        assert (await show(node, alert))["status"] == "live"
        clock.now += DAY_US
        assert (await show(node, alert))["status"] == "expired"
        with pytest.raises(BadRequest, match="expired"):
            await correct(node, alert, city="Oakland")


async def test_a_correction_keeps_what_it_does_not_name(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        harbour = await befriend(node, "Harbour")
        alert = await published(
            node, phone="510 555 0123", city="Oakland", date="2026-01-10", name="Tony"
        )
        result = await correct(node, alert, city="Berkeley", codes="WP", name="")
        assert result == {"alert": alert, "rev": 2, "status": "live", "told": ["Harbour"]}
        fields = (await show(node, alert))["fields"]
        assert (fields["place.city"], fields["codes"], fields["severity"]) == (
            "Berkeley", ["weapon"], 4,
        )  # fmt: skip
        assert fields["date.day"] == "2026-01-10"
        assert "name" not in fields
        assert "phone" in await granted(node, harbour)


async def test_a_correction_derives_weaker_forms_anew(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        alert = await published(node, phone="510 555 0123", date="2026-01-10")
        await correct(node, alert, phone="415 555 0199", date="2025-12-30")
        fields = (await show(node, alert))["fields"]
        assert fields["phone.masked"] == ["+1*******199"]
        assert (fields["date.week"], fields["date.month"]) == ("2026-W01", "2025-12")


async def test_a_raised_severity_stays_until_the_codes_change(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        alert = await published(node, codes="NP", severity="4")
        await correct(node, alert, city="Oakland")
        assert (await show(node, alert))["fields"]["severity"] == 4
        await correct(node, alert, codes="NS")
        assert (await show(node, alert))["fields"]["severity"] == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"severity": "1"},
        {"codes": ""},
        {"text": "Call 510 555 0123."},
        {"city": "", "district": "Temescal"},
        {"slot": "00-06"},
    ],
)
async def test_a_correction_that_cannot_be_changes_nothing(
    tmp_path: Path, fields: dict[str, str]
) -> None:
    async with one_node(tmp_path / "node") as node:
        alert = await published(node, codes="VI", city="Oakland")
        before = await show(node, alert)
        with pytest.raises(BadField):
            await correct(node, alert, **fields)
        assert await show(node, alert) == before


async def test_a_likely_name_in_a_correction_is_noted_and_let_through(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        alert = await published(node)
        result = await correct(node, alert, text="He says that Maria knows him.")
        assert result["notes"] == ["text: a name inside the text"]


async def test_a_correction_does_not_renew_an_alert(tmp_path: Path) -> None:
    clock = Clock()
    async with one_node(tmp_path / "node", clock=clock) as node:
        alert = await published(node)
        expires = (await show(node, alert))["expires"]
        clock.now += 100 * DAY_US
        await correct(node, alert, city="Oakland")
        assert (await show(node, alert))["expires"] == expires


async def test_a_withdrawal_leaves_the_reason_and_nothing_to_find(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        await befriend(node, "Harbour")
        alert = await published(node, phone="510 555 0123", text="He left.")
        result = await node.dispatch("alert_withdraw", {"alert": alert, "reason": "Mistaken."})
        assert (result["status"], result["rev"], result["told"]) == ("withdrawn", 2, ["Harbour"])
        shown = await show(node, alert)
        assert set(shown["fields"]) == {"kind", "terms", "reason"}
        assert shown["signature"] == "verified"
        assert await node.read(lambda c: c.execute(select(identifiers)).fetchall()) == []
        with pytest.raises(BadRequest, match="withdrawn"):
            await correct(node, alert, city="Oakland")


@pytest.mark.parametrize("reason", ["It was 510 555 0123.", "x" * 501])
async def test_a_reason_that_cannot_travel_is_refused(tmp_path: Path, reason: str) -> None:
    async with one_node(tmp_path / "node") as node:
        alert = await published(node)
        with pytest.raises(BadField):
            await node.dispatch("alert_withdraw", {"alert": alert, "reason": reason})
        assert (await show(node, alert))["status"] == "live"


async def test_an_erasure_takes_the_draft_with_it(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        await befriend(node, "Harbour")
        alert = await published(node, phone="510 555 0123", text="He left.")
        result = await node.dispatch("alert_erase", {"alert": alert})
        assert (result["status"], result["told"]) == ("erased", ["Harbour"])
        shown = await show(node, alert)
        assert (shown["fields"], shown["signature"]) == ({}, "verified")
        row = await node.read(lambda c: c.execute(select(drafts)).one())
        assert b"5105550123" not in b"".join(bytes(each) for each in (row.fields, row.private))
        again = await node.dispatch("alert_erase", {"alert": alert})
        assert (again["rev"], again["told"]) == (2, [])


async def test_a_dry_run_says_who_would_be_told(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        await befriend(node, "Harbour")
        alert = await published(node)
        for command in ("alert_withdraw", "alert_erase"):
            result = await node.dispatch(command, {"alert": alert, "dry_run": True})
            assert result["told"] == ["Harbour"]
        assert (await show(node, alert))["status"] == "live"


async def test_narrowing_keeps_fields_from_one_peer_or_from_all(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        harbour, lakeside = await befriend(node, "Harbour"), await befriend(node, "Lakeside")
        alert = await published(node, phone="510 555 0123", city="Oakland", name="Tony")
        one = {"alert": alert, "peer": "harbour", "withhold": ["phone"]}
        assert (await node.dispatch("alert_narrow", one))["told"] == ["Harbour"]
        assert not {"phone", "phone.masked", "phone.token"} & await granted(node, harbour)
        assert "phone" in await granted(node, lakeside)
        await node.dispatch("alert_narrow", {"alert": alert, "withhold": ["city"]})
        for other in (harbour, lakeside):
            assert not {"place.city"} & await granted(node, other)
        assert "phone" not in await granted(node, harbour)
        assert (await show(node, alert))["narrowed"]["withheld"] == {
            "Harbour": ["phone", "phone.masked", "phone.token"],
            "all": ["place.city"],
        }


@pytest.mark.parametrize(
    ("word", "gone", "left"),
    [
        ("number", {"phone", "phone.masked"}, {"plate", "place.city", "date.day"}),
        ("phone.clear", {"phone"}, {"phone.masked"}),
        ("phone.masked", {"phone", "phone.masked"}, {"plate.masked"}),
        ("plate", {"plate", "plate.masked", "plate.part"}, {"phone"}),
        ("place", {"place.region", "place.city", "place.district"}, {"phone"}),
        ("city", {"place.city", "place.district"}, {"place.region"}),
        ("district", {"place.district"}, {"place.city"}),
        ("date", {"date.month", "date.week", "date.day", "date.slot"}, {"place.city"}),
        ("week", {"date.week", "date.day", "date.slot"}, {"date.month"}),
        ("day", {"date.day", "date.slot"}, {"date.week"}),
        ("vehicle", {"vehicle.make", "vehicle.colour"}, {"plate"}),
        ("person", {"person.hair"}, {"phone"}),
        ("identifiers", {"phone", "phone.masked", "plate.masked", "plate.part"}, {"vehicle.make"}),
    ],
)
async def test_withholding_a_field_withholds_every_level_of_it_and_a_level_the_finer_ones(
    tmp_path: Path, word: str, gone: set[str], left: set[str]
) -> None:
    async with one_node(tmp_path / "node", preset="decriminalised") as node:
        harbour = await befriend(node, "Harbour")
        alert = await published(
            node, phone="510 555 0123", plate="7ABC123", part="7AB*", city="Oakland",
            district="Uptown", date="2026-01-19", slot="18-24", make="Honda", colour="grey",
            hair="brown", name="Tony",
        )  # fmt: skip
        assert gone | left <= await granted(node, harbour)
        await node.dispatch("alert_narrow", {"alert": alert, "withhold": [word]})
        after = await granted(node, harbour)
        assert not gone & after
        assert left <= after


async def test_widening_lifts_a_narrowing_for_one_peer_or_for_all(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        harbour, lakeside = await befriend(node, "Harbour"), await befriend(node, "Lakeside")
        alert = await published(node, phone="510 555 0123", city="Oakland")
        await node.dispatch("alert_narrow", {"alert": alert, "hide": True})
        assert await granted(node, harbour) == set()
        await node.dispatch("alert_widen", {"alert": alert, "peer": "Harbour"})
        assert "phone" in await granted(node, harbour)
        assert await granted(node, lakeside) == set()
        await node.dispatch("alert_widen", {"alert": alert})
        assert "phone" in await granted(node, lakeside)


async def test_an_alert_is_hidden_from_one_peer_or_from_all(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        harbour, lakeside = await befriend(node, "Harbour"), await befriend(node, "Lakeside")
        alert = await published(node)
        await node.dispatch("alert_narrow", {"alert": alert, "peer": "Harbour", "hide": True})
        assert await granted(node, harbour) == set()
        assert await granted(node, lakeside)
        await node.dispatch("alert_narrow", {"alert": alert, "hide": True})
        assert await granted(node, lakeside) == set()


@pytest.mark.parametrize("asked", [{}, {"withhold": ["kind"]}, {"withhold": ["shoe size"]}])
async def test_a_narrowing_that_says_nothing_is_refused(
    tmp_path: Path, asked: dict[str, Any]
) -> None:
    async with one_node(tmp_path / "node") as node:
        alert = await published(node)
        with pytest.raises((BadField, BadRequest)):
            await node.dispatch("alert_narrow", {"alert": alert, **asked})


@pytest.mark.parametrize(
    ("command", "more"),
    [
        ("alert_correct", {"fields": {"city": ["Oakland"]}}),
        ("alert_withdraw", {"reason": ""}),
        ("alert_erase", {}),
        ("alert_narrow", {"hide": True}),
    ],
)
async def test_another_organisations_alert_cannot_be_changed(
    tmp_path: Path, command: str, more: dict[str, Any]
) -> None:
    async with one_node(tmp_path / "node") as node:
        alert = await received(node, await befriend(node, "Harbour"))
        with pytest.raises(Refused, match="only its own organisation"):
            await node.dispatch(command, {"alert": alert, **more})


async def test_alerts_are_listed_by_organisation(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        harbour = await befriend(node, "Harbour")
        ours, theirs = await published(node), await received(node, harbour)
        for org, expected in (("Riverside", {ours}), ("harbour", {theirs}), (None, {ours, theirs})):
            rows = (await node.dispatch("alert_list", {"org": org}))["alerts"]
            assert {row["id"] for row in rows} == expected
        with pytest.raises(NotFound):
            await node.dispatch("alert_list", {"org": "Nobody"})
        with pytest.raises(BadRequest):
            await node.dispatch("alert_list", {"status": "lost"})
