"""A hub and its leaves: an alert, its corrections and its end go one hop beyond its author."""

import shutil
import time
from collections.abc import Callable
from functools import partial

import pytest

from tests.support.processes import Organisation, befriend, eventually, trust_each_other

pytestmark = pytest.mark.slow

Make = Callable[..., Organisation]
Three = tuple[Organisation, Organisation, Organisation]
STORY = "Agreed a price, then left without paying."
PHONE = "+1 415 555 0142"
WORDS = ("codes=NP", "city=Oakland", "region=US-CA", "date=2026-01-20", "phone=-")


def set_policy(node: Organisation, *changes: tuple[str, str]) -> None:
    """Change switches in the node's policy, and put it in force."""
    path = node.home / "policy.toml"
    text = path.read_text("utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    path.write_text(text, "utf-8")
    node.run("policy", "apply")


ONWARD = ('onward = "off"', 'onward = "on"')


@pytest.fixture
def three(make: Make) -> Three:
    """Harbour – Hub – Riverside: the hub knows both, and they do not know each other."""
    harbour, hub, riverside = make("Harbour"), make("Hub"), make("Riverside")
    for node in (harbour, hub, riverside):
        node.start()
    for node in (harbour, riverside):
        befriend(hub, node)
        trust_each_other(hub, node)
    set_policy(harbour, ONWARD)
    set_policy(hub, ONWARD, ('text = "edited"', 'text = "codes_only"'))
    return harbour, hub, riverside


def found(node: Organisation) -> list[str]:
    """The alerts that a look-up of the number shows."""
    return [match["alert"] for match in node.run("check", "-", stdin=PHONE)["matches"]]


def confirmed_by_leaf(hub: Organisation) -> set[str]:
    """The states of what the hub passed on to Riverside."""
    rows = hub.run("alert", "coverage")["coverage"]
    return {row["state"] for row in rows if row["peer_name"] == "Riverside"}


def test_an_alert_goes_one_hop_further_with_no_more_than_author_and_hub_allow(
    three: Three,
) -> None:
    harbour, hub, riverside = three
    alert = harbour.publish(STORY, *WORDS, stdin=f"{PHONE}\n")
    shown = eventually(partial(riverside.show, alert), within=20)
    assert shown["org"] == harbour.run("status")["org"]
    assert shown["org_name"] == "Harbour"
    assert shown["signature"] == "verified"
    assert shown["via"] == ["Hub"]
    assert "phone" in shown["fields"]
    assert "text" in shown["absent"]  # the hub's own policy lets none out
    assert found(riverside) == [alert]
    eventually(lambda: confirmed_by_leaf(hub) == {"confirmed"})

    assert hub.coverage(alert) == {alert: "confirmed"}
    assert harbour.coverage(alert) == {alert: "confirmed"}

    harbour.run("alert", "correct", alert, "--set", "text=-", stdin="He came back.")
    eventually(lambda: riverside.show(alert)["rev"] == 2, within=20)
    harbour.run("alert", "erase", alert)
    eventually(lambda: riverside.show(alert)["status"] == "erased", within=20)
    assert found(riverside) == []
    eventually(lambda: confirmed_by_leaf(hub) == {"confirmed"})


def test_what_its_author_narrows_withdraws_or_forbids_to_pass_on_goes_at_the_leaf(
    three: Three,
) -> None:
    harbour, hub, riverside = three
    narrowed, withdrawn, kept = (
        harbour.publish(f"Story {n}.", "codes=NP", "name=Sam", "place.region=US-CA", "role=client")
        for n in range(3)
    )
    eventually(lambda: len(riverside.alerts()) == 3, within=20)
    assert "role" in riverside.show(narrowed)["fields"]
    harbour.run("alert", "narrow", narrowed, "--withhold", "role")
    eventually(lambda: "role" not in riverside.show(narrowed)["fields"], within=20)
    harbour.run("alert", "withdraw", withdrawn, "--reason", "-", stdin="Not the same man.")
    eventually(lambda: riverside.show(withdrawn)["status"] == "withdrawn", within=20)
    assert not {"role", "codes"} & set(riverside.show(withdrawn)["fields"])
    set_policy(harbour, ONWARD[::-1])  # its alerts are signed again, with other terms
    eventually(lambda: riverside.show(kept)["status"] == "withdrawn", within=20)
    eventually(lambda: riverside.show(narrowed)["status"] == "withdrawn", within=20)
    assert hub.show(kept)["status"] == "live"
    eventually(lambda: confirmed_by_leaf(hub) <= {"confirmed", "recalled"}, within=20)
    set_policy(harbour, ONWARD)
    eventually(lambda: riverside.show(kept)["status"] == "live", within=20)


def test_a_hub_that_is_restored_passes_on_no_more_than_its_author_says_now(
    three: Three,
) -> None:
    harbour, hub, riverside = three
    first, second = (harbour.publish(STORY, *WORDS, stdin=f"{PHONE}\n") for _ in range(2))
    eventually(lambda: len(riverside.alerts()) == 2, within=20)
    hub.stop()
    copy = hub.home.with_name("hub-before")
    shutil.copytree(hub.home, copy)
    hub.start()
    harbour.run("alert", "erase", first)
    harbour.run("alert", "narrow", second, "--withhold", "phone")
    third = harbour.publish(STORY, *WORDS, stdin=f"{PHONE}\n")
    eventually(lambda: riverside.show(third), within=20)
    eventually(lambda: riverside.show(first)["status"] == "erased", within=20)
    eventually(lambda: "phone" not in riverside.show(second)["fields"], within=20)
    hub.stop()
    harbour.stop()  # the restored hub cannot ask it
    shutil.rmtree(hub.home)
    copy.rename(hub.home)
    hub.start()
    time.sleep(4)
    assert riverside.show(first)["status"] == "erased"
    assert "phone" not in riverside.show(second)["fields"]
    harbour.start()
    eventually(lambda: confirmed_by_leaf(hub) == {"confirmed"}, within=30)
    assert riverside.show(first)["status"] == "erased"
    assert "phone" not in riverside.show(second)["fields"]
    assert riverside.show(third)["status"] == "live"
    assert found(riverside) == [third]


def test_a_leaf_that_meets_the_author_goes_by_its_word_and_a_removed_hub_takes_its_copies_along(
    three: Three,
) -> None:
    harbour, hub, riverside = three
    alert = harbour.publish(STORY, *WORDS, stdin=f"{PHONE}\n")
    eventually(lambda: found(riverside) == [alert], within=20)
    befriend(harbour, riverside)
    eventually(lambda: "text" in riverside.show(alert)["fields"], within=20)
    riverside.run("peer", "remove", "Hub")
    assert found(riverside) == [alert]
    hub.run("peer", "remove", "Harbour")
    riverside.run("peer", "remove", "Harbour")
    assert found(riverside) == []


def test_a_leaf_that_nobody_can_call_hears_too_and_a_new_key_of_the_author_is_learned_by_the_hub(
    make: Make,
) -> None:
    harbour, hub, riverside = make("Harbour"), make("Hub"), make("Riverside", endpoint=False)
    for node in (harbour, hub, riverside):
        node.start()
    for node in (harbour, riverside):
        befriend(hub, node)
        trust_each_other(hub, node, within=40)
    set_policy(harbour, ONWARD)
    set_policy(hub, ONWARD)
    alert = harbour.publish(STORY, *WORDS, stdin=f"{PHONE}\n")
    eventually(lambda: found(riverside) == [alert], within=30)
    before = riverside.show(alert)["rev"]
    (words,) = (harbour.home.parent / "harbour-words").glob("parasol-????????-root.txt")
    harbour.run("keys", "rotate", "--recovery-file", str(words))
    eventually(lambda: riverside.show(alert)["rev"] > before, within=40)
    assert riverside.show(alert)["signature"] == "verified"
    assert found(riverside) == [alert]
    eventually(lambda: confirmed_by_leaf(hub) == {"confirmed"}, within=30)
