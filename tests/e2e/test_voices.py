"""Three organisations that say what they hold of each other's alerts, and judge for themselves."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from keys.keystore import load_keystore
from node.settings import KEYSTORE_FILE
from tests.support.processes import PASSPHRASE, Organisation, eventually, introduce
from tests.support.store_scan import found_in

pytestmark = pytest.mark.slow

Make = Callable[..., Organisation]
PHONE = "+1 415 555 0142"
FIELDS = ("codes=NP", "city=Oakland", "region=US-CA", "date=2026-01-20", "phone=-")


def befriend(inviter: Organisation, invited: Organisation) -> None:
    """Two organisations meet; each finds its own code beside any of its peers."""
    introduce(inviter, invited)
    for one, other in ((inviter, invited), (invited, inviter)):
        code = other.run("peer", "list")["peers"][0]["ours"]
        assert one.run("peer", "verify", other.name, "--code", code)["state"] == "trusted"


def publish(node: Organisation, *more: str) -> str:
    return node.publish("Left without paying.", *FIELDS, *more, stdin=f"{PHONE}\n")


def said(node: Organisation, alert: str) -> tuple[list[str], list[str]]:
    shown = node.show(alert)
    return shown.get("corroborated_by", []), shown.get("disputed_by", [])


def is_said(node: Organisation, alert: str, for_: list[str], against: list[str]) -> bool:
    return said(node, alert) == (for_, against)


def wait_until_said(node: Organisation, alert: str, for_: list[str], against: list[str]) -> None:
    eventually(partial(is_said, node, alert, for_, against), within=60, pause=0.5)


def noted(node: Organisation, note: str) -> list[tuple[str, bytes]]:
    """Where a note is found in the node's files, deciphered."""
    key = load_keystore(node.home / KEYSTORE_FILE, f"{PASSPHRASE} {node.name}").store_key
    return found_in(node.home, key, [note.encode()])


def three(make: Make) -> tuple[Organisation, Organisation, Organisation]:
    nodes = make("Harbour"), make("Northside"), make("Riverside")
    for node in nodes:
        node.start()
    harbour, northside, riverside = nodes
    befriend(harbour, northside)
    befriend(harbour, riverside)
    befriend(northside, riverside)
    return nodes


def test_voices_are_heard_by_all_counted_once_and_taken_back(make: Make) -> None:
    harbour, northside, riverside = three(make)
    alert = publish(harbour)
    for node in (northside, riverside):
        eventually(partial(node.show, alert), within=60, pause=0.5)

    report = northside.run(
        "draft", "new", "--set", "codes=NP", "--consent", "members", "--consent", "peers",
    )  # fmt: skip
    northside.run("voice", "corroborate", alert, "--report", report["id"], "--as", "Ana")
    northside.run("voice", "corroborate", alert, "--report", report["id"])  # again: one word
    for node in (harbour, northside, riverside):
        wait_until_said(node, alert, ["Northside"], [])
    riverside.run("voice", "dispute", alert, "--reason", "-", stdin="It is a courier's phone.")
    for node in (harbour, northside, riverside):
        wait_until_said(node, alert, ["Northside"], ["Riverside"])
    shown = harbour.show(alert)
    assert shown["confidence"] == (
        "corroborated by 1 organisation (Northside), disputed by 1 organisation (Riverside)"
    )
    assert {each.get("text") for each in shown["said"]} == {None, "It is a courier's phone."}
    [match] = harbour.run("check", "-", stdin=PHONE)["matches"]
    assert (match["corroborated_by"], match["disputed_by"]) == (["Northside"], ["Riverside"])
    assert set(harbour.alerts()) == {alert}  # a voice is no alert
    assert {row["what"] for row in northside.run("audit")["acts"]} >= {"voice"}

    northside.run("receipt", "consent", "--no", "peers", stdin=report["receipt"])
    for node in (harbour, riverside):  # her word went, and ours that stood on it
        wait_until_said(node, alert, [], ["Riverside"])
    riverside.run("voice", "withdraw", alert)
    wait_until_said(northside, alert, [], [])
    wait_until_said(harbour, alert, [], [])


def test_alerts_of_one_person_are_shown_together_and_stay_apart_where_a_person_says_so(
    make: Make,
) -> None:
    harbour, northside, riverside = three(make)
    one, two = publish(harbour), publish(northside)
    for alert in (one, two):
        eventually(partial(riverside.show, alert), within=60, pause=0.5)
    other = riverside.publish("Same man, another phone.", *FIELDS[:-1])
    [cluster] = riverside.run("cluster", "list")["clusters"]
    assert (cluster["organisations"], cluster["why"][0]["why"]) == (2, ["same phone"])
    found = {row["alert"]: row for row in riverside.run("check", "-", stdin=PHONE)["matches"]}
    assert set(found) == {one, two}
    assert [each["alert"] for each in found[one]["also_reported_by"]] == [two]

    riverside.run("voice", "same-as", two, other)

    def all_three() -> bool:
        rows: list[dict[str, Any]] = harbour.run("cluster", "show", one)["alerts"]
        return {row["alert"] for row in rows} == {one, two, other}

    eventually(all_three, within=60, pause=0.5)
    harbour.run("cluster", "part", one, two)
    apart = harbour.run("cluster", "show", one)
    assert ([row["alert"] for row in apart["alerts"]], apart["kept_apart"]) == ([one], [two])
    assert len(riverside.run("cluster", "show", one)["alerts"]) == 3  # that was Harbour's own view


def test_a_verdict_and_a_mode_stay_whatever_the_origin_sends(make: Make) -> None:
    harbour, northside, riverside = three(make)
    note = "We know this number: a courier, until May."
    alert = publish(harbour)
    eventually(partial(northside.show, alert), within=60, pause=0.5)
    northside.run("verdict", alert, "--hide", "--note", "-", stdin=note)
    northside.run("peer", "mode", "Riverside", "review")
    small = publish(riverside)
    eventually(partial(northside.show, small), within=60, pause=0.5)
    harbour.run("alert", "correct", alert, "--set", "city=Berkeley")
    eventually(lambda: northside.show(alert)["rev"] == 2, within=60, pause=0.5)

    northside.stop()
    northside.start()
    assert northside.show(alert)["verdict"] == {"hide": True, "note": note}
    theirs = northside.run("check", "-", "--as", "member", stdin=PHONE)
    assert (theirs["matches"], theirs["left_out"]) == ([], {"verdict": 1, "review": 1})
    assert northside.attempt("alert", "show", small, "--as", "member").code != 0
    assert [row["alert"] for row in northside.run("review", "list")["waiting"]] == [small]
    assert northside.run("review", "pass", "--all")["passed"] == [small]
    shown = northside.run("check", "-", "--as", "member", stdin=PHONE)["matches"]
    assert [row["alert"] for row in shown] == [small]
    northside.run("peer", "mode", "Riverside", "ignore:risky")
    assert northside.run("alert", "list")["left_out"] == {"ignored": 1}
    confirmed = partial(riverside.run, "alert", "coverage", small)
    assert {row["state"] for row in eventually(confirmed)["coverage"]} == {"confirmed"}

    assert noted(northside, note)  # so that looking proves something
    harbour.run("alert", "erase", alert)
    eventually(lambda: northside.show(alert)["status"] == "erased", within=60, pause=0.5)
    assert northside.run("verdict")["verdicts"] == []
    eventually(lambda: not noted(northside, note), within=60, pause=1)


def test_an_adopted_alert_is_taken_back_with_the_one_that_it_was_made_from(make: Make) -> None:
    harbour, northside, riverside = three(make)
    alert = publish(harbour)
    eventually(partial(northside.show, alert), within=60, pause=0.5)
    draft = northside.run("voice", "adopt", alert)
    assert draft["peers"] is False
    done = northside.run("draft", "publish", draft["id"])
    [copy] = done["published"]
    assert northside.show(copy)["fields"]["ref"][0] == "adopted_from"
    assert riverside.show(copy) == {}  # Harbour's terms let nobody forward it
    harbour.run("alert", "withdraw", alert, "--reason", "-", stdin="Mistaken identity.")
    eventually(lambda: northside.show(alert)["status"] == "withdrawn", within=60, pause=0.5)
    northside.stop()
    northside.start()  # the job runs soon after each start, then every ten minutes
    eventually(lambda: northside.show(copy)["status"] == "withdrawn", within=60, pause=1)
