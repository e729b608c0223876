"""What stands on paper: by the policy's mode, the reporter's consent and the origin's terms."""

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.paper import on_paper
from federation.policy import LEVELS
from node.errors import BadRequest, Refused
from node.runtime import Node
from protocol.codec import Value
from protocol.fields import FIELDS
from tests.support.one_node import befriend, one_node, received
from tests.support.releases import policy_with


def printing(node: Node, mode: str, numbered: str = "true") -> str:
    head, rest = (node.home / "policy.toml").read_text().split("[print]")
    rest = re.sub(r"(?m)^mode = .*$", f'mode = "{mode}"', rest, count=1)
    rest = re.sub(r"(?m)^numbered = .*$", f"numbered = {numbered}", rest, count=1)
    return f"{head}[print]{rest}"


async def publish(node: Node, *consent: str) -> str:
    fields = {"codes": ["RB"], "phone": ["510 555 0123"], "name": ["Dave"], "city": ["Oakland"]}
    made = await node.dispatch("draft_new", {"fields": fields, "consent": list(consent)})
    done = await node.dispatch("draft_publish", {"ids": [made["id"]], "despite": True})
    return str(done["published"][0])


async def sheet(node: Node, *alerts: str) -> dict[str, Any]:
    asked = {"alerts": list(alerts)} if alerts else {}
    return await node.dispatch("alert_sheet", {"by": "Ana", **asked})


async def test_masked_paper_has_no_identifier_that_could_be_called(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        alert = await publish(node, "members", "peers", "print")
        await publish(node, "members", "peers")
        found = await sheet(node)
        (row,) = found["alerts"]
        assert (row["id"], row["organisation"]) == (alert[:8], "Riverside")
        assert row["fields"]["phone.masked"] == ["+1*******123"]
        assert not row["fields"].keys() & {"phone", "name", "terms"}
        assert (found["copy"], found["left_out"], found["until"]) == (1, 1, "2026-02-20")
        assert (await sheet(node))["copy"] == 2
        acts = (await node.dispatch("audit", {"alert": alert}))["acts"]
        assert [act["why"] for act in acts if act["what"] == "printed"] == ["copy 2", "copy 1"]


async def test_full_paper_has_what_is_held(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        await node.dispatch("policy_apply", {"text": printing(node, "full", "false")})
        await publish(node, "members", "peers", "print")
        found = await sheet(node)
        fields = found["alerts"][0]["fields"]
        assert fields["phone"] == ["+15105550123"]
        assert "phone.masked" not in fields
        assert found["copy"] is None


async def test_what_may_not_be_printed_is_refused(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        silent = await publish(node, "members", "peers")
        with pytest.raises(BadRequest, match="nothing that may be printed"):
            await sheet(node, silent)
        gone = await publish(node, "members", "peers", "print")
        await node.dispatch("alert_withdraw", {"alert": gone})
        with pytest.raises(Refused, match="withdrawn"):
            await sheet(node, gone)
        await node.dispatch("policy_apply", {"text": printing(node, "off")})
        with pytest.raises(Refused, match=r"print[.]mode=off"):
            await sheet(node)


@pytest.mark.parametrize("allowed", [True, False])
async def test_a_peers_alert_is_printed_only_where_its_terms_say_so(
    tmp_path: Path, *, allowed: bool
) -> None:
    async with one_node(tmp_path / "node") as node:
        harbour = await befriend(node, "Harbour")
        terms: list[Value] = ["members", allowed, False, False, False, []]
        await received(node, harbour, phone=["+15105550123"], terms=terms)
        if allowed:
            assert (await sheet(node))["alerts"][0]["organisation"] == "Harbour"
        else:
            with pytest.raises(BadRequest):
                await sheet(node)


@pytest.mark.parametrize("why", ["staff", "verdict", "review", "ignored"])
async def test_what_members_do_not_see_stands_on_no_paper(tmp_path: Path, why: str) -> None:
    async with one_node(tmp_path / "node") as node:
        harbour = await befriend(node, "Harbour")
        audience = "staff" if why == "staff" else "members"
        terms: list[Value] = [audience, True, False, False, False, []]
        if why in {"review", "ignored"}:
            mode = "review" if why == "review" else "ignore:NP"
            await node.dispatch("peer_mode", {"peer": "Harbour", "mode": mode})
        alert = await received(node, harbour, phone=["+15105550123"], terms=terms)
        if why == "verdict":
            await node.dispatch("verdict_set", {"alert": alert, "hide": True})
        with pytest.raises(BadRequest, match="nothing that may be printed"):
            await sheet(node)
        with pytest.raises(BadRequest, match="nothing that may be printed"):
            await sheet(node, alert)
        await publish(node, "members", "peers", "print")
        found = await sheet(node)
        assert len(found["alerts"]) == 1


async def test_a_consent_to_members_that_was_taken_back_counts_on_paper(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        made = await node.dispatch(
            "draft_new",
            {"fields": {"codes": ["RB"]}, "consent": ["members", "print"], "receipt": True},
        )
        await node.dispatch("draft_publish", {"ids": [made["id"]]})
        await node.dispatch("receipt_consent", {"code": made["receipt"], "no": ["members"]})
        with pytest.raises(BadRequest, match="nothing that may be printed"):
            await sheet(node)


async def test_the_alerts_of_others_stand_on_full_paper_masked(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        await node.dispatch("policy_apply", {"text": printing(node, "full")})
        harbour = await befriend(node, "Harbour")
        terms: list[Value] = ["members", True, False, False, False, []]
        await received(node, harbour, phone=["+15105550123"], name=["Dave"], terms=terms)
        fields = (await sheet(node))["alerts"][0]["fields"]
        assert fields["phone.masked"] == ["+1*******123"]
        assert not fields.keys() & {"phone", "name"}


modes = st.sampled_from(LEVELS["print.mode"])


@given(
    st.frozensets(st.sampled_from(sorted(FIELDS))), modes, st.booleans(), st.booleans(),
    st.sampled_from(["members", "staff"]),
)  # fmt: skip
def test_stricter_modes_and_terms_never_print_more(
    names: frozenset[str], mode: str, allowed: bool, is_ours: bool, audience: str
) -> None:
    terms: list[Value] = [audience, allowed, False, False, False, []]
    policy = policy_with(print={"mode": mode})
    found = on_paper(names, terms, policy, is_ours=is_ours)
    assert bool(found) <= (allowed and mode != "off" and audience == "members")
    assert not found & {"terms", "phone.token"}
    if mode == "masked" or not is_ours:
        assert not found & {"phone", "email", "handle", "plate", "profile", "name"}
    assert not on_paper(names, None, policy, is_ours=is_ours)
