"""What was erased is in no page of any file, at its origin and at its peers, nor after restores."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import select

from keys.keystore import load_keystore
from node.store.engine import sync_engine
from node.store.tables import records
from protocol.codec import decode
from protocol.ids import parse_record_key
from protocol.limits import DISCLOSURES_BYTES
from protocol.shape import as_array, as_bytes
from tests.support.processes import PASSPHRASE, Organisation, befriend, eventually, trust_each_other
from tests.support.store_scan import found_in

pytestmark = pytest.mark.slow

Make = Callable[..., Organisation]
STORY = "He left by the quince orchard"
OTHER = "She saw a marmalade van"
NUMBER, NAME, PLATE = "4155550142", "Peabody", "QNC417"
NEEDLES = [
    word.encode(code)
    for text in (STORY, NUMBER, NAME, PLATE)
    for word in (text, text.lower(), text[::-1])
    for code in ("utf-8", "utf-16-le")
]


def key_of(node: Organisation) -> bytes:
    return load_keystore(node.home / "keystore", f"{PASSPHRASE} {node.name}").store_key


def left(node: Organisation, needles: list[bytes] = NEEDLES) -> set[str]:
    """The files of a node in which something of the erased alert still stands."""
    return {name for name, _ in found_in(node.home, key_of(node), needles)}


def is_clean(node: Organisation, salts: list[bytes]) -> bool:
    return not left(node, NEEDLES + salts)


def test_an_erasure_leaves_no_byte_in_any_page_and_a_restore_brings_none_back(
    make: Make, tmp_path: Path
) -> None:
    one, other = make("Riverside"), make("Harbour")
    one.start()
    other.start()
    befriend(one, other)
    trust_each_other(one, other)
    words = [f"name={NAME}", "codes=NP", "region=US-CA", "plate=-", "phone=-"]
    alert = one.publish(STORY, *words, stdin=f"CA {PLATE}\n+1 {NUMBER}\n")
    kept = one.publish(OTHER, "codes=NP", "region=US-CA")
    eventually(lambda: {alert, kept} <= set(other.alerts()))
    for node in (one, other):
        assert left(node), "the scan must find what is there"
        node.run("backup", str(tmp_path / f"{node.name}.backup"))
    salts = salts_of(one, alert)
    assert len(salts) > 3
    assert left(one, salts)
    assert left(other, salts)
    one.run("alert", "erase", alert)
    eventually(lambda: set(one.coverage(alert).values()) == {"confirmed"})
    assert other.alerts()[alert]["status"] == "erased"
    for node in (one, other):
        eventually(partial(is_clean, node, salts), within=15)
        assert node.show(kept)["signature"] == "verified"
        node.stop()
        assert left(node) == set()
        node.run("restore", str(tmp_path / f"{node.name}.backup"))
        node.start()
        assert node.alerts()[alert]["status"] == "erased"
        eventually(partial(is_clean, node, salts), within=15)
        assert node.run("check", "-", stdin=NUMBER)["matches"] == []


def salts_of(node: Organisation, alert: str) -> list[bytes]:
    """The salts of an alert's fields, as the origin has them now."""
    engine = sync_engine(node.home / "store.db", key_of(node))
    with engine.connect() as connection:
        query = select(records.c.disclosures).where(records.c.rk == parse_record_key(alert))
        raw = bytes(connection.execute(query).scalar_one())
    engine.dispose()
    rows = as_array(decode(raw, limit=DISCLOSURES_BYTES))
    return [as_bytes(as_array(row)[0]) for row in rows]
