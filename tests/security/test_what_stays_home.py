"""What never leaves a node: the private report, the box keys, the register; and who may read it."""

import base64
import json
from pathlib import Path

import pytest
from sqlalchemy import Connection, select
from sqlalchemy.exc import DBAPIError

from node.backup_file import read_backup
from node.commands.bundles import _messages
from node.runtime import Node
from node.store.peers import all_peers
from node.store.tables import identifiers, ledger, own, records
from tests.support.one_node import PASSPHRASE, befriend, one_node, published

HERS = ("4155550199", "Zsofia", "zsofia@worker.example")
LIST = """\
date,what happened,client phone,reported by,reporter phone,reporter email,notes for staff
2026-01-10,did not pay,+1 415 555 0142,Zsofia,+1 415 555 0199,zsofia@worker.example,call Zsofia
"""


def shareable(connection: Connection, node: Node) -> str:
    """All that is signed, granted or indexed here, and all that one peer is told."""
    found = [
        connection.execute(select(table)).fetchall()
        for table in (records, own, ledger, identifiers)
    ]
    (peer,) = all_peers(connection)
    told = [message.encode_body() for message in _messages(connection, node, peer.id)]
    return repr((found, told))


async def test_what_a_list_says_of_the_reporter_reaches_nothing_that_is_shared(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "node") as node:
        await befriend(node, "Harbour")
        content = base64.b64encode(LIST.encode()).decode()
        await node.dispatch("import_list", {"filename": "list.csv", "content": content})
        done = await node.dispatch("draft_publish", {"all": True, "despite": True})
        (alert,) = done["published"]
        preview = await node.dispatch("policy_preview", {"peer": "Harbour", "id": alert})
        assert "+14155550142" in json.dumps(preview)
        for text in (json.dumps(preview), await node.change(shareable, node)):
            assert [word for word in HERS if word in text.replace(" ", "")] == []


async def test_every_file_of_a_node_is_for_its_owner_only_and_holds_no_number(
    tmp_path: Path,
) -> None:
    home = tmp_path / "node"
    async with one_node(home) as node:
        await published(node, phone="+14155550142")
        await node.dispatch("backup", {})
        while_open = [path for path in home.rglob("*") if path.is_file()]
        assert {path.stat().st_mode & 0o077 for path in (home, *while_open)} == {0}
        assert not [path for path in while_open if b"4155550142" in path.read_bytes()]
    assert {path.stat().st_mode & 0o077 for path in home.rglob("*")} == {0}


async def test_a_backup_holds_neither_box_keys_nor_the_register(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        await published(node, phone="+14155550142")
        made = await node.dispatch("backup", {})
        data = base64.b64decode(made["content"])
        copy = tmp_path / "backup"
        copy.write_bytes(data)
        with copy.open("rb") as source:
            opened = read_backup(source, PASSPHRASE.decode(), tmp_path / "k", tmp_path / "s")
        assert opened.keystore.box_keys == ()
        assert b"4155550142" not in data
        register = (tmp_path / "node" / "register.db").read_bytes()
        assert register[:16] not in data  # the salt that begins every such file


async def test_a_register_that_could_not_be_written_once_is_written_again(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        alert = await published(node, phone="+14155550142")
        register = node.context.register
        disk = register._connection
        (pages,) = disk.execute("PRAGMA page_count").fetchone()
        disk.execute(f"PRAGMA max_page_count={pages}").fetchall()

        def fill(_: Connection) -> None:
            for number in range(30):
                register.stage("narrowed", bytes([number]) * 16, bytes(3000))

        with pytest.raises(Exception, match="full") as failure:
            await node.change(fill)
        assert not isinstance(failure.value, DBAPIError)  # it came from the register, not the store
        disk.execute("PRAGMA max_page_count=100000").fetchall()
        assert (await node.dispatch("alert_erase", {"alert": alert}))["status"] == "erased"
