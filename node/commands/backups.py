"""An encrypted copy of the node, and what waits for the keeper after a restore.

Decides that a backup is one moment of the store (SQLite's VACUUM INTO, under the store's own key),
without old box keys and without the register, and that nothing of it is readable on the way: the
temporary copy lies in the node's folder, encrypted and 0600, and is removed.
"""

import asyncio
import base64
import contextlib
import io
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from node.after_restore import (
    Returned,
    corrected_since,
    let_go,
    returned_entries,
    sign_by_hand,
    signed_anew,
)
from node.backup import BACKUP, remove_leftovers
from node.backup_file import Manifest, write_backup
from node.commands.overview import recovery_of, standing, unlisted
from node.deriving import derive_due
from node.issue_again import follow_terms
from node.moments import iso_time
from node.runtime import STORE_FILE, Node
from node.settings import KEYSTORE_FILE, POLICY_FILE, SETTINGS_FILE
from node.showing import plain_fields
from node.store import meta
from node.store.engine import connect, damage_named
from node.store.peers import Peer, all_peers
from node.store.records import own_records
from node.store.tables import suspended
from protocol.ids import iso_date, text_id

INLINE = 24 * 1024 * 1024  # a larger backup is left in a file: it would be held in memory thrice
FOLDER = "backups"
COPYING = ".backup-"
WHY = {
    "not_listed": "it did not list this alert since the restore",
    "was_stopped": "it had been told to stop showing this alert",
}


_one_at_a_time = asyncio.Lock()


async def backup(node: Node) -> dict[str, Any]:
    """Make an encrypted copy of the node.

    Gives {"made", "bytes", "content"} with the file in base64, or "path" in place of "content"
    where it is large: a file in the node's folder, for the caller to take.
    """
    async with _one_at_a_time:
        remove_leftovers(node.home, COPYING)
        result = await asyncio.to_thread(_make, node)
    await node.change(meta.put_int, BACKUP, node.context.now_us())
    return result


def _make(node: Node) -> dict[str, Any]:
    now = node.context.now_us()
    result: dict[str, Any] = {"made": iso_time(now)}
    with _folder(node.home) as folder:
        copy = folder / STORE_FILE
        _copy_store(node, copy)
        keystore = folder / KEYSTORE_FILE
        node.write_keystore(keystore, replace(node.keystore, box_keys=()))
        manifest = Manifest(
            node.keystore.org,
            now,
            (node.home / SETTINGS_FILE).read_bytes(),
            (node.home / POLICY_FILE).read_bytes(),
        )
        parts = keystore, copy, node.keystore.store_key, manifest, node.context.random
        if copy.stat().st_size <= INLINE:
            out = io.BytesIO()
            result["bytes"] = write_backup(out, *parts)
            result["content"] = base64.b64encode(out.getbuffer()).decode()
            return result
        path = _new_file(node.home / FOLDER, now)
        with path.open("wb") as file:
            result["bytes"] = write_backup(file, *parts)
        result["path"] = str(path)
    return result


def _copy_store(node: Node, target: Path) -> None:
    """Copy one moment of the store; writers go on meanwhile."""
    target.touch(mode=0o600)
    connection = connect(node.home / STORE_FILE, node.keystore.store_key)
    try:
        with damage_named():
            connection.execute("VACUUM INTO ?", (str(target),))
    finally:
        connection.close()


@contextlib.contextmanager
def _folder(home: Path) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix=COPYING, dir=home))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _new_file(folder: Path, now: int) -> Path:
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / f"parasol-{now}.parasol-backup"
    path.touch(mode=0o600, exist_ok=False)
    return path


async def recover_show(node: Node) -> dict[str, Any]:
    """Show what is held back since a restore, for whom and why, and what will become of it."""
    documents = node.documents.orgdocs

    def look(connection: Connection) -> dict[str, Any]:
        context = node.context
        found = standing(connection, context)
        peers = {peer.id: peer for peer in all_peers(connection)}
        judged = returned_entries(connection, context, documents)
        shown = {
            "state": recovery_of(node, found),
            "register": "lost" if context.hold_all else "kept",
            "peers": [
                {"id": text_id(peer.org), "name": peer.name, "listed": peer.out_listed}
                for peer in found.peers
                if peer.state.may_hold_ours
            ],
            "suspended": [
                {
                    "alert": text_id(bytes(row.rk)), "peer": text_id(peers[row.peer].org),
                    "peer_name": peers[row.peer].name, "why": WHY.get(row.why, row.why),
                }
                for row in connection.execute(select(suspended))
                if row.peer in peers
            ],
            "returned": [_returned(each, peers) for each in judged],
            "corrected_since": [
                {"alert": text_id(rk), "rev": rev, "corrected_rev": other}
                for rk, rev, other in corrected_since(connection, context)
            ],
        }  # fmt: skip
        steps = [f"wait for {peer.name} to list what it holds" for peer in unlisted(found)]
        if shown["corrected_since"] and not steps:  # until then a peer may still give it back
            steps.append(
                "parasol alert correct, for each that was corrected after the backup was made"
            )
        if any(each.needs_a_person for each in judged):
            steps.append("parasol recover sign ENTRY, for each with by_hand that is surely ours")
        return {**shown, **({"next": steps} if steps else {})}

    return await node.read(look)


def _returned(each: Returned, peers: Mapping[int, Peer]) -> dict[str, Any]:
    entry = each.entry
    return {
        "alert": text_id(entry.rk), "entry": text_id(entry.eid), "by_hand": each.needs_a_person,
        "from": peers[each.peer].name if each.peer in peers else "",
        "rev": entry.rev, "status": entry.status.name.lower(), "day": iso_date(entry.day),
        "key": text_id(entry.node_key)[:12], "fields": plain_fields(each.fields),
        "will": f"be dropped: {each.refusal}" if each.refusal else "be signed again",
    }  # fmt: skip


async def recover_sign(node: Node, entry: str) -> dict[str, Any]:
    """Sign one alert that came back dated after its key was revoked: a keeper knows it for ours."""
    context, documents = node.context, node.documents.orgdocs
    rk, news = await node.change(sign_by_hand, context, documents, node.key, entry)
    node.on_news(news)
    return {"alert": text_id(rk), "peers_with_news": len(news)}


async def recover_confirm(node: Node) -> dict[str, Any]:
    """Let what is held back go: it is signed again or dropped, and shared as policy allows."""
    context, documents = node.context, node.documents.orgdocs
    before = await node.read(standing, context)
    judged = await node.read(returned_entries, context, documents)
    ours = await node.read(own_records, context.org, [each.entry.rk for each in judged])
    anew = await asyncio.to_thread(signed_anew, judged, ours, node.key, context)
    was_held = context.hold_all
    try:
        news = await node.change(let_go, context, judged, anew, ours)
    except BaseException:
        context.hold_all = was_held
        raise
    if news:
        node.on_news(news)
    news = news | await derive_due(node)
    if was_held:  # what was narrowed meanwhile was not signed then
        signed = await follow_terms(node)
        node.on_news(signed)
        news = news | signed
    result: dict[str, Any] = {
        "resumed": before.suspended, "signed_again": len(anew),
        "dropped": sum(bool(each.refusal) for each in judged), "peers_with_news": len(news),
    }  # fmt: skip
    waiting = [peer.name for peer in unlisted(before)]
    if waiting:
        result["not_listed_yet"] = waiting
        result["next"] = "parasol recover show, when these have listed what they hold"
    return result
