"""Whom a check asks, and how it names those whom it could not ask."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from federation.peers import PeerState
from keys.oprf import OprfKey, derive_key, own_token
from node.runtime import Node
from node.store.match_counts import asked_on
from protocol.codec import Value
from tests.support.key_material import Chance, MadeUp
from tests.support.one_node import befriend, one_node, received
from tests.support.processes import free_port

PHONE = "+14155550142"
KEY = derive_key(Chance("Harbour's tokens")(32))
OLD = derive_key(Chance("Harbour's older tokens")(32))
Check = Callable[..., Awaitable[list[tuple[str, str]]]]


def tokens(key: OprfKey, *phones: str) -> Value:
    return [[key.kid, own_token(key, "phone", phone)] for phone in phones]


def closed_door() -> str:
    """An address at which nothing listens."""
    return f"http://127.0.0.1:{free_port()}/abcdefghijklmnopqrstuvwxyz234567"


@asynccontextmanager
async def asking(
    folder: Path,
    *,
    kid: bytes = KEY.kid,
    state: PeerState = PeerState.TRUSTED,
    given: dict[str, Value] | None = None,
) -> AsyncIterator[tuple[Node, MadeUp]]:
    """A node that holds one alert of Harbour, which has an address where nobody answers."""
    async with one_node(folder / "home") as node:
        node.settings = replace(node.settings, allow_loopback=True)
        harbour = await befriend(node, "Harbour", oprf_kid=kid, endpoints=[closed_door()])
        await received(node, harbour, **(given or {"phone.token": tokens(KEY, PHONE)}))
        if state is not PeerState.TRUSTED:
            await node.dispatch("peer_pause", {"peer": "Harbour"})
        yield node, harbour


async def check(node: Node, text: str, **more: Any) -> list[tuple[str, str]]:
    found = await node.dispatch("check", {"text": text, **more})
    assert found["matches"] == []
    return [(row["org_name"], row["reason"]) for row in found["not_asked"]]


async def test_an_origin_that_does_not_answer_is_named(tmp_path: Path) -> None:
    async with asking(tmp_path) as (node, _):
        assert await check(node, PHONE) == [("Harbour", "no_connection")]
        assert await node.read(asked_on, node.today) == 1


@pytest.mark.parametrize(
    ("text", "reason"), [(PHONE, "no_connection"), ("5550142", "only_whole"), ("Sam", "")]
)
async def test_only_what_is_whole_and_of_a_kind_that_it_gave_is_asked(
    tmp_path: Path, text: str, reason: str
) -> None:
    async with asking(tmp_path) as (node, _):
        assert await check(node, text) == ([("Harbour", reason)] if reason else [])


async def test_nobody_is_asked_where_that_is_not_wanted(tmp_path: Path) -> None:
    async with asking(tmp_path) as (node, _):
        assert await check(node, PHONE, local=True) == [("Harbour", "not_asked_locally")]
        assert await node.read(asked_on, node.today) == 0


async def test_nobody_is_asked_beyond_our_own_number_of_a_day(tmp_path: Path) -> None:
    async with asking(tmp_path) as (node, _):
        node.settings = replace(node.settings, match_asks=1)
        assert await check(node, PHONE) == [("Harbour", "no_connection")]
        assert await check(node, PHONE) == [("Harbour", "own_quota")]


async def test_tokens_of_another_key_than_the_card_s_cannot_be_asked_about(tmp_path: Path) -> None:
    async with asking(tmp_path, given={"phone.token": tokens(OLD, PHONE)}) as (node, _):
        assert await check(node, PHONE) == [("Harbour", "key_changed")]
        assert await node.read(asked_on, node.today) == 0


async def test_an_origin_that_cannot_match_is_named(tmp_path: Path) -> None:
    async with asking(tmp_path, kid=b"") as (node, _):
        assert await check(node, PHONE) == [("Harbour", "matching_unavailable_there")]


async def test_here_where_matching_is_off_that_is_the_reason(tmp_path: Path) -> None:
    async with asking(tmp_path) as (node, _):
        node.context.oprf_key = None
        assert await check(node, PHONE) == [("Harbour", "matching_unavailable_here")]


async def test_a_peer_that_we_paused_is_not_asked(tmp_path: Path) -> None:
    async with asking(tmp_path, state=PeerState.PAUSED) as (node, _):
        assert await check(node, PHONE) == [("Harbour", "paused")]


async def test_an_origin_without_an_address_is_named(tmp_path: Path) -> None:
    async with one_node(tmp_path / "home") as node:
        harbour = await befriend(node, "Harbour", oprf_kid=KEY.kid)
        await received(node, harbour, **{"phone.token": tokens(KEY, PHONE)})
        assert await check(node, PHONE) == [("Harbour", "no_endpoint")]


async def test_a_hold_is_not_asked_about(tmp_path: Path) -> None:
    async with one_node(tmp_path / "home") as node:
        harbour = await befriend(node, "Harbour", oprf_kid=KEY.kid, endpoints=[closed_door()])
        await received(node, harbour, kind="hold", **{"phone.token": tokens(KEY, PHONE)})
        assert await check(node, PHONE) == []


async def test_where_the_number_itself_is_held_nobody_is_asked(tmp_path: Path) -> None:
    given: dict[str, Value] = {"phone": ["+14155550177"], "phone.token": tokens(KEY, PHONE)}
    async with asking(tmp_path, given=given) as (node, _):
        assert await check(node, PHONE) == []


async def test_who_claims_another_s_key_keeps_nobody_from_being_asked(tmp_path: Path) -> None:
    async with asking(tmp_path) as (node, _):
        thief = await befriend(node, "Thief", oprf_kid=KEY.kid, endpoints=[closed_door()])
        await received(node, thief, **{"phone.token": tokens(KEY, PHONE, "+14155550177")})
        found = sorted(await check(node, PHONE))
        assert found == [("Harbour", "no_connection"), ("Thief", "no_connection")]


async def test_many_keys_that_a_peer_made_up_do_not_hold_a_check_up(tmp_path: Path) -> None:
    async with asking(tmp_path) as (node, harbour):
        for number in range(33):
            made_up_keys: Value = [[bytes([number, at]) + bytes(6), bytes(32)] for at in range(16)]
            await received(node, harbour, **{"phone.token": made_up_keys})
        async with asyncio.timeout(5):
            found = await check(node, PHONE)
        assert found == [("Harbour", "no_connection")]
