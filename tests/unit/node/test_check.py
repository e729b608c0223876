"""Check: what is known is found however it is typed, and what may not be shown is not."""

import asyncio
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, select, update

from federation.peers import PeerState
from node.errors import BadField
from node.question import TYPED_CHARACTERS, parse_question
from node.runtime import Node
from node.store import tables
from node.store.peers import set_peer
from node.store.records import index_rows, reindex
from protocol.identifiers import masked
from tests.support.one_node import DAY_US, Clock, befriend, one_node, published, received


async def check(node: Node, typed: str) -> list[dict[str, Any]]:
    found = await node.dispatch("check", {"text": typed})
    matches: list[dict[str, Any]] = found["matches"]
    return matches


async def why(node: Node, typed: str) -> list[str]:
    return [match["why"] for match in await check(node, typed)]


KNOWN: dict[str, Any] = {
    "phone": ["+15105550123", "+447700900123"],
    "email": ["first.last@example.org"],
    "handle": ["telegram:abby_x"],
    "plate": ["US:7ABC271"],
    "profile": ["example.com/u/tom9"],
    "name": ["Tony from site B"],
}


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("+1 510 555 0123", "phone exact"),
        ("(510) 555-0123 ext 4", "phone exact"),
        ("00 1 510.555.0123", "phone exact"),
        ("011 44 7700 900123", "phone exact"),
        ("07700 900123", "phone without country"),
        ("7700900123", "phone without country"),
        ("٥١٠ ٥٥٥ ٠١٢٣", "phone exact"),
        ("tel: 510 555 0123", "phone exact"),
        ("0123", "phone end"),
        ("555 01", "phone part"),
        ("First.Last+x6@Example.ORG", "email exact"),
        ("first.last", "email start"),
        ("@example.org", "email part"),
        ("tg: @Abby_X", "handle exact"),
        ("abby_x on Telegram", "handle exact"),
        ("@abby_x", "handle on any service"),
        ("abb", "handle start"),
        ("7-ABC 271", "plate exact"),
        ("FR:7ABC271", "plate of another country"),
        ("BC27", "plate part"),
        ("7A?C*", "plate part"),
        ("ends in 271", "plate part"),
        ("https://www.example.com/u/Tom9/", "profile exact"),
        ("tony", "name"),
        ("TONY FROM SITE B", "name"),
        ("ony", "name part"),
    ],
)
async def test_a_record_is_found_however_it_is_typed(
    tmp_path: Path, typed: str, reason: str
) -> None:
    async with one_node(tmp_path / "node", preset="decriminalised") as node:
        harbour = await befriend(node, "Harbour")
        alert = await received(node, harbour, **KNOWN)
        matches = await check(node, typed)
        assert [(match["alert"], match["why"]) for match in matches] == [(alert, reason)]
        assert matches[0]["fields"]["phone"] == KNOWN["phone"]
        assert matches[0]["org_name"] == "Harbour"


@pytest.mark.parametrize(
    ("kind", "value", "typed"),
    [
        ("phone", "+15105550123", "510 555 0123"),
        ("email", "abby@example.org", "abby@example.org"),
        ("handle", "telegram:abby_x", "telegram:abby_x"),
        ("plate", "US:7ABC271", "7ABC271"),
    ],
)
async def test_a_masked_form_is_found_by_the_whole(
    tmp_path: Path, kind: str, value: str, typed: str
) -> None:
    async with one_node(tmp_path / "node") as node:
        harbour = await befriend(node, "Harbour")
        shown: dict[str, Any] = {f"{kind}.masked": [masked(kind, value)]}
        await received(node, harbour, **shown)
        assert await why(node, typed) == [f"{kind} masked form"]


async def test_another_number_with_the_same_last_digits_is_no_match(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        await published(node, phone="415 555 0123")
        assert await check(node, "510 555 0123") == []


@pytest.mark.parametrize(
    ("known", "typed", "found"),
    [
        ("GZW??", "GZW12", True),
        ("GZW??", "GZW123", False),
        ("*7X*", "ABC7X12", True),
        ("A?B?", "A1B2", True),
        ("A?B?", "A1C2", False),
        ("*7X1*", "7X", True),
        ("7X*", "AB7X1", False),
    ],
)
async def test_a_plate_is_held_against_parts_on_record(
    tmp_path: Path, known: str, typed: str, *, found: bool
) -> None:
    async with one_node(tmp_path / "node") as node:
        await published(node, part=known)
        assert bool(await check(node, typed)) == found


@pytest.mark.parametrize(
    ("state", "columns", "reason"),
    [
        (PeerState.TRUSTED, {}, None),
        (PeerState.TRUSTED, {"contact_us": 0}, "never_heard"),
        (PeerState.PAUSED, {}, "paused"),
        (PeerState.TRUSTED, {"in_synced": 0}, "not_synced_since_restore"),
        (PeerState.UNVERIFIED, {}, None),
    ],
)
async def test_who_could_not_be_asked_is_named(
    tmp_path: Path, state: PeerState, columns: dict[str, Any], reason: str | None
) -> None:
    async with one_node(tmp_path / "node") as node:
        await befriend(node, "Harbour", state, **columns)
        found = await node.dispatch("check", {"text": "510 555 0123"})
        named = [(row["org_name"], row["reason"]) for row in found["not_asked"]]
        assert named == ([("Harbour", reason)] if reason else [])
        assert found["note"] == "No match is not proof of safety."


async def test_a_peer_that_was_silent_for_a_week_is_stale(tmp_path: Path) -> None:
    clock = Clock()
    async with one_node(tmp_path / "node", clock=clock) as node:
        await befriend(node, "Harbour")
        clock.now += 8 * DAY_US
        found = await node.dispatch("check", {"text": "510 555 0123"})
        assert [row["reason"] for row in found["not_asked"]] == ["stale"]


async def test_what_may_not_be_shown_is_not_found(tmp_path: Path) -> None:
    clock = Clock()
    async with one_node(tmp_path / "node", clock=clock) as node:
        await received(node, await befriend(node, "Harbour"), phone=["+15105550123"])
        for columns in (
            {"state": PeerState.BLOCKED.value},
            {"state": PeerState.TRUSTED.value, "in_synced": 0},
        ):
            await node.change(partial(become, columns))
            assert await check(node, "510 555 0123") == []
            assert await check(node, "0123") == []
        await node.change(partial(become, {"in_synced": 1}))
        assert await why(node, "0123") == ["phone end"]
        hiding = (("hidden", "revoked_key", ""), ("row_kind", 1, 0), ("status", 1, 0))
        for column, away, back in hiding:
            await node.change(partial(put_column, column=column, value=away))
            assert await check(node, "0123") == []
            await node.change(partial(put_column, column=column, value=back))
        assert await why(node, "0123") == ["phone end"]
        clock.now += 91 * DAY_US
        assert await check(node, "0123") == []


def become(columns: dict[str, Any], connection: Connection) -> None:
    set_peer(connection, 1, **columns)


def put_column(connection: Connection, column: str, value: str | int) -> None:
    connection.execute(update(tables.records).values({column: value}))


async def test_the_best_match_comes_first_then_the_most_severe(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        part = await published(node, phone="415 551 0550", codes="WP")
        mild = await published(node, phone="510 555 1055", codes="NS")
        grave = await published(node, phone="415 555 1055", codes="WP")
        newer = await published(node, phone="628 555 1055", codes="NS")
        ids = [match["alert"] for match in await check(node, "1055")]
        assert ids == [grave, newer, mild, part]


async def test_many_matches_are_capped_and_counted(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        for count in range(60):
            await published(node, phone=f"510 555 01{count:02}")
        found = await node.dispatch("check", {"text": "555 01"})
        assert (len(found["matches"]), found["more"]) == (50, 10)


async def test_what_may_be_shown_is_found_behind_much_that_may_not(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        ours = await published(node, phone="510 555 0123")

        def crowd(connection: Connection) -> None:
            """Many newer records of an origin that is not heard, with the same number."""
            row = connection.execute(select(tables.records)).mappings().one()
            for count in range(2, 400):
                strange = {"id": count, "rk": bytes([9]) + count.to_bytes(15), "org": b"x" * 32}
                connection.execute(tables.records.insert().values(**{**row, **strange}))
                reindex(connection, index_rows(count, {"phone": ["+15105550123"]}))

        await node.change(crowd)
        for typed in ("510 555 0123", "0123"):
            assert [match["alert"] for match in await check(node, typed)] == [ours]


async def test_each_commit_reaches_the_next_check(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        assert await check(node, "0123") == []
        alert = await published(node, phone="510 555 0123", name="Tony")
        assert await why(node, "0123") == ["phone end"]
        form = {"phone": ["510 555 0199"]}
        await node.dispatch("alert_correct", {"alert": alert, "fields": form})
        assert await check(node, "0123") == []
        assert await why(node, "0199") == ["phone end"]
        await node.dispatch("alert_erase", {"alert": alert})
        assert await check(node, "0199") == []
        assert not held(node)


def held(node: Node) -> set[str]:
    """Every value that is in memory."""
    return {
        value
        for kind in ("phone", "name", "plate.part", "email")
        for value in node.identifiers.all_of(kind)
    }


async def test_what_failed_to_commit_is_not_in_memory(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        alert = await published(node, phone="510 555 0123")
        await check(node, "0123")

        def fail(connection: Connection) -> None:
            reindex(connection, index_rows(99, {"phone": ["+14155550199"]}))
            raise LookupError

        async def succeed() -> None:
            await published(node, phone="510 555 0124")

        results = await asyncio.gather(
            node.change(fail), succeed(), node.change(fail), return_exceptions=True
        )
        assert [isinstance(result, LookupError) for result in results] == [True, False, True]
        assert await why(node, "0124") == ["phone end"]
        assert held(node) == {"+15105550123", "+15105550124"}
        assert (await check(node, "0123"))[0]["alert"] == alert


async def test_a_change_that_is_not_understood_is_read_anew(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        await published(node, phone="510 555 0123")
        await check(node, "0123")
        await node.change(lambda c: c.execute(delete(tables.identifiers)))
        assert not node.identifiers.is_loaded
        assert await check(node, "0123") == []
        assert held(node) == set()


async def test_a_name_may_hold_any_character(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node", preset="decriminalised") as node:
        # What a peer signed; of what is typed here such marks are taken away.
        await received(node, await befriend(node, "Harbour"), name=["Ann\tB\nC", "Ünï\u2028cödé"])
        assert await why(node, "ann b") == []  # the tab is a tab
        assert await why(node, "cödé") == ["name"]
        assert sorted(held(node)) == ["ann\tb\nc", "ünï\u2028cödé"]


@pytest.mark.parametrize("typed", ["", "  ", "1", "a", "?", "??", "+1", "x" * 201])
async def test_too_little_or_too_much_is_said_to_be_so(tmp_path: Path, typed: str) -> None:
    async with one_node(tmp_path / "node") as node:
        with pytest.raises(BadField):
            await check(node, typed)


@given(st.text(max_size=TYPED_CHARACTERS + 5))
def test_any_text_is_a_question_or_refused_without_being_quoted(typed: str) -> None:
    try:
        question = parse_question(typed, "US", {"1", "44"})
    except BadField as refusal:
        quoted = len(typed) > 4 and typed in str(refusal)
    else:
        looked_for = question.sought or question.scans or question.words
        quoted = not (looked_for or question.plates or question.plate_parts)
        for scan in question.scans:
            scan.judge("+15105550123")
    assert not quoted


DIGITS = st.integers(2_000_000, 9_999_999)
SEPARATORS = st.sampled_from(["", " ", "-", ".", " / ", "\u00a0", ")", "\u200e"])
NUMBERS = st.one_of(
    st.builds("+1{}555{:04}".format, st.sampled_from([212, 415, 510]), st.integers(0, 9999)),
    st.builds("+447700900{:03}".format, st.integers(0, 999)),
    st.builds("+331990{:05}".format, st.integers(0, 99999)),
)
PREFIXES = {"1": ("+1", "1", "001", "011 1", ""), "44": ("+44", "0044", "011 44", "0", "+44 (0)"),
            "33": ("+33", "0033", "011 33", "0")}  # fmt: skip


@st.composite
def written(draw: st.DrawFn) -> tuple[str, str]:
    """A number and one of the ways in which people write it."""
    number = draw(NUMBERS)
    code = next(code for code in PREFIXES if number.startswith(f"+{code}"))
    national = number[1 + len(code) :]
    cuts = sorted(draw(st.sets(st.integers(1, len(national) - 1), max_size=3)))
    parts = [national[a:b] for a, b in zip([0, *cuts], [*cuts, None], strict=True)]
    separator = draw(SEPARATORS)
    spoken = draw(st.sampled_from(PREFIXES[code])) + separator.join(parts)
    return number, spoken + draw(st.sampled_from(["", " ext 12", " x3", " "]))


@settings(
    max_examples=10, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(st.lists(written(), min_size=20, max_size=40))
def test_a_stored_number_is_never_missed_in_any_way_of_writing_it(
    tmp_path: Path, cases: list[tuple[str, str]]
) -> None:
    async def run() -> None:
        async with one_node(tmp_path / "node") as node:

            def put(connection: Connection) -> None:
                row = connection.execute(select(tables.records)).mappings().first()
                assert row is not None
                connection.execute(delete(tables.identifiers))
                reindex(connection, index_rows(row["id"], {"phone": [n for n, _ in cases]}))

            if not (await node.dispatch("alert_list", {}))["alerts"]:
                await published(node)
            await node.change(put)
            for number, typed in cases:
                assert await check(node, typed), (number, typed)
                assert await check(node, number[-6:]), number

    asyncio.run(run())
