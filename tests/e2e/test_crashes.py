"""Power cuts, old backups and spoilt files: what was acknowledged stays, what was narrowed too."""

import random
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.processes import Organisation, befriend, eventually, trust_each_other

pytestmark = pytest.mark.slow

Make = Callable[..., Organisation]
DRAFTS, GROUP = 60, 6


def trusted(make: Make) -> tuple[Organisation, Organisation]:
    """Two that serve and trust each other."""
    one, other = make("Riverside"), make("Harbour")
    one.start()
    other.start()
    befriend(one, other)
    trust_each_other(one, other)
    return one, other


def stories(node: Organisation, folder: Path, number: int) -> list[str]:
    """Drafts of so many rows of a list."""
    rows = [
        f"2026-01-{1 + n % 28:02},Oakland,Left without paying (story {n})" for n in range(number)
    ]
    sheet = folder / "list.csv"
    sheet.write_text("\n".join(["Date,City,What happened", *rows]) + "\n")
    node.run("import", str(sheet), "--country", "US")
    ids = [row["id"] for row in node.run("draft", "list")["drafts"]]
    for each in ids:
        node.run("draft", "edit", each, "--set", "codes=NP")
    return ids


class Publishing(threading.Thread):
    """Publishes drafts as a keeper does: what was cut off is looked after, and repeated."""

    def __init__(self, node: Organisation, drafts: list[str]) -> None:
        super().__init__(daemon=True)
        self._node, self._left = node, drafts
        self.published: list[str] = []
        self.surprises: list[str] = []

    def run(self) -> None:
        while self._left:
            ran = self._node.attempt("draft", "publish", *self._left)
            if ran.code == 0:
                done = ran.json()
                self.published += done["published"]
                self.surprises += [row["reason"] for row in done["refused"]]
                return
            if "Traceback" in ran.err or ran.error()["code"] not in {"stopped", "node_stopped"}:
                self.surprises.append(ran.err)
            waiting = self._node.run("draft", "list")["drafts"]
            still = {row["id"] for row in waiting}
            self._left = [each for each in self._left if each in still]


@pytest.mark.timeout(300)
def test_what_the_command_line_acknowledged_survives_kills_of_either_side(
    make: Make, tmp_path: Path
) -> None:
    one, other = trusted(make)
    ids = stories(one, tmp_path, DRAFTS)
    assert len(ids) == DRAFTS
    chance = random.Random(20260121)
    published: set[str] = set()
    for at in range(0, DRAFTS, GROUP):
        publishing = Publishing(one, ids[at : at + GROUP])
        publishing.start()
        time.sleep(chance.uniform(0.0, 0.5))
        victim = chance.choice((one, one, other))
        victim.kill()
        victim.start()
        publishing.join(60)
        assert not publishing.surprises
        published.update(publishing.published)
    mine = one.alerts("--status", "live").keys()
    assert published <= mine
    assert len(mine) == DRAFTS  # each draft once, whatever was repeated
    eventually(lambda: other.alerts("--status", "live").keys() == mine, within=60)
    eventually(lambda: list(one.coverage().values()) == ["confirmed"] * DRAFTS, within=60)
    assert all(other.show(alert)["signature"] == "verified" for alert in sorted(mine)[:5])
    assert one.run("draft", "list")["drafts"] == []


def story_of_a_restore(
    one: Organisation,
    other: Organisation,
    save: Callable[[], None],
    put_back: Callable[[], None],
    *,
    keeper_decides: bool = False,
) -> None:
    """Save, go on, put the old state back, and see what comes back and what does not.

    `keeper_decides`: the register went back with the store, so that later revisions wait.
    """
    kept, narrowed, erased, withdrawn, corrected = (
        one.publish(f"Story {n}: left without paying.", "codes=NP", "name=Sam", "region=US-CA")
        for n in range(5)
    )
    theirs = other.publish("Theirs: left without paying.")
    eventually(lambda: len(other.alerts()) == len(one.alerts()) == 6)
    save()
    later = one.publish("After the backup: left without paying.")
    their_later = other.publish("Theirs after the backup: left without paying.")
    one.run("alert", "narrow", narrowed, "--withhold", "text")
    one.run("alert", "erase", erased)
    one.run("alert", "withdraw", withdrawn, "--reason", "-", stdin="Not him.")
    one.run("alert", "correct", corrected, "--set", "text=-", stdin="He paid after all.")
    eventually(lambda: set(one.coverage().values()) == {"confirmed"})
    eventually(lambda: one.show(their_later))
    put_back()
    eventually(lambda: later in one.alerts("--status", "live"), within=30)
    eventually(lambda: their_later in one.alerts("--status", "live"), within=30)
    eventually(lambda: one.run("status")["recovery"] != "listing", within=30)
    if keeper_decides:
        time.sleep(1)
        assert "text" not in other.show(narrowed)["fields"]
        assert not other.show(erased).get("fields")
        assert other.show(withdrawn)["status"] == "withdrawn"
        one.run("recover", "confirm")
    eventually(lambda: one.show(corrected)["rev"] >= 2, within=30)
    assert "He paid after all." in str(one.show(corrected)["fields"]["text"])
    for node in (one, other):
        assert node.show(erased).get("status", "erased") == "erased"
        assert not node.show(erased).get("fields")
        assert node.show(withdrawn)["status"] == "withdrawn"
        assert node.show(later)["signature"] == "verified"
        assert "text" in node.show(kept)["fields"]
    assert "text" not in other.show(narrowed)["fields"]
    shown = one.run("recover", "show")
    assert shown["state"] in {"none", "waits for the keeper"}
    one.run("recover", "confirm")
    time.sleep(1)
    assert "text" not in other.show(narrowed)["fields"]
    assert not other.show(erased).get("fields")
    fresh = one.publish("After the restore: left without paying.")
    eventually(lambda: other.show(fresh), within=20)
    eventually(lambda: set(one.coverage().values()) == {"confirmed"}, within=20)
    live = {kept, narrowed, corrected, later, fresh, theirs, their_later}
    assert one.alerts("--status", "live").keys() == other.alerts("--status", "live").keys() == live


def test_a_node_restored_from_an_old_backup_recovers_and_shows_nothing_again(
    make: Make, tmp_path: Path
) -> None:
    one, other = trusted(make)
    copy = tmp_path / "old.parasol-backup"

    def put_back() -> None:
        refused = one.refused("restore", str(copy))
        assert "serve" in refused["message"] or "writing" in refused["message"]
        one.stop()
        one.run("restore", str(copy))
        one.start()

    def save() -> None:
        one.run("backup", str(copy))

    story_of_a_restore(one, other, save, put_back)


def copied(one: Organisation, copy: Path) -> tuple[Callable[[], None], Callable[[], None]]:
    """How to save a node's whole folder, register and all, and how to put it back."""

    def save() -> None:
        one.stop()
        shutil.copytree(one.home, copy, ignore=shutil.ignore_patterns("*.sock"))
        one.start()

    def put_back() -> None:
        one.stop()
        shutil.rmtree(one.home)
        shutil.copytree(copy, one.home)
        one.start()

    return save, put_back


def test_a_copy_of_the_folder_that_was_put_back_is_noticed_and_filled_up(
    make: Make, tmp_path: Path
) -> None:
    one, other = trusted(make)
    save, put_back = copied(one, tmp_path / "copy")
    corrected = one.publish("Story: left without paying.")
    eventually(lambda: other.show(corrected))
    save()
    later = one.publish("After the copy: left without paying.")
    theirs = other.publish("Theirs: left without paying.")
    one.run("alert", "correct", corrected, "--set", "text=-", stdin="He paid after all.")
    eventually(lambda: set(one.coverage().values()) == {"confirmed"})
    eventually(lambda: one.show(theirs))
    put_back()
    eventually(lambda: {later, theirs} <= one.alerts("--status", "live").keys(), within=20)
    eventually(lambda: one.run("status")["recovery"] != "listing", within=20)
    assert other.show(corrected)["rev"] == 2  # nothing older is put over it
    one.run("recover", "confirm")
    eventually(lambda: "He paid after all." in str(one.show(corrected)["fields"]["text"]))
    eventually(lambda: one.show(corrected)["rev"] == other.show(corrected)["rev"])
    eventually(lambda: set(one.coverage().values()) == {"confirmed"}, within=20)
    assert one.alerts().keys() == other.alerts().keys() == {corrected, later, theirs}


def test_a_copy_of_the_folder_that_was_put_back_shows_nothing_again(
    make: Make, tmp_path: Path
) -> None:
    one, other = trusted(make)
    save, put_back = copied(one, tmp_path / "copy")
    story_of_a_restore(one, other, save, put_back, keeper_decides=True)


def test_a_flipped_byte_in_the_store_is_told_in_a_sentence_and_spoils_nothing_else(
    make: Make, tmp_path: Path
) -> None:
    one = make("Riverside", endpoint=False)
    alerts = {one.publish(f"Story {n}: " + "left without paying. " * 20) for n in range(12)}
    store = one.home / "store.db"
    whole = store.read_bytes()
    keys = {path.name: path.read_bytes() for path in one.home.iterdir() if path.is_file()}
    chance = random.Random(7)
    places = [0, 17, 30, 4097, *(chance.randrange(len(whole)) for _ in range(8))]
    failed = 0
    for place in places:
        for name in ("store.db-wal", "store.db-shm"):
            (one.home / name).unlink(missing_ok=True)
        spoilt = bytearray(whole)
        spoilt[place] ^= 0x40
        store.write_bytes(spoilt)
        ran = one.attempt("alert", "list")
        assert "Traceback" not in ran.err
        if ran.code == 0:
            assert {row["id"] for row in ran.json()["alerts"]} == alerts
        else:
            failed += 1
            error = ran.error()
            assert error["code"] in {"store_damaged", "store_locked"}, (place, error)
            assert "backup" in error["message"]
        assert store.stat().st_size == len(whole)
        for name in ("keystore", "policy.toml", "settings.toml"):
            for found in one.home.glob(f"{name}*"):
                assert found.read_bytes() == keys[found.name]
    assert failed >= 3
    for name in ("store.db-wal", "store.db-shm"):
        (one.home / name).unlink(missing_ok=True)
    store.write_bytes(whole)
    assert one.alerts().keys() == alerts
