"""A stolen machine erases everything: peers brake, the keepers telephone, everything comes back."""

import asyncio
import contextlib
import csv
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from federation.client import Client
from node.exchange import Exchange
from node.rounds import Rounds
from node.runtime import open_node
from node.store.peers import all_peers
from tests.support.processes import (
    PASSPHRASE,
    Organisation,
    befriend,
    eventually,
    trust_each_other,
)

pytestmark = pytest.mark.slow

Make = Callable[..., Organisation]
ALERTS = 100
GONE = 10  # a tenth


def a_hundred(folder: Path) -> Path:
    """A list of a hundred numbers of nobody."""
    sheet = folder / "list.csv"
    with sheet.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["date", "phone", "what happened", "city"])
        for which in range(ALERTS):
            out.writerow(
                ["2026-01-20", f"+1415555{100 + which:04}", "left without paying", "Oakland"]
            )
    return sheet


def live(node: Organisation) -> int:
    """How many alerts it shows."""
    return len(node.alerts("--status", "live"))


def line_of(node: Organisation) -> dict[str, Any]:
    """What the brake holds of its one peer."""
    rows: list[dict[str, Any]] = node.run("peer", "brake", "list")["braked"]
    return rows[0] if rows else {}


async def erase_everything(home: Path, passphrase: bytes) -> None:
    """What a thief does who has the folder and the passphrase: erase all, and tell the peers."""
    async with open_node(home, passphrase) as node:
        alerts = (await node.dispatch("alert_list", {}))["alerts"]
        ours = [row["id"] for row in alerts if row["org_name"] == node.settings.org]
        for alert in ours:
            await node.dispatch("alert_erase", {"alert": alert})
        client = Client(allow_loopback=True)
        rounds = Rounds(node, Exchange(node, client), {})
        try:
            for peer in await node.read(all_peers):
                await rounds.push(peer)
        finally:
            await client.close()


@pytest.fixture
def pair(make: Make, tmp_path: Path) -> tuple[Organisation, Organisation, Path]:
    """Harbour, whose hundred alerts Riverside has, and a copy of Harbour's machine."""
    harbour, riverside = make("Harbour"), make("Riverside")
    harbour.run("import", str(a_hundred(tmp_path)), "--country", "US")
    harbour.run("draft", "publish", "--all")
    harbour.start()
    riverside.start()
    befriend(harbour, riverside)
    trust_each_other(harbour, riverside)
    eventually(lambda: live(riverside) == ALERTS, within=30)
    harbour.stop()
    copy = tmp_path / "stolen"
    shutil.copytree(harbour.home, copy)
    harbour.start()
    return harbour, riverside, copy


def stolen(copy: Path) -> None:
    """The thief at work."""
    asyncio.run(erase_everything(copy, f"{PASSPHRASE} Harbour".encode()))


def test_a_thief_hides_everything_purges_a_tenth_and_a_revocation_brings_all_back(
    pair: tuple[Organisation, Organisation, Path],
) -> None:
    harbour, riverside, copy = pair
    stolen(copy)
    held = eventually(lambda: line_of(riverside), within=20)
    assert (held["alerts"], held["erased"], held["name"]) == (
        ALERTS - GONE,
        ALERTS - GONE,
        "Harbour",
    )
    assert live(riverside) == 0
    assert riverside.run("check", "+1 415 555 0142")["matches"] == []
    warned = riverside.run("status")["warnings"]
    assert any("90 alerts" in each and "ring them up" in each for each in warned)
    assert riverside.attempt("doctor").code == 6

    words = harbour.home.with_name("harbour-words").glob("*root.txt")
    recovery = next(str(path) for path in words if "next" not in path.name)
    today = datetime.now(UTC).date().isoformat()
    harbour.run("keys", "revoke", "--recovery-file", recovery, "--since", today)
    # Harbour's peer lists to it what the thief signed; its keeper has that dropped.
    eventually(lambda: harbour.run("status")["recovery"] == "waits for the keeper", within=30)
    assert harbour.run("recover", "confirm")["signed_again"] == 0
    for _ in range(6):  # a node talks at once when it starts, otherwise every five minutes
        harbour.stop()
        harbour.start()
        with contextlib.suppress(AssertionError):
            eventually(lambda: live(riverside) == ALERTS, within=8)
            break
    assert live(riverside) == ALERTS
    assert line_of(riverside) == {}
    eventually(lambda: set(harbour.coverage().values()) == {"confirmed"}, within=60)


def test_a_keeper_who_telephones_shows_it_again_or_purges_it(
    pair: tuple[Organisation, Organisation, Path],
) -> None:
    _, riverside, copy = pair
    stolen(copy)
    eventually(lambda: line_of(riverside), within=20)
    rejected = riverside.run("peer", "brake", "reject", "Harbour")
    assert rejected["shown_again"] == ALERTS - GONE
    assert live(riverside) == ALERTS - GONE
    confirmed = ("peer", "brake", "confirm", "Harbour", "--until", rejected["since"])
    assert riverside.refused(*confirmed)["code"] == "not_found"

    riverside.stop()
    riverside.start()
    assert live(riverside) == ALERTS - GONE
    frozen = riverside.run("peer", "freeze", "Harbour", "--since", "2026-01-01 00:00")
    assert (frozen["state"], live(riverside)) == ("paused", 0)
    riverside.run("peer", "quarantine", "Harbour", "--lift")
    assert live(riverside) == ALERTS - GONE


def test_a_frozen_node_is_silent_until_it_is_thawed(make: Make) -> None:
    harbour, riverside = make("Harbour"), make("Riverside")
    for node in (harbour, riverside):
        node.start()
    befriend(harbour, riverside)
    trust_each_other(harbour, riverside)
    first = harbour.publish("Left without paying.")
    eventually(lambda: riverside.show(first))
    harbour.run("node", "freeze", "--reason", "a window was open")
    assert harbour.refused("alert", "erase", first)["code"] == "frozen"
    harbour.stop()
    harbour.start()
    assert any("frozen" in each for each in harbour.run("status")["warnings"])
    other = riverside.publish("Did not leave when asked.")
    eventually(lambda: harbour.show(other))  # what peers send is taken
    eventually(lambda: riverside.coverage(other) == {other: "confirmed"})
    harbour.run("node", "thaw")
    harbour.run("alert", "erase", first)
    eventually(lambda: riverside.show(first).get("status") == "erased")
