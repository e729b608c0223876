"""A reporter and her six words, by the command line: taken in, shared, taken away, confirmed."""

import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.support.parasol_command import ROOT
from tests.support.processes import Organisation, eventually, introduce

pytestmark = pytest.mark.slow

Make = Callable[..., Organisation]
PHONE = "+1 415 555 0142"


def meet(inviter: Organisation, invited: Organisation) -> None:
    """Two organisations trust each other, also where one has other peers."""
    introduce(inviter, invited)
    code = inviter.run("peer", "list")["peers"][0]["ours"]
    inviter.run("peer", "verify", invited.name, "--code", invited.peer()["ours"])
    invited.run("peer", "verify", inviter.name, "--code", code)
    eventually(lambda: all(p["they_trust_us"] for p in inviter.run("peer", "list")["peers"]), 20)


def taken_in(node: Organisation, *scopes: str) -> tuple[str, str]:
    """Write a report down for somebody and publish it; returns the alert and her code."""
    made = node.run(
        "draft", "new", "--consent", ",".join(scopes), "--set", "codes=RB", "--set", "city=Oakland",
        "--set", "region=US-CA", "--set", "phone=-", stdin=PHONE,
    )  # fmt: skip
    done = node.run("draft", "publish", made["id"])
    assert done["refused"] == [], done
    return done["published"][0], made["receipt"]


def at_peers(node: Organisation, code: str) -> dict[str, tuple[str, str]]:
    """What the code shows of each peer: what it was told, and how far that has come."""
    shown = node.run("receipt", "show", stdin=code)
    return {row["peer"]: (row["what"], row["state"]) for row in shown["peers"]}


def is_live(node: Organisation, alert: str) -> bool:
    return node.show(alert).get("status") == "live"


def is_found(node: Organisation) -> bool:
    return bool(node.run("check", "-", stdin=PHONE)["matches"])


def assert_said_nowhere(folder: Path, code: str) -> None:
    """No file under the folder, logs and journals included, holds the code in any form."""
    words = code.split("-")
    forms = {sep.join(words) for sep in ("-", " ", "", "_", "\n")}
    for path in folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes().lower()
            assert not any(form.encode() in data for form in forms), path.name


def test_a_code_takes_an_alert_away_from_every_peer_and_sees_them_confirm(make: Make) -> None:
    riverside, harbour, mill = make("Riverside"), make("Harbour"), make("Mill")
    for node in (riverside, harbour, mill):
        node.start()
    for node in (harbour, mill):
        meet(riverside, node)
    alert, code = taken_in(riverside, "members", "peers")
    for node in (harbour, mill):
        eventually(partial(is_live, node, alert), within=20)
        assert is_found(node)
    told = {"Harbour": ("alert", "confirmed"), "Mill": ("alert", "confirmed")}
    eventually(lambda: at_peers(riverside, code) == told, within=20)
    mill.kill()
    done = riverside.run("receipt", "consent", "--no", "peers", stdin=code.upper())
    riverside.kill()  # at once: what she was told is done stays done
    assert done["consent"]["peers"] is False
    riverside.start()
    eventually(lambda: not is_live(harbour, alert), within=30)
    assert not is_found(harbour)
    eventually(lambda: at_peers(riverside, code)["Harbour"] == ("stop", "recalled"), within=20)
    assert at_peers(riverside, code)["Mill"] == ("stop", "pending")
    mill.start()
    eventually(lambda: not is_live(mill, alert), within=60)
    assert not is_found(mill)
    eventually(lambda: at_peers(riverside, code)["Mill"] == ("stop", "recalled"), within=30)
    shown = riverside.run("receipt", "show", stdin=code)
    assert (shown["state"], shown["consent"]["members"]) == ("published", True)
    assert shown["summary"].startswith("2 of 2 confirmed")
    gone = riverside.run("receipt", "withdraw", stdin=code.replace("-", " "))
    assert gone["state"] == "erased"
    erased = {"Harbour": ("erasure", "confirmed"), "Mill": ("erasure", "confirmed")}
    eventually(lambda: at_peers(riverside, code) == erased, within=30)
    assert_said_nowhere(riverside.home.parent, code)


def test_a_wrong_code_is_told_nothing_and_no_code_stands_on_a_command_line(make: Make) -> None:
    riverside = make("Riverside", endpoint=False)
    alert, code = taken_in(riverside, "members")
    said = [
        riverside.refused("receipt", "show", stdin=wrong)
        for wrong in (code + "s", "abandon", alert, "-".join(reversed(code.split("-"))))
    ]
    assert len({error["message"] for error in said}) == 1
    assert {error["code"] for error in said} == {"not_found"}
    assert riverside.refused("receipt", "show", code)["code"] == "usage"
    process = subprocess.Popen(
        [sys.executable, "-m", "cli.main", "--json", "receipt", "show"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        env=riverside._environment(), cwd=ROOT,
    )  # fmt: skip
    assert process.stdin is not None
    process.stdin.write(code.encode() + b"\n")
    process.stdin.flush()
    seen = Path(f"/proc/{process.pid}/cmdline").read_bytes()
    seen += Path(f"/proc/{process.pid}/environ").read_bytes()
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert code.encode() not in seen
    assert code.encode() not in out
    added = riverside.run("receipt", "add", stdin=f"{code}\nHe came back\non Tuesday.\n")
    assert added["state"] == "published"
    (update,) = riverside.run("receipt", "updates")["updates"]
    assert update["text"] == "He came back\non Tuesday."
    riverside.run("receipt", "accept", update["id"])
    assert "Tuesday" not in str(riverside.show(alert))
    assert_said_nowhere(riverside.home.parent, code)
