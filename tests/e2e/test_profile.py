"""A network publishes a policy for its members, and a member adopts it beside its own."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.support.processes import Organisation, befriend, eventually, trust_each_other

pytestmark = pytest.mark.slow

Make = Callable[..., Organisation]
STORY = "Agreed a price, then left without paying."
WORDS = ("codes=NP", "city=Oakland", "region=US-CA", "date=2026-01-20", "phone=-")


def signed(network: Organisation, folder: Path, name: str, text: str) -> str:
    """A profile as its file's text."""
    out = folder / name
    network.run("policy", "sign-profile", "-", "--out", str(out), stdin=text)
    return out.read_text()


def test_a_member_holds_the_stricter_of_both_and_sees_what_changes(
    make: Make, tmp_path: Path
) -> None:
    network, member, other = make("Network"), make("Riverside"), make("Harbour")
    first = signed(network, tmp_path, "first", 'place_precision = "region"\n')
    second = signed(
        network, tmp_path, "second", 'text = "codes_only"\n[identifiers]\nphone = "masked"\n'
    )
    foreign = signed(other, tmp_path, "foreign", 'text = "codes_only"\n')
    for node in (network, member):
        node.start()
    befriend(network, member)
    trust_each_other(network, member)
    alert = member.publish(STORY, *WORDS, stdin="+1 415 555 0142\n")
    eventually(lambda: "phone" in network.show(alert).get("fields", {}))

    assert member.refused("policy", "adopt", "-", stdin=foreign)["code"] == "refused_by_policy"
    dry = member.run("policy", "adopt", "-", "--dry-run", stdin=second)
    assert {row["switch"] for row in dry["changes"]} == {"text", "identifiers.phone"}
    assert member.run("policy", "profile")["profile"] is None
    done = member.run("policy", "adopt", "-", stdin=second)
    assert {row["rule"] for row in done["narrowed"]} == {
        "origin.text=codes_only", "origin.identifiers.phone=masked",
    }  # fmt: skip
    eventually(lambda: "phone" not in network.show(alert)["fields"])
    eventually(lambda: "text" not in network.show(alert)["fields"])
    preview = member.run("policy", "preview", "--peer", "Network", alert)
    rules = {row["rule"] for row in preview["withheld"]}
    assert {"origin.text=codes_only", "origin.identifiers.phone=masked"} <= rules

    assert member.refused("policy", "adopt", "-", stdin=first)["code"] == "refused_by_policy"
    third = signed(network, tmp_path, "third", 'text = "codes_only"\n')
    assert {
        row["switch"] for row in member.run("policy", "adopt", "-", stdin=third)["changes"]
    } == {"identifiers.phone"}
    eventually(lambda: "phone" in network.show(alert)["fields"])
    member.stop()
    member.start()  # it is in force after a restart, and own changes do not lift it
    path = member.home / "policy.toml"
    path.write_text(path.read_text().replace("notice_days = 3", "notice_days = 2"))
    member.run("policy", "apply")
    assert "text" not in network.show(alert)["fields"]
    member.run("policy", "leave")
    eventually(lambda: "text" in network.show(alert)["fields"])
    assert eventually(partial(member.run, "policy", "profile"))["profile"] is None
