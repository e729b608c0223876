"""What goes to police: where policy, reporter and a named person agree, and never by itself."""

import json
import re
import stat
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from federation.police import LEADS_TO_HER, police_release
from federation.release import Consent, Restrictions
from node.errors import BadField, Refused
from node.runtime import Node
from protocol.codec import Value
from tests.support.key_material import MadeUp
from tests.support.one_node import befriend, one_node, received
from tests.support.parasol_command import parasol
from tests.support.releases import policy_with, record

APPROVER = "Dr. Rosa Lind"


def allowing(node: Node, mode: str, approver: str = APPROVER) -> str:
    text = (node.home / "policy.toml").read_text()
    head, rest = text.split("[police_share]")
    rest = re.sub(r"(?m)^mode = .*$", f'mode = "{mode}"', rest, count=1)
    rest = re.sub(r"(?m)^approver = .*$", f'approver = "{approver}"', rest, count=1)
    return f"{head}[police_share]{rest}"


async def publish(node: Node, *consent: str) -> str:
    fields = {
        "codes": ["RB"], "phone": ["510 555 0123"], "city": ["Oakland"], "district": ["Temescal"],
        "date": ["2026-01-19"], "text": ["He had a knife."], "words": ["call me sir"],
        "basis": ["first_hand"],
    }  # fmt: skip
    made = await node.dispatch("draft_new", {"fields": fields, "consent": list(consent)})
    done = await node.dispatch("draft_publish", {"ids": [made["id"]], "despite": True})
    return str(done["published"][0])


async def export(node: Node, alert: str, approver: str = APPROVER) -> dict[str, Any]:
    args = {"alert": alert, "approver": approver, "why": "she asked for it"}
    return await node.dispatch("police_export", args)


async def test_what_goes_leads_to_no_reporter(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        await node.dispatch("policy_apply", {"text": allowing(node, "anonymised")})
        alert = await publish(node, "members", "peers", "police_anonymised")
        found = await export(node, alert)
        assert found["mode"] == "anonymised"
        assert found["fields"]["phone"] == ["+15105550123"]
        assert found["fields"]["place.city"] == "Oakland"
        assert not found["fields"].keys() & LEADS_TO_HER
        assert "terms" not in found["fields"]
        (act,) = (await node.dispatch("audit", {"alert": alert}))["acts"][:1]
        assert (act["who"], act["what"], act["why"]) == (
            APPROVER,
            "police_export",
            "she asked for it",
        )


async def test_police_get_no_more_than_a_peer_would(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        text = allowing(node, "anonymised").replace('phone = "clear"', 'phone = "masked"')
        await node.dispatch("policy_apply", {"text": text})
        alert = await publish(node, "members", "peers", "police_anonymised")
        fields = (await export(node, alert))["fields"]
        assert "phone" not in fields
        assert fields["phone.masked"] == ["+1*******123"]
        await node.dispatch("alert_narrow", {"alert": alert, "withhold": ["phone", "city"]})
        fields = (await export(node, alert))["fields"]
        assert not fields.keys() & {"phone.masked", "place.city"}


@pytest.mark.parametrize(
    ("mode", "approver", "consent", "typed", "rule"),
    [
        ("disabled", APPROVER, ["police_anonymised"], APPROVER, "police_share.mode=disabled"),
        ("anonymised", "", ["police_anonymised"], "", "police_share.approver="),
        ("anonymised", APPROVER, [], APPROVER, "consent.police_anonymised=no"),
        ("anonymised", APPROVER, ["police_supported"], APPROVER, "consent.police_anonymised=no"),
        ("supported", APPROVER, [], APPROVER, "consent.police_supported=no"),
        ("anonymised", APPROVER, ["police_anonymised"], "dr. rosa lind", "named|names"),
        ("anonymised", APPROVER, ["police_anonymised"], f"{APPROVER} ", "named|names"),
        ("anonymised", APPROVER, ["police_anonymised"], "", "named|names"),
    ],
)
async def test_each_of_the_three_alone_stops_it(
    tmp_path: Path, mode: str, approver: str, consent: list[str], typed: str, rule: str
) -> None:
    async with one_node(tmp_path / "node") as node:
        await node.dispatch("policy_apply", {"text": allowing(node, mode, approver)})
        alert = await publish(node, "members", "peers", *consent)
        with pytest.raises(Refused, match=rule):
            await export(node, alert, typed)
        assert "police_export" not in str(await node.dispatch("audit", {}))


async def test_a_reporter_who_wants_support_takes_her_words_along(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        await node.dispatch("policy_apply", {"text": allowing(node, "supported")})
        alert = await publish(node, "members", "peers", "police_supported")
        found = await export(node, alert)
        assert found["mode"] == "supported"
        assert found["fields"]["text"][1] == "He had a knife."
        assert "report" not in found


async def test_a_suspended_hidden_or_withdrawn_alert_does_not_go(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        text = allowing(node, "anonymised").replace("suspend = false", "suspend = true")
        await node.dispatch("policy_apply", {"text": text})
        alert = await publish(node, "members", "peers", "police_anonymised")
        await node.dispatch("alert_narrow", {"alert": alert, "hide": True})
        with pytest.raises(Refused, match="narrowed"):
            await export(node, alert)
        await node.dispatch("alert_widen", {"alert": alert})
        await node.dispatch("dispute_open", {"alert": alert, "objection": "not me", "by": "Ana"})
        with pytest.raises(Refused, match="quarantined"):
            await export(node, alert)
        await node.dispatch("alert_withdraw", {"alert": alert})
        with pytest.raises(Refused, match="withdrawn"):
            await export(node, alert)


@pytest.mark.parametrize("allowed", [True, False])
async def test_a_peers_alert_goes_only_where_its_terms_say_so(
    tmp_path: Path, *, allowed: bool
) -> None:
    async with one_node(tmp_path / "node") as node:
        await node.dispatch("policy_apply", {"text": allowing(node, "supported")})
        harbour: MadeUp = await befriend(node, "Harbour")
        terms: list[Value] = ["members", False, False, allowed, False, []]
        alert = await received(
            node, harbour, phone=["+15105550123"], text=["en", "words"], terms=terms
        )
        if not allowed:
            with pytest.raises(Refused, match=r"terms[.]police=no"):
                await export(node, alert)
            return
        found = await export(node, alert)
        assert (found["organisation"], found["mode"]) == ("Harbour", "anonymised")
        assert "text" not in found["fields"]


async def test_others_may_give_it_to_police_only_where_somebody_is_named_here(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "node") as node:
        await node.dispatch("policy_apply", {"text": allowing(node, "anonymised", "")})
        alert = await publish(node, "members", "peers", "police_anonymised")

        async def police() -> bool:
            terms = (await node.dispatch("alert_show", {"alert": alert}))["fields"]["terms"]
            return bool(terms[3])

        assert await police() is False
        await node.dispatch("policy_apply", {"text": allowing(node, "anonymised")})
        assert await police() is True
        await node.dispatch("policy_apply", {"text": allowing(node, "anonymised", " ")})
        assert await police() is False


async def test_the_approver_can_see_first_what_would_go_and_agree_to_less(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        await node.dispatch("policy_apply", {"text": allowing(node, "anonymised")})
        alert = await publish(node, "members", "peers", "police_anonymised")
        asked = {"alert": alert, "approver": "", "why": "", "dry_run": True}
        seen_first = await node.dispatch("police_export", asked)
        assert seen_first["fields"]["phone"] == ["+15105550123"]
        assert "approved_by" not in seen_first
        assert "police_export" not in str(await node.dispatch("audit", {}))
        less = {"alert": alert, "approver": APPROVER, "why": "x", "withhold": ["phone", "city"]}
        given = await node.dispatch("police_export", less)
        assert given["fields"].keys() == seen_first["fields"].keys() - {
            *("phone", "phone.masked", "place.city"),
        }
        with pytest.raises(BadField):
            await node.dispatch("police_export", less | {"withhold": ["shoe"]})
        await node.dispatch("policy_apply", {"text": allowing(node, "disabled")})
        with pytest.raises(Refused, match=r"police_share[.]mode=disabled"):
            await node.dispatch("police_export", asked)


async def test_a_reason_is_wanted(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        with pytest.raises(BadField):
            await node.dispatch("police_export", {"alert": "x" * 8, "approver": "A", "why": " "})


def test_no_combination_of_policy_and_consent_is_wider_than_both() -> None:
    view = record(*LEADS_TO_HER, "place.city", "phone", "phone.masked")
    for mode, approver, anonymised, supported in product(
        ("disabled", "anonymised", "supported"), ("", "A"), (False, True), (False, True)
    ):
        policy = policy_with(police_share={"mode": mode, "approver": approver})
        consent = Consent(police_anonymised=anonymised, police_supported=supported)
        found = police_release(view, policy, consent, Restrictions())
        may_support = approver and mode == "supported" and supported
        may_anonymised = approver and mode != "disabled" and anonymised
        wanted = "supported" if may_support else "anonymised" if may_anonymised else None
        assert found.mode == wanted
        assert bool(found.names) == (wanted is not None) != bool(found.rules)
        if wanted == "anonymised":
            assert not found.names & LEADS_TO_HER


async def test_the_command_writes_a_file_that_only_its_owner_reads(tmp_path: Path) -> None:
    home = tmp_path / "node"
    async with one_node(home) as node:
        await node.dispatch("policy_apply", {"text": allowing(node, "anonymised")})
        alert = await publish(node, "members", "peers", "police_anonymised")
    (tmp_path / "word").write_text("orchard lamp seven")
    (tmp_path / "word").chmod(0o600)
    out = tmp_path / "given.json"
    words = ["--passphrase-file", str(tmp_path / "word"), "police", "export", alert]
    ran = parasol(*words, "--why", "-", home=home, stdin="she asked")
    assert ran.code == 2
    asked = ["--approver", APPROVER, "--why", "-", "--out", str(out)]
    ran = parasol(*words, *asked, home=home, stdin="she asked")
    assert (ran.code, ran.out) == (0, "")
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert json.loads(out.read_text())["approved_by"] == APPROVER
    assert parasol(*words, *asked, home=home, stdin="again").code == 2
