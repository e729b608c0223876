"""Who fills holds with guesses gets no alert by them, and the keeper is told."""

import hashlib
from pathlib import Path

import pytest

from node import hold_tokens
from node.hold_rounds import settle_holds
from node.hold_tokens import HOLD_TOKENS_MOST
from node.pipeline import sign_alert
from node.runtime import Node
from node.store.holds import Evaluated, add_evaluated, all_holds, mark_of
from protocol.codec import Value
from protocol.commitment import decode_disclosures, encode_disclosures
from protocol.entry import decode_entry
from protocol.fields import expand
from protocol.ids import Day
from protocol.messages import Put, Stop
from tests.support.hostile import take
from tests.support.key_material import MadeUp
from tests.support.one_node import DAY_US, Clock, befriend, one_node
from tests.unit.node.test_holds import PHONE, held, may_have, told

KID, OLD_KID = b"k" * 8, b"o" * 8
GUESSES = [f"+1415555{number:04}" for number in range(2_400)]


def token(phone: str, kid: bytes = KID) -> bytes:
    """What the peer's own key makes of a number: it needs nobody for that."""
    return hashlib.blake2b(phone.encode(), key=kid, digest_size=32).digest()


async def guess(
    node: Node, other: MadeUp, phones: list[str], first: int = 1, kid: bytes = KID
) -> list[Put]:
    """Have a peer send holds, 16 guesses each, numbered from `first`; what it sent."""
    puts = []
    said: dict[str, Value] = {
        "codes": ["non_payment"], "phone": [PHONE],
        "terms": ["staff", False, False, False, False, []],
    }  # fmt: skip
    terms = expand(said)["terms"]
    for n, at in enumerate(range(0, len(phones), 16), first):
        tokens: list[Value] = [[kid, token(phone, kid)] for phone in phones[at : at + 16]]
        leaves: dict[str, Value] = {"kind": "hold", "terms": terms, "phone.token": tokens}
        signed = sign_alert(
            other.node_key, other.org, leaves, node.context.random,
            day=node.today, exp_day=Day(node.today + 90),
        )  # fmt: skip
        entry = signed.entry
        puts.append(Put(n, entry.rk, entry.raw, signed.sig, encode_disclosures(signed.disclosures)))
    await take(node, other, *puts)
    return puts


async def swap(node: Node, other: MadeUp, sent: list[Put]) -> None:
    """Have a peer take back what it sent."""
    last = max(put.pseq for put in sent)
    stops = [Stop(last + n, put.rk, Day(node.today + 90)) for n, put in enumerate(sent, 1)]
    await take(node, other, *stops)


async def evaluated(node: Node, other: MadeUp, kid: bytes = KID) -> None:
    """Keep what the peer made of our number, as a round that asked it would."""
    (hold,) = await node.read(all_holds)
    mark = mark_of(hold.rk, "phone", PHONE)
    row = Evaluated(other.org, "phone", kid, mark, token(PHONE, kid))
    await node.change(add_evaluated, hold.rk, [row])


async def test_who_fills_holds_with_guesses_counts_for_nothing_and_is_named(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "home") as node:
        mallory = await befriend(node, "Mallory", oprf_kid=KID)
        alert = await held(node, 1, phone=[PHONE], text="He left without paying.")
        await guess(node, mallory, GUESSES)
        await evaluated(node, mallory)
        await settle_holds(node)
        assert await may_have(node, alert) == set()
        assert await told(node, mallory, alert) is None
        said = f"more than {HOLD_TOKENS_MOST} tokens held: it counts towards no waiting alert"
        status = await node.dispatch("status", {})
        assert status["matching"]["tokens"] == [
            {"peer": "Mallory", "tokens": HOLD_TOKENS_MOST + 1, "counts": False}
        ]
        assert any(each.startswith(f"Mallory: {said}") for each in status["warnings"])
        found = (await node.dispatch("doctor", {}))["findings"]
        assert f"Mallory: {said}" in [each["what"] for each in found]
        shown = await node.dispatch("alert_show", {"alert": alert})
        assert shown["hold"]["not_counted"] == {"Mallory": said}


async def test_at_the_bound_a_peer_counts_and_beyond_it_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hold_tokens, "HOLD_TOKENS_MOST", 32)
    phones = [PHONE, *GUESSES[:31]]
    async with one_node(tmp_path / "home") as node:
        harbour = await befriend(node, "Harbour", oprf_kid=KID)
        await guess(node, harbour, phones[:16])
        assert (await node.dispatch("status", {}))["matching"]["tokens"] == []
        await guess(node, harbour, phones[16:], first=2)
        await guess(node, harbour, phones[:16], first=3)  # said twice is one report
        alert = await held(node, 1)
        await evaluated(node, harbour)
        await settle_holds(node)
        assert await may_have(node, alert) == {harbour.org}
        tokens = (await node.dispatch("status", {}))["matching"]["tokens"]
        assert tokens == [{"peer": "Harbour", "tokens": 32, "counts": True}]
    async with one_node(tmp_path / "second") as node:
        harbour = await befriend(node, "Harbour", oprf_kid=KID)
        await guess(node, harbour, [*phones, GUESSES[99]])
        alert = await held(node, 1)
        await evaluated(node, harbour)
        await settle_holds(node)
        assert await may_have(node, alert) == set()


async def test_who_swaps_its_guesses_for_others_counts_for_nothing_either_for_a_month(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hold_tokens, "HOLD_TOKENS_MOST", 64)
    clock = Clock()
    async with one_node(tmp_path / "home", clock=clock) as node:
        mallory = await befriend(node, "Mallory", oprf_kid=KID)
        alert = await held(node, 1)
        await evaluated(node, mallory)
        first = 1
        for start in (0, 32, 64):
            sent = await guess(node, mallory, GUESSES[start : start + 32], first)
            await swap(node, mallory, sent)
            first += 100
            clock.now += DAY_US
        await guess(node, mallory, [PHONE], first)
        await settle_holds(node)
        assert await may_have(node, alert) == set()
        said = "97 new tokens in 30 days, of 64 that may come: it counts towards no waiting alert"
        status = await node.dispatch("status", {})
        assert any(each.startswith(f"Mallory: {said}") for each in status["warnings"])
        shown = await node.dispatch("alert_show", {"alert": alert})
        assert shown["hold"]["not_counted"] == {"Mallory": said}
        clock.now += 29 * DAY_US
        await settle_holds(node)
        assert await may_have(node, alert) == {mallory.org}


async def test_what_is_signed_again_is_not_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hold_tokens, "HOLD_TOKENS_MOST", 32)
    async with one_node(tmp_path / "home") as node:
        harbour = await befriend(node, "Harbour", oprf_kid=KID)
        alert = await held(node, 1)
        (sent,) = await guess(node, harbour, [PHONE, *GUESSES[:15]])
        for rev in range(2, 6):
            await take(node, harbour, again(node, harbour, sent, rev))
        await evaluated(node, harbour)
        await settle_holds(node)
        assert await may_have(node, alert) == {harbour.org}


def again(node: Node, other: MadeUp, sent: Put, rev: int) -> Put:
    """A hold as it was, at another revision."""
    entry = decode_entry(sent.entry)
    leaves = {each.name: each.value for each in decode_disclosures(sent.disclosures, entry)}
    signed = sign_alert(
        other.node_key, other.org, leaves, node.context.random,
        day=node.today, exp_day=Day(node.today + 90), rid=entry.rid, rev=rev,
    )  # fmt: skip
    raw = encode_disclosures(signed.disclosures)
    return Put(1000 + rev, entry.rk, signed.entry.raw, signed.sig, raw)


async def test_tokens_under_a_key_that_its_card_no_longer_names_do_not_match(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "home") as node:
        mallory = await befriend(node, "Mallory", oprf_kid=KID)
        alert = await held(node, 1)
        await guess(node, mallory, [PHONE], kid=OLD_KID)
        await evaluated(node, mallory, OLD_KID)
        await settle_holds(node)
        assert await may_have(node, alert) == set()
