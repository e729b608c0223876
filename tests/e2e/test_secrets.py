"""What a thief of the disk finds: no number, text, name or key; nor in logs or argument lists."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.processes import PASSPHRASE, Organisation, befriend, eventually, trust_each_other

pytestmark = pytest.mark.slow

Make = Callable[..., Organisation]
STORY = "He said that he keeps a marmalade tin"
CORRECTED = "It was a tin of quince, nothing more"
REASON = "Taken for his brother Balthazar"
REPORTER = "Wilhelmina Oxenstierna"
PRIVATE = "the reporter rides a penny farthing"
NAME = "Ignatius Peabody"
ASKED = "415 555 0177"
DIGITS = ("4155550142", "555 0142", "5550142", "4155550188", "4155550177", "555 0177")


def planted() -> list[bytes]:
    """Every text that must be nowhere in clear, in the encodings in which it might be there."""
    words = [STORY, CORRECTED, REASON, REPORTER, PRIVATE, NAME, *DIGITS, PASSPHRASE]
    words += [word.upper() for word in words] + [word.lower() for word in words]
    return [word.encode(code) for word in words for code in ("utf-8", "utf-16-le")]


def argument_lists() -> dict[str, bytes]:
    """The command line and the environment's end of every process of ours."""
    found: dict[str, bytes] = {}
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                words = (process / "cmdline").read_bytes()
            except OSError:
                continue
            if b"cli.main" in words:
                found[process.name] = words
    return found


def test_nothing_that_was_said_is_in_the_files_the_logs_or_the_argument_lists(
    make: Make, tmp_path: Path
) -> None:
    one, other = make("Riverside"), make("Harbour")
    one.start()
    other.start()
    befriend(one, other)
    trust_each_other(one, other)
    sheet = tmp_path / "list.csv"
    sheet.write_text(
        "Date,City,Phone,His name,What happened,Reported by,Reporter notes\n"
        f"2026-01-20,Oakland,+1 415 555 0188,{NAME},{STORY},{REPORTER},{PRIVATE}\n"
    )
    one.run("import", str(sheet), "--country", "US")
    for row in one.run("draft", "list")["drafts"]:
        one.run("draft", "edit", row["id"], "--set", "codes=NP")
        one.run("draft", "publish", row["id"], "--despite")
    words = ["codes=NP", "city=Oakland", "region=US-CA", "phone=-", "name=-"]
    alert = one.publish(STORY, *words, stdin=f"+1 415 555 0142\n{NAME}\n")
    eventually(lambda: len(other.alerts()) == 2)
    seen = argument_lists()
    assert len(seen) >= 2
    one.run("alert", "correct", alert, "--set", "text=-", stdin=CORRECTED)
    other.run("check", "-", stdin=ASKED)
    other.refused("check", "-", stdin="x" * 300 + ASKED)
    one.refused("draft", "new", "--set", "phone=-", stdin=f"{ASKED} {STORY}")
    eventually(lambda: other.show(alert)["rev"] == 2)
    one.run("alert", "withdraw", alert, "--reason", "-", stdin=REASON)
    eventually(lambda: other.show(alert)["status"] == "withdrawn")
    other.kill()  # what a crash leaves is as closed as what a stop leaves
    one.run("backup", str(one.home / "copy.parasol-backup"))
    time.sleep(0.5)
    one.stop()
    forbidden = planted()
    places = [path for node in (one, other) for path in (*node.home.rglob("*"), node.log)]
    files = [path for path in places if path.is_file() and not path.is_socket()]
    assert len(files) >= 8
    for path in files:
        raw = path.read_bytes()
        for word in forbidden:
            assert word not in raw, (path.name, word[:6])
        if path.parent in {one.home, other.home}:
            assert path.stat().st_mode & 0o077 == 0, path.name
    for words_of in seen.values():
        assert not [word for word in forbidden if word in words_of]
    for node in (one, other):
        assert "Traceback" not in node.said()


def test_the_keys_of_a_node_are_nowhere_in_clear(make: Make, tmp_path: Path) -> None:
    from keys.keystore import load_keystore

    one = make("Riverside")
    one.start()
    one.publish(STORY)
    one.run("backup", str(one.home / "copy.parasol-backup"))
    one.stop()
    opened = load_keystore(one.home / "keystore", f"{PASSPHRASE} Riverside")
    secrets = [
        opened.store_key,
        *(key.seed for key in opened.node_keys),
        *(key.secret for key in opened.box_keys),
    ]
    for path in (*one.home.rglob("*"), one.log):
        if not path.is_file():
            continue
        raw = path.read_bytes()
        for secret in secrets:
            assert secret not in raw
            assert secret.hex().encode() not in raw.lower()
