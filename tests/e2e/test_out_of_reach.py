"""Organisations that cannot be reached: one behind NAT, or both, with bundles on a stick."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.processes import (
    Organisation,
    befriend,
    eventually,
    introduce,
    trust_each_other,
    verify,
)

pytestmark = pytest.mark.slow

Make = Callable[..., Organisation]


@pytest.mark.parametrize("hidden_invites", [True, False])
def test_a_node_without_endpoint_hears_at_once_and_is_heard(
    make: Make, *, hidden_invites: bool
) -> None:
    hidden, open_one = make("Riverside", endpoint=False), make("Harbour")
    hidden.start()
    open_one.start()
    if hidden_invites:
        invite = hidden.run("peer", "invite", "--name", "Harbour")["invite"]
        met = open_one.run("peer", "accept", "-", "--name", "Riverside", stdin=invite)
        assert met["state"] == "invited"
        assert met["reply"].startswith("parasol1r:")
        back = hidden.run("peer", "accept", "-", stdin=met["reply"])
        assert back["state"] == "unverified"
        again = hidden.refused("peer", "accept", "-", stdin=met["reply"])
        assert again["message"]  # a reply is good once
    else:
        introduce(open_one, hidden)
    verify(hidden, open_one)
    verify(open_one, hidden)
    trust_each_other(hidden, open_one)
    from_hidden = hidden.publish("From the hidden one: left without paying.")
    from_open = open_one.publish("From the open one: left without paying.")
    assert eventually(lambda: open_one.show(from_hidden), 3)["signature"] == "verified"
    assert eventually(lambda: hidden.show(from_open), 3)["signature"] == "verified"
    eventually(lambda: hidden.coverage(from_hidden) == {from_hidden: "confirmed"})
    eventually(lambda: open_one.coverage(from_open) == {from_open: "confirmed"})
    later = open_one.publish("Later, in the long poll: left without paying.")
    eventually(lambda: hidden.show(later), 3)
    open_one.run("alert", "erase", later)
    eventually(lambda: hidden.show(later).get("status", "erased") == "erased", 3)
    eventually(lambda: open_one.coverage(later) == {later: "confirmed"})


@pytest.mark.parametrize("hidden_goes", [True, False])
def test_parting_reaches_a_node_without_endpoint_and_comes_from_it(
    make: Make, *, hidden_goes: bool
) -> None:
    hidden, open_one = make("Riverside", endpoint=False), make("Harbour")
    hidden.start()
    open_one.start()
    befriend(open_one, hidden)
    trust_each_other(hidden, open_one)
    from_hidden = hidden.publish("From the hidden one: left without paying.")
    from_open = open_one.publish("From the open one: left without paying.")
    eventually(lambda: open_one.show(from_hidden) and hidden.show(from_open))
    goes, stays = (hidden, open_one) if hidden_goes else (open_one, hidden)
    goes.run("peer", "pause", stays.name)
    goes.run("peer", "resume", stays.name)
    goes.run("peer", "remove", stays.name)
    eventually(lambda: goes.peer()["state"] == stays.peer()["state"] == "gone", 20)
    assert open_one.alerts().keys() == {from_open}
    assert hidden.alerts().keys() == {from_hidden}


def carry(one: Organisation, other: Organisation, stick: Path) -> dict[str, Any]:
    """Write a bundle and read it at the other side."""
    stick.unlink(missing_ok=True)
    one.run("bundle", "write", other.name, "--out", str(stick))
    return other.run("bundle", "read", str(stick))


def test_two_nodes_without_endpoint_live_on_bundles_until_all_is_confirmed(
    make: Make, tmp_path: Path
) -> None:
    one, other = make("Riverside", endpoint=False), make("Harbour", endpoint=False)
    befriend(one, other)  # no process serves: every command opens the node itself
    stick = tmp_path / "stick.parasol-bundle"
    alerts = [one.publish(f"Story {n}: left without paying.") for n in range(3)]
    theirs = other.publish("Theirs: left without paying.")
    first = carry(one, other, stick)
    assert (first["from"], first["items"]) == ("Riverside", 3)
    assert all(other.show(alert)["signature"] == "verified" for alert in alerts)
    twice = other.run("bundle", "read", str(stick))
    assert twice["messages"] == first["messages"]
    assert other.alerts().keys() == {*alerts, theirs}
    assert other.show(alerts[0])["rev"] == 1
    carry(other, one, stick)
    assert one.show(theirs)["signature"] == "verified"
    assert {one.coverage()[alert] for alert in alerts} == {"confirmed"}
    carry(one, other, stick)
    assert other.coverage(theirs) == {theirs: "confirmed"}
    one.run("alert", "correct", alerts[0], "--set", "text=-", stdin="He paid.")
    one.run("alert", "erase", alerts[1])
    carry(one, other, stick)
    assert other.show(alerts[0])["rev"] == 2
    assert not other.show(alerts[1]).get("fields")
    carry(other, one, stick)
    assert set(one.coverage().values()) == {"confirmed"}
    carry(one, other, stick)
    assert other.alerts("--status", "live").keys() == {alerts[0], alerts[2], theirs}


def test_a_peer_without_a_line_is_gone_once_a_bundle_confirms_the_recall(
    make: Make, tmp_path: Path
) -> None:
    one, other = make("Riverside", endpoint=False), make("Harbour", endpoint=False)
    befriend(one, other)
    stick = tmp_path / "stick.parasol-bundle"
    alert = one.publish("Story: left without paying.")
    other.publish("Theirs: left without paying.")
    carry(one, other, stick)
    carry(other, one, stick)
    one.run("peer", "remove", "Harbour")
    carry(one, other, stick)
    assert other.show(alert)["status"] == "withdrawn"
    carry(other, one, stick)
    states = {peer["name"]: peer["state"] for peer in one.run("peer", "list")["peers"]}
    assert states.get("Harbour", "gone") == "gone"


def test_a_bundle_that_is_damaged_or_for_someone_else_is_refused_with_a_sentence(
    make: Make, tmp_path: Path
) -> None:
    one, other = make("Riverside", endpoint=False), make("Harbour", endpoint=False)
    befriend(one, other)
    alert = one.publish("Story: left without paying.")
    stick = tmp_path / "stick.parasol-bundle"
    one.run("bundle", "write", "Harbour", "--out", str(stick))
    whole = stick.read_bytes()
    spoilt = bytearray(whole)
    spoilt[len(spoilt) // 2] ^= 1
    for raw in (b"", b"PARASOL2\n", whole[:-5], bytes(spoilt)):
        stick.write_bytes(raw)
        assert other.refused("bundle", "read", str(stick))["message"]
    stick.write_bytes(whole)
    assert one.refused("bundle", "read", str(stick))["message"]
    other.run("bundle", "read", str(stick))
    assert other.show(alert)["signature"] == "verified"


def test_who_brings_an_invite_that_was_used_or_cancelled_is_told_so_at_once(make: Make) -> None:
    one, first, second = make("Riverside"), make("Harbour"), make("Lakeside")
    one.start()
    invite = one.run("peer", "invite")["invite"]
    assert first.run("peer", "accept", "-", stdin=invite)["state"] == "unverified"
    told = second.run("peer", "accept", "-", stdin=invite)
    assert (told["state"], told["trouble"]) == ("invited", "invite_not_taken")
    made = one.run("peer", "invite")
    one.run("peer", "cancel", made["id"])
    assert second.run("peer", "accept", "-", stdin=made["invite"])["trouble"] == "invite_not_taken"
    again = one.run("peer", "invite")["invite"]
    met = second.run("peer", "accept", "-", stdin=again)
    assert met["state"] == "unverified"
    assert "trouble" not in met
