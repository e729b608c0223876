"""One record among five hundred has a broken signature: the rest arrive, its origin hears why."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select, update

from keys.keystore import load_keystore
from node.store.engine import sync_engine
from node.store.tables import records
from protocol.ids import parse_record_key
from tests.support.processes import (
    PASSPHRASE,
    Organisation,
    befriend,
    eventually,
    trust_each_other,
)

pytestmark = pytest.mark.slow

Make = Callable[..., Organisation]
ALERTS = 500


def break_signature(node: Organisation, alert: str) -> None:
    """Flip a bit of one record's signature in its origin's own store."""
    opened = load_keystore(node.home / "keystore", f"{PASSPHRASE} {node.name}")
    engine = sync_engine(node.home / "store.db", opened.store_key)
    rk = parse_record_key(alert)
    with engine.begin() as connection:
        sig = connection.execute(select(records.c.sig).where(records.c.rk == rk)).scalar_one()
        spoilt = bytes([sig[0] ^ 1]) + sig[1:]
        connection.execute(update(records).where(records.c.rk == rk).values(sig=spoilt))
    engine.dispose()


@pytest.mark.timeout(300)
def test_one_bad_record_among_five_hundred_holds_up_none_of_the_others(
    make: Make, tmp_path: Path
) -> None:
    one, other = make("Riverside"), make("Harbour")
    sheet = tmp_path / "list.csv"
    rows = [f"2026-01-{1 + n % 28:02},Oakland,Left without paying,Hair {n}" for n in range(ALERTS)]
    sheet.write_text("\n".join(["Date,City,Incident,What happened", *rows]) + "\n")
    report = one.run("import", str(sheet), "--country", "US")
    assert report["drafts"] == ALERTS
    published = one.run("draft", "publish", "--all")["published"]
    assert len(published) == ALERTS
    bad = published[ALERTS // 2]
    break_signature(one, bad)
    assert one.show(bad)["signature"] == "failed"
    one.start()
    other.start()
    befriend(one, other)
    trust_each_other(one, other)
    eventually(lambda: other.run("status")["alerts"] == ALERTS - 1, within=30)
    assert other.alerts("--status", "live").keys() == set(published) - {bad}
    eventually(lambda: list(one.coverage().values()).count("confirmed") == ALERTS - 1, within=30)
    rows_of = {row["alert"]: row for row in one.run("alert", "coverage")["coverage"]}
    assert (rows_of[bad]["state"], rows_of[bad]["reason"]) == ("held", "signature")
    compared = one.run("peer", "compare", "Harbour")
    assert compared["asked"]
    assert compared["summary"][0] == f"ours at Harbour: {ALERTS - 1} equal, 1 differs: signature"
    assert compared["ours"]["differing"][0]["alert"] == bad
    theirs = other.run("peer", "compare", "Riverside")
    assert theirs["summary"][1] == f"theirs here: {ALERTS - 1} equal, 1 differs: signature"
    one.run("alert", "correct", bad, "--set", "text=-", stdin="Corrected, and signed again.")
    eventually(lambda: other.show(bad).get("signature") == "verified", within=20)
    eventually(lambda: set(one.coverage().values()) == {"confirmed"}, within=20)
    assert one.run("peer", "compare", "Harbour")["ours"]["equal"] == ALERTS
    one.stop()
    assert not other.run("peer", "compare", "Riverside")["asked"]
