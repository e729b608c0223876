"""The policy's duties between two organisations in processes of their own, by the command line."""

import json
import re
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.processes import Organisation, befriend, eventually, trust_each_other

pytestmark = pytest.mark.slow

Make = Callable[..., Organisation]
DUTY = "We must tell the health office about anyone under 18."
PHONE = "+1 415 555 0142"
FIELDS = ["codes=RB", "city=Oakland", "district=Temescal", "region=US-CA", "date=2026-01-20"]


def change(node: Organisation, **switches: str) -> None:
    """Apply the node's policy with switches (tables by two underscores) set to a TOML value."""
    text = node.run("policy", "show")["text"]
    for name, value in switches.items():
        table, _, key = name.rpartition("__")
        head, rest = text.split(f"[{table}]", 1) if table else ("", text)
        rest = re.sub(rf"(?m)^{key} = .*$", f"{key} = {value}", rest, count=1)
        text = f"{head}[{table}]{rest}" if table else rest
    node.run("policy", "apply", "-", stdin=text)


def write(node: Organisation, *consent: str) -> str:
    """Write a draft with a number; gives its id."""
    sets = [word for pair in [*FIELDS, "phone=-"] for word in ("--set", pair)]
    given = [word for scope in consent for word in ("--consent", scope)]
    return str(node.run("draft", "new", *sets, *given, stdin=PHONE)["id"])


@pytest.fixture
def pair(make: Make) -> tuple[Organisation, Organisation]:
    """Two that serve and trust each other; the first under two reviewers and suspensions."""
    one, other = make("Riverside"), make("Harbour")
    one.start()
    other.start()
    befriend(one, other)
    trust_each_other(one, other)
    change(one, moderation__reviewers="2", dispute__suspend="true", dispute__second_reviewer="true")
    return one, other


def status_at(node: Organisation, alert: str) -> str:
    return str(node.show(alert).get("status", ""))


def test_an_alert_is_approved_disputed_suspended_and_comes_back(
    pair: tuple[Organisation, Organisation],
) -> None:
    one, other = pair
    draft = write(one)
    assert one.run("draft", "approve", draft, "--as", "Bea")["approved"][0]["missing"] == 1
    done = one.run("draft", "publish", draft, "--as", "Ana")
    assert "provisional" not in done
    (alert,) = done["published"]
    eventually(lambda: status_at(other, alert) == "live")
    words = ["--objection", "-", "--as", "Ana"]
    opened = one.run("dispute", "open", alert, *words, stdin="It was my brother.")
    eventually(lambda: status_at(other, alert) == "withdrawn")
    assert "phone" not in other.show(alert)["fields"]
    assert other.run("check", "-", stdin=PHONE)["matches"] == []
    assert any("objection" in warning for warning in one.run("status")["warnings"])
    answer = ["dispute", "answer", opened["id"], "--outcome", "kept", "--answer", "-"]
    assert one.refused(*answer, "--as", "Bea", stdin="x")["code"] == "refused_by_policy"
    one.run(*answer, "--as", "Cleo", stdin="We looked; it was not.")
    assert one.refused("dispute", "close", opened["id"], "--as", "cleo")["code"] == (
        "refused_by_policy"
    )
    one.run("dispute", "close", opened["id"], "--as", "Dana")
    eventually(lambda: status_at(other, alert) == "live")
    assert other.show(alert)["fields"]["phone"] == ["+14155550142"]
    acts = [row["what"] for row in one.run("audit", alert)["acts"]]
    assert acts == ["objection_closed", "objection_answered", "objection_taken", "published"]
    eventually(lambda: one.coverage(alert)[alert] == "confirmed")


def test_an_alert_on_one_persons_word_has_a_near_end_until_another_confirms(
    pair: tuple[Organisation, Organisation],
) -> None:
    one, other = pair
    done = one.run("draft", "publish", write(one), "--as", "Ana")
    (alert,) = done["published"]
    assert done["provisional"] == [alert]
    eventually(lambda: status_at(other, alert) == "live")
    near = other.show(alert)["expires"]
    assert one.run("alert", "confirm", alert, "--as", "ANA")["missing"] == 1
    assert one.run("alert", "confirm", alert, "--as", "Bea")["missing"] == 0
    eventually(lambda: other.show(alert)["rev"] == 2)
    assert other.show(alert)["expires"] > near
    change(one, moderation__urgent="false")
    late = one.attempt("draft", "publish", write(one), "--as", "Ana")
    assert late.code == 3
    assert "moderation.urgent=false" in late.json()["refused"][0]["reason"]


def test_a_shorter_life_reaches_the_copies_at_peers(
    pair: tuple[Organisation, Organisation],
) -> None:
    one, other = pair
    change(one, moderation__reviewers="1")
    alert = one.publish("Took my bag.", *FIELDS)
    eventually(lambda: status_at(other, alert) == "live")
    before = other.show(alert)["expires"]
    change(one, retention_days__3="30")
    eventually(lambda: other.show(alert)["expires"] < before)
    eventually(lambda: one.coverage(alert)[alert] == "confirmed")


def test_police_get_an_alert_only_where_all_agree_and_peers_hear_nothing_of_it(
    pair: tuple[Organisation, Organisation], tmp_path: Path
) -> None:
    one, other = pair
    change(one, moderation__reviewers="1")
    draft = write(one, "members", "peers", "police_anonymised")
    (alert,) = one.run("draft", "publish", draft)["published"]
    eventually(lambda: status_at(other, alert) == "live")
    out = tmp_path / "given.json"
    asked = ["police", "export", alert, "--approver", "Rosa Lind", "--why", "-", "--out", str(out)]
    assert one.refused(*asked, stdin="she asked")["code"] == "refused_by_policy"
    change(one, police_share__mode='"anonymised"', police_share__approver='"Rosa Lind"')
    wrong = [word.replace("Rosa Lind", "rosa lind") for word in asked]
    assert one.refused(*wrong, stdin="she asked")["code"] == "refused_by_policy"
    one.run(*asked, stdin="she asked")
    given = json.loads(out.read_text())
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert given["fields"]["phone"] == ["+14155550142"]
    assert not given["fields"].keys() & {"place.district", "date.day", "text", "basis"}
    eventually(lambda: other.show(alert)["fields"]["terms"][3] is True)
    assert "Rosa" not in json.dumps(other.show(alert))
    assert one.run("audit", alert)["acts"][0]["who"] == "Rosa Lind"
    theirs = ["police", "export", alert, "--approver", "Rosa Lind", "--why", "-"]
    assert other.refused(*theirs, stdin="x")["code"] == "refused_by_policy"


def test_a_duty_to_report_is_there_before_the_first_question(make: Make) -> None:
    node = make("Riverside", endpoint=False)
    change(node, mandatory_reporting=f'"{DUTY}"')
    assert node.run("policy", "intake")["mandatory_reporting"] == DUTY
    assert node.refused("policy", "apply", "-", stdin='photo = "allow"')["code"] == "policy"
    assert node.run("statistics")["months"][0]["figures"] == []
    assert node.refused("alert", "sheet", "--as", "Ana")["code"] == "bad_request"
