"""Two organisations that know the same hub find each other by it, and nobody else does."""

from collections.abc import Callable

import pytest

from tests.support.processes import Organisation, befriend, eventually, trust_each_other

pytestmark = pytest.mark.slow

Make = Callable[..., Organisation]


def names(node: Organisation) -> list[str]:
    """Whom the hubs introduce to a node."""
    return [row["name"] for row in node.run("peer", "introductions")["introductions"]]


def state(node: Organisation, name: str) -> str:
    """What a peer of that name is to a node."""
    rows = node.run("peer", "list")["peers"]
    return next((row["state"] for row in rows if row["name"] == name), "")


def test_those_who_ask_for_it_meet_by_their_hub_and_still_compare_codes(make: Make) -> None:
    hub, harbour, riverside = make("Hub"), make("Harbour"), make("Riverside")
    for node in (hub, harbour, riverside):
        node.start()
    for node in (harbour, riverside):
        befriend(hub, node)
        trust_each_other(hub, node)
    assert names(riverside) == []
    assert hub.refused("peer", "introduce", "Harbour")["code"] == "refused_by_policy"
    harbour.run("peer", "introduce", "--me")
    eventually(lambda: hub.attempt("peer", "introduce", "Harbour").code == 0)
    assert names(riverside) == []  # who is not introduced sees nobody
    riverside.run("peer", "introduce", "--me")
    eventually(lambda: hub.attempt("peer", "introduce", "Riverside").code == 0)
    assert names(riverside) == ["Harbour"]
    (row,) = harbour.run("peer", "introductions")["introductions"]
    assert (row["name"], row["via"], row["state"]) == ("Riverside", ["Hub"], "")
    assert row["code"] == riverside.run("peer", "list")["peers"][0]["ours"]

    assert riverside.run("peer", "meet", "Harbour")["state"] == "invited"
    assert state(harbour, "Riverside") == ""  # its own keeper decides
    harbour.run("peer", "meet", "Riverside")
    eventually(lambda: state(harbour, "Riverside") == "unverified")
    eventually(lambda: state(riverside, "Harbour") == "unverified", within=30)
    for one, other in ((harbour, riverside), (riverside, harbour)):
        code = other.run("peer", "list")["peers"][0]["ours"]
        assert one.run("peer", "verify", other.name, "--code", code)["state"] == "trusted"
    trust_each_other(harbour, riverside)

    hub.run("peer", "introduce", "Harbour", "--stop")
    assert names(harbour) == []
    assert names(riverside) == []
