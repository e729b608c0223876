"""Matching without seeing, between whole nodes: found by token, refused, counted, and off."""

from collections.abc import Callable
from functools import partial

import pytest

from tests.support.processes import Organisation, eventually, introduce

pytestmark = pytest.mark.slow

Make = Callable[..., Organisation]
PHONE = "+1 415 555 0142"
OTHER = "+1 415 555 0177"


def trust(one: Organisation, other: Organisation) -> None:
    """Meet, and compare codes on both sides, also where either has other peers."""
    introduce(one, other)
    for mine, theirs in ((one, other), (other, one)):
        rows = {row["name"]: row for row in theirs.run("peer", "list")["peers"]}
        code = rows[mine.name]["ours"]
        mine.run("peer", "verify", theirs.name, "--code", code)

    def both() -> bool:
        return all(
            row["they_trust_us"]
            for mine, theirs in ((one, other), (other, one))
            for row in mine.run("peer", "list")["peers"]
            if row["name"] == theirs.name
        )

    eventually(both, within=20)


def match_only(node: Organisation) -> None:
    """Have a node give numbers as tokens only."""
    path = node.home / "policy.toml"
    lines = [
        'phone = "match"' if line.startswith("phone ") else line
        for line in path.read_text("utf-8").splitlines()
    ]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    node.run("policy", "apply")


def why(node: Organisation, text: str, *args: str) -> list[str]:
    """The reasons for which others could not be asked."""
    return [row["reason"] for row in node.run("check", "-", *args, stdin=text)["not_asked"]]


def test_a_number_is_found_by_its_token_and_whoever_cannot_be_asked_is_named(make: Make) -> None:
    riverside, harbour, mill = make("Riverside"), make("Harbour"), make("Mill")
    for node in (riverside, harbour, mill):
        node.start()
    trust(riverside, harbour)
    trust(mill, harbour)
    match_only(riverside)
    match_only(mill)
    ours = riverside.publish("Left without paying.", "codes=NP", "phone=-", stdin=f"{PHONE}\n")
    theirs = mill.publish("Hit her.", "codes=VI", "phone=-", stdin=f"{PHONE}\n")
    shown = eventually(lambda: harbour.show(ours))
    eventually(lambda: harbour.show(theirs))
    assert {name for name in shown["fields"] if name.startswith("phone")} == {"phone.token"}
    found = harbour.run("check", "-", stdin=PHONE)
    assert {row["alert"] for row in found["matches"]} == {ours, theirs}
    assert {row["why"] for row in found["matches"]} == {
        "phone matched by token at Riverside; it is not held here itself",
        "phone matched by token at Mill; it is not held here itself",
    }
    assert found["not_asked"] == []
    assert harbour.run("check", "-", stdin=OTHER)["matches"] == []
    # a part cannot be asked about, and nobody is asked where that is not wanted
    assert why(harbour, "5550142") == ["only_whole", "only_whole"]
    assert why(harbour, PHONE, "--local") == ["not_asked_locally", "not_asked_locally"]
    riverside.stop()
    found = harbour.run("check", "-", stdin=PHONE)
    assert [row["alert"] for row in found["matches"]] == [theirs]
    assert [(row["org_name"], row["reason"]) for row in found["not_asked"]] == [
        ("Riverside", "no_connection")
    ]
    riverside.start()
    # without a server of its own, the asker asks all the same
    harbour.stop()
    found = harbour.run("check", "-", stdin=PHONE)
    assert {row["alert"] for row in found["matches"]} == {ours, theirs}
    harbour.start()
    # from the moment that a peer is paused or blocked, it is answered nothing
    riverside.run("peer", "pause", "Harbour")
    found = harbour.run("check", "-", stdin=PHONE)
    assert [row["alert"] for row in found["matches"]] == [theirs]
    assert [(row["org_name"], row["reason"]) for row in found["not_asked"]] == [
        ("Riverside", "not_granted")
    ]
    riverside.run("peer", "resume", "Harbour")
    assert len(harbour.run("check", "-", stdin=PHONE)["matches"]) == 2
    riverside.run("peer", "block", "Harbour")
    found = harbour.run("check", "-", stdin=PHONE)
    assert [row["alert"] for row in found["matches"]] == [theirs]


def test_an_alert_that_waits_is_released_to_those_who_match_and_to_nobody_else(make: Make) -> None:
    names = ("Riverside", "Harbour", "Mill", "Lakeside")
    nodes = riverside, harbour, mill, lakeside = [make(name) for name in names]
    for node in nodes:
        node.start()
    for at, one in enumerate(nodes):
        for other in nodes[at + 1 :]:
            trust(one, other)
    ours = held(riverside, PHONE, 2)
    hold = riverside.show(ours)["hold"]
    assert (hold["state"], hold["matched"]) == ("waits: 0 of 2", 0)
    unrelated = held(lakeside, OTHER, 2)
    for node in (harbour, mill, lakeside):
        shown = eventually(partial(node.show, hold["hold"]))
        assert (shown["kind"], set(shown["fields"])) == ("hold", {"kind", "terms", "phone.token"})
        assert node.run("check", "-", stdin=PHONE)["matches"] == []
    theirs = held(harbour, PHONE, 2)
    eventually(lambda: riverside.show(ours)["hold"]["state"] == "waits: 1 of 2", within=40)
    assert not harbour.show(ours)
    assert not riverside.show(theirs)
    third = held(mill, PHONE, 2)
    for node, alert in ((riverside, ours), (harbour, theirs), (mill, third)):
        others = [each for each in (riverside, harbour, mill) if each is not node]
        for other in others:
            shown = eventually(partial(other.show, alert), within=60)
            assert shown["fields"]["phone"] == [PHONE.replace(" ", "")]
        state = node.show(alert)["hold"]
        assert set(state["released_to"]) == {each.name for each in others}
    assert lakeside.show(unrelated)["hold"]["state"] == "waits: 0 of 2"
    assert lakeside.run("status")["matching"]["held"] == 1
    for alert in (ours, theirs, third):
        assert not lakeside.show(alert)
    assert lakeside.run("check", "-", stdin=PHONE)["matches"] == []
    # taking the alert back takes its hold back, from all who had either
    riverside.run("alert", "erase", ours)
    for node in (harbour, mill):
        eventually(partial(is_empty, node, ours), within=20)
    for node in (harbour, mill, lakeside):
        eventually(partial(is_empty, node, hold["hold"]), within=20)


def is_empty(node: Organisation, alert: str) -> bool:
    """Whether a node holds nothing of an alert any more."""
    return not node.show(alert).get("fields")


def held(node: Organisation, phone: str, others: int) -> str:
    """Publish an alert that waits for others."""
    words = ["--set", "codes=NP", "--set", "phone=-", "--set", "text=-"]
    said = f"{phone}\nLeft without paying."
    draft = node.run("draft", "new", *words, stdin=said)["id"]
    done = node.run("draft", "publish", draft, "--hold", str(others))
    assert done["refused"] == [], done
    alert: str = done["published"][0]
    return alert


def test_who_asks_too_much_is_refused_and_the_keeper_is_told(make: Make) -> None:
    riverside, harbour = make("Riverside"), make("Harbour")
    settings = riverside.home / "settings.toml"
    text = settings.read_text("utf-8")
    assert "match_quota = 300" in text
    settings.write_text(text.replace("match_quota = 300", "match_quota = 4"), "utf-8")
    riverside.start()
    harbour.start()
    trust(riverside, harbour)
    match_only(riverside)
    alert = riverside.publish("Left without paying.", "codes=NP", "phone=-", stdin=f"{PHONE}\n")
    eventually(lambda: harbour.show(alert))
    assert why(harbour, "+1 415 555 0101") == []
    assert not any("identifiers today" in said for said in riverside.run("status")["warnings"])
    assert why(harbour, "+1 415 555 0102") == []
    said = "Harbour asked about 2 of 4 identifiers today"
    assert any(each.startswith(said) for each in riverside.run("status")["warnings"])
    assert any(each["what"] == said for each in doctor(riverside))
    for last in (3, 4):
        assert why(harbour, f"+1 415 555 010{last}") == []
    assert why(harbour, PHONE) == ["quota"]
    riverside.stop()
    riverside.start()
    assert why(harbour, PHONE) == ["quota"]
    assert "+1415" not in riverside.said()


def doctor(node: Organisation) -> list[dict[str, str]]:
    """What `doctor` finds, however it ends."""
    found: list[dict[str, str]] = node.attempt("doctor").json()["findings"]
    return found
