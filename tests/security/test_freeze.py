"""A node of ours that may be in other hands tells its peers nothing until its keeper thaws it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from federation.client import Client
from keys.envelope import open_wire
from node.commands.table import COMMANDS
from node.exchange import Exchange
from node.freezing import Frozen
from node.rounds import Rounds
from node.runtime import Node
from protocol.errors import ErrorNumber
from protocol.messages import Delta, Pull, decode_body
from protocol.messages_match import Matched
from tests.security.test_matching_asked import PHONES, ask, question, refusal
from tests.support.hostile import answering, matches, peer, sealed
from tests.support.key_material import MadeUp
from tests.support.one_node import befriend, one_node, published, received

READS = {"alert_list", "alert_show", "alert_coverage", "alert_board"}
NUMBER = "+1 415 555 0142"


@asynccontextmanager
async def publisher(home: Path) -> AsyncIterator[tuple[Node, MadeUp, str]]:
    """A node with one alert for one peer."""
    async with one_node(home / "node") as node:
        other = await befriend(node, "Harbour", they_trust=1)
        alert = await published(node, phone=NUMBER)
        yield node, other, alert


async def pulled(node: Node, other: MadeUp) -> Delta:
    """What a peer gets that pulls."""
    asked = Pull(0, node.today, bytes(32), (), 200_000, 0)
    answer = await answering(node).answer(sealed(node, other, asked))
    assert answer is not None
    inner = open_wire(answer, [other.box], other.org).inner
    delta = decode_body(inner.type, inner.body)
    assert isinstance(delta, Delta)
    return delta


async def test_a_frozen_node_says_that_there_is_more_and_brings_none_of_it(tmp_path: Path) -> None:
    async with publisher(tmp_path) as (node, other, _):
        assert len((await pulled(node, other)).items) == 1
        await node.dispatch("node_freeze", {"reason": "a window was open"})
        frozen = await pulled(node, other)
        assert (frozen.items, frozen.want, frozen.more, frozen.to_seq) == ((), (), True, 0)
        assert frozen.digest == bytes(32)
        await node.dispatch("node_thaw", {})
        assert len((await pulled(node, other)).items) == 1


async def test_a_frozen_node_pushes_nothing(tmp_path: Path) -> None:
    async with publisher(tmp_path) as (node, other, _):
        rounds = Rounds(node, Exchange(node, Client()), {})
        at = await peer(node, other)
        assert await node.change(rounds._next_delta, at.id, compare=True) is not None
        await node.dispatch("node_freeze", {})
        assert await node.change(rounds._next_delta, at.id, compare=True) is None


@pytest.mark.parametrize(
    "command", sorted(name for name in COMMANDS if name.startswith("alert_")), ids=str
)
async def test_a_command_of_alerts_is_refused_unless_it_only_reads(
    tmp_path: Path, command: str
) -> None:
    async with one_node(tmp_path / "node") as node:
        await node.dispatch("node_freeze", {})
        if command in READS:
            return
        with pytest.raises(Frozen):
            await node.dispatch(command, {})


@pytest.mark.parametrize(
    "command",
    [
        "dispute_close", "dispute_lift", "peer_introduce", "peer_resume", "peer_verify",
        "policy_adopt", "policy_apply", "policy_leave", "receipt_accept", "recover_confirm",
        "recover_sign",
    ],
)  # fmt: skip
async def test_what_would_give_peers_more_is_refused(tmp_path: Path, command: str) -> None:
    async with one_node(tmp_path / "node") as node:
        await node.dispatch("node_freeze", {})
        with pytest.raises(Frozen):
            await node.dispatch(command, {})


async def test_what_a_reporter_allows_anew_waits_for_the_thaw(tmp_path: Path) -> None:
    async with publisher(tmp_path) as (node, _, alert):
        code = (await node.dispatch("receipt_issue", {"id": alert}))["receipt"]
        await node.dispatch("receipt_consent", {"code": code, "no": ["peers"]})
        await node.dispatch("receipt_consent", {"code": code, "yes": ["peers"]})
        waits = (await node.dispatch("receipt_updates", {}))["updates"][0]["id"]
        await node.dispatch("node_freeze", {})
        with pytest.raises(Frozen):
            await node.dispatch("receipt_accept", {"id": waits})
        await node.dispatch("node_thaw", {})
        await node.dispatch("receipt_accept", {"id": waits})


async def test_no_peer_is_told_anything_about_identifiers(tmp_path: Path) -> None:
    async with publisher(tmp_path) as (node, other, _):
        match = question(PHONES[:1])[0]
        assert isinstance(await ask(node, other, match), Matched)
        await node.dispatch("node_freeze", {})
        assert await refusal(node, other, match) == ErrorNumber.LOCKED
        await node.dispatch("node_thaw", {})
        assert isinstance(await ask(node, other, match), Matched)


async def test_drafts_go_on_and_are_not_published(tmp_path: Path) -> None:
    async with publisher(tmp_path) as (node, _, _):
        await node.dispatch("node_freeze", {})
        draft = await node.dispatch("draft_new", {"fields": {"codes": ["NP"], "phone": [NUMBER]}})
        with pytest.raises(Frozen):
            await node.dispatch("draft_publish", {"ids": [draft["id"]]})


async def test_what_peers_send_is_taken_and_checks_are_answered(tmp_path: Path) -> None:
    async with publisher(tmp_path) as (node, other, _):
        await node.dispatch("node_freeze", {})
        alert = await received(node, other, phone=["+14155550177"])
        assert await matches(node, "+14155550177") == [alert]


async def test_a_freeze_outlasts_a_restart_and_a_backup_put_back(tmp_path: Path) -> None:
    home = tmp_path / "node"
    async with publisher(tmp_path):
        pass
    copy = (home / "store.db").read_bytes()
    async with one_node(home) as node:
        await node.dispatch("node_freeze", {"reason": "a window was open"})
    (home / "store.db").write_bytes(copy)
    async with one_node(home) as node:
        assert node.context.frozen
        status = await node.dispatch("status", {})
        assert any("frozen" in each and "a window" in each for each in status["warnings"])
        found = (await node.dispatch("doctor", {}))["findings"]
        assert any(each["cure"] == "parasol node thaw" for each in found)
        await node.dispatch("node_thaw", {})
        assert not node.context.frozen
