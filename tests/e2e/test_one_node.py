"""One node by its command line: from a list to alerts that can be checked, with serve and without.

What was erased, and every number and word, must be in no file of the folder in clear.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.processes import Organisation

pytestmark = pytest.mark.slow

Make = Callable[..., Organisation]

LIST = """Date,Phone,What happened,City,Reporter contact,Share with members?
2026-01-10,510 555 0123,Did not pay,Oakland,Wilhelmina 415 555 0177,yes
2026-01-11,510 555 0124,Stole my phone,Oakland,,no
2026-01-12,510 555 0125,Did not pay. Also used 415 555 0188,Oakland,,yes
,,,,,
"""
CANARY = "marmalade"


@pytest.fixture(params=["serving", "alone"])
def node(make: Make, request: pytest.FixtureRequest) -> Organisation:
    """A node that serves, or one whose every command runs by itself."""
    made = make("Riverside")
    if request.param == "serving":
        made.start()
    return made


def test_a_list_becomes_alerts_that_can_be_checked(node: Organisation, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text(LIST)
    shown = node.run("import", str(file), "--dry-run")
    assert (shown["rows"], shown["drafts"]) == (4, 3)
    assert node.run("draft", "list")["drafts"] == []
    assert node.run("import", str(file))["drafts"] == 3
    assert node.run("import", str(file))["drafts"] == 0

    ran = node.attempt("draft", "publish", "--all")
    result = ran.json()
    reasons = [row["reason"] for row in result["refused"]]
    assert len(result["published"]) == 1
    assert any("no_consent" in reason for reason in reasons)
    assert any("number_in_text" in reason for reason in reasons)

    (alert,) = result["published"]
    assert node.alerts()[alert]["status"] == "live"
    shown = node.show(alert)
    assert shown["signature"] == "verified"
    assert "Wilhelmina" not in str(shown)
    for typed in ("(510) 555-0123", "0123"):
        matches = node.run("check", "-", stdin=typed)["matches"]
        assert [match["alert"] for match in matches] == [alert]
    assert node.run("check", "-", stdin="415 555 0177")["matches"] == []


def test_a_draft_is_written_edited_and_refused(node: Organisation) -> None:
    draft = node.run("draft", "new", "--set", "text=-", stdin="He left without paying.")["id"]
    assert node.attempt("draft", "publish", draft).code == 3
    node.run("draft", "edit", draft, "--set", "codes=NP")
    assert node.run("draft", "publish", draft)["refused"] == []
    other = node.run("draft", "new", "--set", "codes=NS")["id"]
    node.run("draft", "refuse", other, "--reason", "-", stdin="Not ours.")
    assert node.run("draft", "list")["drafts"] == []
    assert node.refused("draft", "show", "nosuchid")["code"] == "not_found"


def test_an_alert_is_corrected_withdrawn_and_erased(node: Organisation) -> None:
    alert = node.publish("He left.", "codes=NP", "phone=-", stdin="510 555 0123\n")
    assert node.run("alert", "correct", alert[:10], "--set", "city=Oakland")["rev"] == 2
    fields = node.show(alert)["fields"]
    assert (fields["place.city"], fields["phone"]) == ("Oakland", ["+15105550123"])
    node.run("alert", "withdraw", alert, "--reason", "-", stdin="Mistaken.")
    assert node.show(alert)["fields"]["reason"] == "Mistaken."
    assert node.run("alert", "erase", alert)["status"] == "erased"
    assert node.alerts("--status", "erased")[alert]["rev"] == 4
    assert node.run("check", "-", stdin="510 555 0123")["matches"] == []


def test_a_policy_is_checked_and_applied(node: Organisation, tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    text = node.run("policy", "show")["text"]
    file.write_text(text.replace('phone = "clear"', 'phone = "masked"'))
    (change,) = node.run("policy", "check", str(file))["changes"]
    assert (change["switch"], change["new"]) == ("identifiers.phone", "masked")
    assert node.run("policy", "apply", str(file))["changed"]
    assert node.run("policy", "show")["text"] == file.read_text()
    file.write_text('export_to = "everybody"')
    assert node.refused("policy", "apply", str(file))["code"] == "policy"
    assert 'phone = "masked"' in node.run("policy", "show")["text"]


def test_no_file_of_a_node_shows_what_it_holds(node: Organisation) -> None:
    kept = node.publish(f"He said {CANARY}.", "codes=NP", "phone=-", stdin="510 555 0123\n")
    gone = node.publish(f"He sang {CANARY}.", "codes=NP", "phone=-", stdin="510 555 0124\n")
    node.run("alert", "erase", gone)
    node.run("check", "-", stdin="510 555 0123")
    if node.served is not None:
        node.stop()
    assert node.show(kept)["status"] == "live"
    clear = [CANARY, "5105550123", "5105550124", "555 0123", "555-0123"]
    for path in [*node.home.rglob("*"), node.log]:
        if path.is_file():
            data = path.read_bytes()
            assert not [word for word in clear if word.encode() in data], path.name
