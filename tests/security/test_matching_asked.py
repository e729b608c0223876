"""What a peer gets by asking about identifiers: its tokens, within a quota, while it is trusted."""

import os
from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from federation.peers import PeerState
from keys import oprf
from keys.documents import Documents
from keys.envelope import open_wire
from keys.oprf import Blinded, blind_all, finalize_all, own_token, token_input, token_of
from node.answering import Answering
from node.commands.overview import doctor, status
from node.commands.policies import policy_apply
from node.introductions import follow
from node.runtime import Node
from node.store.peers import peer_of, set_peer
from node.store.tables_matching import match_answered
from protocol.errors import ErrorNumber
from protocol.messages import Err, decode_body
from protocol.messages_match import Match, Matched
from protocol.vocabulary import IDENTIFIER_KINDS
from tests.support.hostile import answering, peer, sealed
from tests.support.key_material import TODAY, MadeUp
from tests.support.one_node import Clock, befriend, one_node
from tests.unit.node.test_tokens import with_level

PHONES = [f"+1415555{number:04}" for number in range(100, 116)]


def question(phones: list[str], kind: str = "phone") -> tuple[Match, list[bytes], list[Blinded]]:
    inputs = [token_input(kind, phone) for phone in phones]
    blinds = blind_all(inputs, os.urandom)
    return Match(kind, tuple(each.element for each in blinds)), inputs, blinds


async def ask(
    node: Node, sender: MadeUp, match: Match, door: Answering | None = None
) -> Matched | Err:
    answer = await (door or answering(node)).answer(sealed(node, sender, match))
    assert answer is not None
    inner = open_wire(answer, [sender.box], sender.org).inner
    message = decode_body(inner.type, inner.body)
    assert isinstance(message, Matched | Err)
    return message


async def refusal(node: Node, sender: MadeUp, match: Match | None = None) -> int:
    answer = await ask(node, sender, match or question(PHONES[:1])[0])
    assert isinstance(answer, Err)
    return answer.number


async def set_state(node: Node, other: MadeUp, state: PeerState) -> None:
    def change(connection: Connection) -> None:
        peer = peer_of(connection, other.org)
        assert peer is not None
        set_peer(connection, peer.id, state=state.value)

    await node.change(change)


async def counted(node: Node) -> int:
    query = select(match_answered.c.identifiers)
    return await node.read(lambda connection: sum(connection.execute(query).scalars()))


async def test_an_answer_gives_the_tokens_that_the_origin_makes_itself(tmp_path: Path) -> None:
    async with one_node(tmp_path / "home") as node:
        other = await befriend(node, "Harbour")
        match, inputs, blinds = question(PHONES)
        answer = await ask(node, other, match)
        assert isinstance(answer, Matched)
        key = node.context.oprf_key
        assert key is not None
        assert answer.oprf_kid == key.kid
        found = [token_of(each) for each in finalize_all(inputs, blinds, answer.evaluated)]
        assert found == [own_token(key, "phone", phone) for phone in PHONES]


async def test_who_may_have_tokens_of_one_kind_gets_none_of_another_by_naming_that_kind(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "home") as node:
        await policy_apply(node, with_level("phone", "withhold"))
        other = await befriend(node, "Harbour")
        match, inputs, blinds = question(PHONES[:1], "phone")
        assert await refusal(node, other, match) == ErrorNumber.NOT_GRANTED
        key = node.context.oprf_key
        assert key is not None
        for kind in ("email", "handle"):
            answer = await ask(node, other, Match(kind, match.blinded))
            assert isinstance(answer, Matched)
            found = [token_of(each) for each in finalize_all(inputs, blinds, answer.evaluated)]
            assert found[0] not in {own_token(key, each, PHONES[0]) for each in IDENTIFIER_KINDS}


async def test_a_peer_that_enumerates_is_refused_beyond_300_a_day_also_after_a_restart(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    async with one_node(tmp_path / "home", clock=clock) as node:
        other = await befriend(node, "Harbour")
        match = question(PHONES)[0]
        for _ in range(9):
            assert isinstance(await ask(node, other, match), Matched)
        assert not any("asked about" in warning for warning in (await status(node))["warnings"])
        for _ in range(9):
            assert isinstance(await ask(node, other, match), Matched)
        assert await refusal(node, other, match) == ErrorNumber.QUOTA  # 288 and 16 are too many
        assert isinstance(await ask(node, other, question(PHONES[:12])[0]), Matched)
        assert await counted(node) == 300
    async with one_node(tmp_path / "home", clock=clock) as node:
        answer = await ask(node, other, question(PHONES[:1])[0])
        assert isinstance(answer, Err)
        assert answer.number == ErrorNumber.QUOTA
        assert 0 < answer.detail <= 86_400
        said = "Harbour asked about 300 of 300 identifiers today"
        assert any(warning.startswith(said) for warning in (await status(node))["warnings"])
        found = (await doctor(node))["findings"]
        assert [each["level"] for each in found if each["what"] == said] == ["problem"]
        assert (await status(node))["matching"]["answered"] == [
            {"peer": "Harbour", "identifiers": 300}
        ]
        clock.now += answer.detail * 1_000_000
        assert isinstance(await ask(node, other, question(PHONES[:1])[0]), Matched)
    logged = [record.getMessage() for record in caplog.records if "matching" in record.name]
    assert len([line for line in logged if "half" in line]) == 1
    assert not any(phone in line for phone in PHONES for line in logged)


async def test_the_quota_of_one_peer_is_not_another_s(tmp_path: Path) -> None:
    async with one_node(tmp_path / "home") as node:
        harbour, mill = await befriend(node, "Harbour"), await befriend(node, "Mill")
        match = question(PHONES)[0]
        for _ in range(18):
            await ask(node, harbour, match)
        assert await refusal(node, harbour, match) == ErrorNumber.QUOTA
        assert isinstance(await ask(node, mill, match), Matched)


async def test_elements_that_are_none_are_refused_and_counted(tmp_path: Path) -> None:
    async with one_node(tmp_path / "home") as node:
        other = await befriend(node, "Harbour")
        for bad in (bytes(32), b"\xff" * 32, b"\1" + bytes(31)):
            good = question(PHONES[:1])[0].blinded
            match = Match("phone", (*good, bad))
            assert await refusal(node, other, match) == ErrorNumber.MALFORMED
        assert await counted(node) == 6


async def test_a_question_that_is_sent_again_is_neither_answered_nor_counted(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "home") as node:
        other = await befriend(node, "Harbour")
        wire = sealed(node, other, question(PHONES[:1])[0])
        door = answering(node)
        types = []
        for _ in range(2):
            answer = await door.answer(wire)
            assert answer is not None
            types.append(open_wire(answer, [other.box], other.org).inner.type)
        assert types == ["matched", "err"]
        assert await counted(node) == 1


@pytest.mark.parametrize("state", [PeerState.PAUSED, PeerState.BLOCKED, PeerState.LEAVING])
async def test_a_peer_that_is_let_go_is_answered_nothing_from_then_on(
    tmp_path: Path, state: PeerState
) -> None:
    async with one_node(tmp_path / "home") as node:
        other = await befriend(node, "Harbour")
        assert isinstance(await ask(node, other, question(PHONES[:1])[0]), Matched)
        await set_state(node, other, state)
        assert await refusal(node, other) == ErrorNumber.NOT_GRANTED
        await set_state(node, other, PeerState.TRUSTED)
        assert isinstance(await ask(node, other, question(PHONES[:1])[0]), Matched)
        assert await counted(node) == 2


async def test_a_revoked_key_is_answered_nothing_from_then_on(tmp_path: Path) -> None:
    async with one_node(tmp_path / "home") as node:
        other = await befriend(node, "Harbour")
        assert isinstance(await ask(node, other, question(PHONES[:1])[0]), Matched)
        keys = ((other.node_key, TODAY, TODAY + 365), (other.other_node_key, TODAY, TODAY + 365))
        newer = other.doc(ver=2, keys=keys, revoked=((other.node_key, node.today - 1),))
        documents = Documents((newer,), None)
        await node.change(follow, node.context, await peer(node, other), documents)
        answer = await answering(node).answer(sealed(node, other, question(PHONES[:1])[0]))
        if answer is not None:
            assert open_wire(answer, [other.box], other.org).inner.type == "err"
        assert await counted(node) == 1


async def test_nobody_is_answered_before_both_have_compared_codes(tmp_path: Path) -> None:
    async with one_node(tmp_path / "home") as node:
        other = await befriend(node, "Harbour", PeerState.UNVERIFIED)
        assert await refusal(node, other) == ErrorNumber.UNVERIFIED_PEER


async def test_a_kind_whose_tokens_the_peer_may_not_have_is_not_evaluated(tmp_path: Path) -> None:
    async with one_node(tmp_path / "home") as node:
        other = await befriend(node, "Harbour")
        await policy_apply(node, with_level("phone", "withhold"))
        assert await refusal(node, other) == ErrorNumber.NOT_GRANTED
        plate = question(["US:7ABC271"], "plate")[0]
        assert isinstance(await ask(node, other, plate), Matched)
        await policy_apply(node, with_level("phone", "match"))
        assert isinstance(await ask(node, other, question(PHONES[:1])[0]), Matched)


async def test_nobody_is_answered_where_nothing_is_exported(tmp_path: Path) -> None:
    async with one_node(tmp_path / "home") as node:
        other = await befriend(node, "Harbour")
        text = (node.home / "policy.toml").read_text("utf-8")
        await policy_apply(node, text.replace('export_to = "trusted"', 'export_to = "nobody"'))
        assert await refusal(node, other) == ErrorNumber.NOT_GRANTED


async def test_a_machine_that_cannot_match_answers_nobody_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oprf, "best_group", lambda: None)
    async with one_node(tmp_path / "home") as node:
        other = await befriend(node, "Harbour")
        assert node.documents.card is not None
        assert node.documents.card.oprf_kid == b""
        asked = Match("phone", (bytes([2]) + bytes(31),))
        assert await refusal(node, other, asked) == ErrorNumber.NOT_GRANTED
        done = await policy_apply(node, with_level("phone", "match"))
        assert "matching is off on this machine" in done["warnings"][0]
        said = (await status(node))["warnings"]
        assert any(warning.startswith("matching is off") for warning in said)
        assert any(
            each["what"].startswith("matching is off") for each in (await doctor(node))["findings"]
        )
        draft = await node.dispatch(
            "draft_new", {"fields": {"codes": ["NP"], "phone": [PHONES[0]]}}
        )
        published = await node.dispatch("draft_publish", {"ids": [draft["id"]]})
        shown = await node.dispatch("alert_show", {"alert": published["published"][0]})
        assert "phone.token" not in shown["fields"]
