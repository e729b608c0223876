"""The node at a glance: what is counted, and what a keeper is warned of."""

import socket
from dataclasses import replace
from typing import Any

from federation.peers import PeerState
from node.commands.overview import doctor, status
from node.runtime import Node
from node.store.peers import set_peer
from node.web.server import PagesServer
from protocol.ids import text_id
from tests.unit.node_keeping.kept import DAY, HOUR, Kept, befriend, confirm, documents_of, say


async def peer_row(node: Node) -> dict[str, Any]:
    row: dict[str, Any] = (await status(node))["peers"][0]
    return row


async def test_a_new_node_has_nothing_and_is_ready(riverside: Kept) -> None:
    async with riverside.opened() as node:
        found = await status(node)
    assert found["ready"] is True
    assert (found["alerts"], found["drafts"], found["outbox"], found["peers"]) == (0, 0, 0, [])
    assert (found["recovery"], found["policy"], found["backup"]) == ("none", "in force", None)
    assert found["warnings"] == ["there is no backup yet: parasol backup"]


async def test_lag_counts_what_a_peer_has_not_confirmed(riverside: Kept, harbour: Kept) -> None:
    docs = await documents_of(harbour)
    async with riverside.opened() as node:
        peer = await befriend(node, docs, "Harbour")
        alerts = await say(node, 3)
        row = await peer_row(node)
        assert (row["id"], row["name"], row["state"]) == (text_id(docs.org), "Harbour", "trusted")
        assert (row["lag"], row["overdue"], row["held"]) == (3, 0, 0)
        assert row["last_contact"] == "2026-01-21T00:00:00+00:00"
        assert (await status(node))["outbox"] == 3
        riverside.now += 25 * HOUR
        assert (await peer_row(node))["overdue"] == 3
        assert "ring them up: Harbour" in " ".join((await status(node))["warnings"])
        await confirm(node, peer, [(alerts[0], "malformed")])
        row = await peer_row(node)
        assert (row["lag"], row["overdue"], row["held"]) == (0, 0, 1)


async def test_alerts_counts_what_is_shown_here(riverside: Kept) -> None:
    async with riverside.opened() as node:
        await say(node, 2)
        await say(node, codes=["raid"])
        assert (await status(node))["alerts"] == 3
        riverside.now += 10 * DAY
        assert (await status(node))["alerts"] == 2


async def test_a_peer_that_is_gone_is_no_longer_listed(riverside: Kept, harbour: Kept) -> None:
    docs = await documents_of(harbour)
    async with riverside.opened() as node:
        await befriend(node, docs, "Harbour", PeerState.GONE)
        assert (await status(node))["peers"] == []


async def test_an_edited_policy_is_not_in_force_before_it_is_applied(riverside: Kept) -> None:
    async with riverside.opened() as node:
        path = riverside.home / "policy.toml"
        path.write_text(path.read_text() + "\n# a note\n")
        found = await status(node)
        assert found["policy"] == "edited, not in force"
        assert any("parasol policy apply" in each for each in found["warnings"])
    async with riverside.opened() as node:
        assert (await status(node))["policy"] == "in force"


async def test_the_end_of_the_document_is_announced_a_month_ahead(riverside: Kept) -> None:
    async with riverside.opened() as node:
        riverside.now += 370 * DAY
        assert any("ends in 25 days" in each for each in (await status(node))["warnings"])
        riverside.now += 60 * DAY
        assert any("has ended" in each for each in (await status(node))["warnings"])


async def test_each_warning_has_a_code_with_what_it_counts(riverside: Kept) -> None:
    async with riverside.opened() as node:
        (found,) = (await status(node))["findings"]
        assert (found["code"], found["level"]) == ("no_backup", "problem")
        riverside.now += 370 * DAY
        found = (await status(node))["findings"][0]
        assert (found["code"], found["about"]) == ("document_ends", {"days": 25})


async def test_pages_that_cannot_listen_are_told(riverside: Kept) -> None:
    async with riverside.opened() as node:
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]
            node.settings = replace(node.settings, web_host="127.0.0.1", web_port=port)
            pages = PagesServer(node)
            await pages.start()
            try:
                told = (await status(node))["warnings"]
                assert any(f"port {port} cannot be used" in each for each in told)
                assert f"port {port} cannot be used" in str(await doctor(node))
            finally:
                await pages.stop()
        again = PagesServer(node)
        await again.start()
        await again.stop()
        assert not any("port" in each for each in (await status(node))["warnings"])


async def test_peers_whose_rows_are_being_worked_out_anew_are_named(
    riverside: Kept, harbour: Kept
) -> None:
    docs = await documents_of(harbour)
    async with riverside.opened() as node:
        peer = await befriend(node, docs, "Harbour")
        assert (await peer_row(node))["deriving"] is False
        await node.change(set_peer, peer.id, out_due=b"")
        assert (await peer_row(node))["deriving"] is True
        assert "worked out anew; wait: Harbour" in " ".join((await status(node))["warnings"])
