"""Two organisations that nobody can call, and the mailbox that a third one holds for them."""

from collections.abc import Callable
from functools import partial

import pytest

from keys.keystore import load_keystore
from node.settings import KEYSTORE_FILE
from tests.support.processes import PASSPHRASE, Organisation, eventually, introduce, verify
from tests.support.store_scan import found_in

pytestmark = pytest.mark.slow

Make = Callable[..., Organisation]
STORY = "Agreed a price, then left without paying."
PHONE = "+1 415 555 0142"


def code_of(node: Organisation) -> str:
    """Its own code, as its people read it aloud."""
    code: str = node.run("peer", "list")["peers"][0]["ours"]
    return code


def test_an_alert_goes_by_a_mailbox_that_cannot_read_it_and_is_confirmed_the_same_way(
    make: Make,
) -> None:
    hub = make("Hub")
    harbour, riverside = make("Harbour", endpoint=False), make("Riverside", endpoint=False)
    hub.start()
    for node in (harbour, riverside):  # neither serves: each command opens its node itself
        introduce(hub, node)
        verify(node, hub)
        hub.run("peer", "verify", node.name, "--code", code_of(node))
    introduce(harbour, riverside)
    harbour.run("peer", "verify", "Riverside", "--code", code_of(riverside))
    riverside.run("peer", "verify", "Harbour", "--code", code_of(harbour))
    refused = harbour.refused("peer", "mailbox", "Riverside", "--at", "Hub")
    assert refused["code"] == "refused_by_policy"  # the hub does not offer it

    hub.stop()
    settings = hub.home / "settings.toml"
    text = settings.read_text("utf-8")
    settings.write_text(text.replace("mailbox = false", "mailbox = true"), "utf-8")
    hub.start()
    for node, other in ((harbour, "Riverside"), (riverside, "Harbour")):
        node.start()  # its greeting brings the hub's new card
        eventually(partial(may_write, node, other), within=60, pause=1)
        node.stop()

    alert = harbour.publish(STORY, "codes=NP", "city=Oakland", "region=US-CA", "phone=-",
                            "date=2026-01-20", stdin=f"{PHONE}\n")  # fmt: skip
    # Harbour does not serve, so it tells the hub itself nothing: what the hub has, it has by mail.
    assert harbour.run("mail", "carry")["left"][0]["for"] == "Riverside"
    assert "confirmed" not in set(coverage(harbour, alert, "Riverside"))
    held = hub.run("mail", "list")["held"]
    assert [(row["from"], row["for"]) for row in held] == [("Harbour", "Riverside")]
    needles = [STORY.encode(), b"4155550142", PHONE.encode()]
    assert readable(harbour, needles)  # so that looking proves something
    assert readable(hub, needles) == []
    assert readable(hub, [b"mail_held"])

    taken = riverside.run("mail", "carry")
    assert taken["fetched"][0]["at"] == "Hub"
    assert (taken["unread"], taken["troubles"]) == (0, [])
    assert riverside.show(alert)["signature"] == "verified"
    assert riverside.run("check", "-", stdin=PHONE)["matches"][0]["alert"] == alert
    harbour.run("mail", "carry")
    assert coverage(harbour, alert, "Riverside") == ["confirmed"]
    assert harbour.run("mail", "carry")["left"] == []  # all is said
    harbour.run("alert", "erase", alert)
    harbour.run("mail", "carry")
    riverside.run("mail", "carry")
    assert riverside.show(alert)["status"] == "erased"
    harbour.run("mail", "carry")
    assert coverage(harbour, alert, "Riverside") == ["confirmed"]
    assert riverside.run("mail", "carry")["left"] == []
    assert hub.run("mail", "list")["held"] == []


def may_write(node: Organisation, other: str) -> bool:
    """Whether a node could name the hub's mailbox for another: it knows that the hub offers it."""
    return node.attempt("peer", "mailbox", other, "--at", "Hub").code == 0


def coverage(node: Organisation, alert: str, peer: str) -> list[str]:
    """How far an alert is at one peer."""
    rows = node.run("alert", "coverage", alert)["coverage"]
    return [row["state"] for row in rows if row["peer_name"] == peer]


def readable(node: Organisation, needles: list[bytes]) -> list[tuple[str, bytes]]:
    """Where a needle stands in an organisation's files, for who has its keys."""
    key = load_keystore(node.home / KEYSTORE_FILE, f"{PASSPHRASE} {node.name}").store_key
    return found_in(node.home, key, needles)
