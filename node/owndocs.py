"""Our own documents, when they change: who must be told, and what must be signed again.

A new document may bring a new node key; then every record that still lives is signed with it at
its next revision. Three steps, each of which survives a crash before the next: a note that signing
is due, the keystore with the new key and document, the records in batches. Whatever was left undone
is finished by `finish_signing`, which the server calls when it starts.

Invariant: a document is only ever followed, never replaced by an older or a contradicting one.
"""

import asyncio
from collections.abc import Collection, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, select

from federation.peers import PeerState
from keys.documents import Documents
from keys.keystore import Keystore
from keys.oprf import OPRF_SEED_BYTES
from keys.orgdoc import OrgDoc
from keys.pin import accept
from keys.signing import SigningKey
from node.after_restore import corrected_since, only_signed_since
from node.issue_again import issue_again
from node.opening import SIGNING_DUE
from node.runtime import Node
from node.store import meta
from node.store.context import Context
from node.store.due import signed_at_once
from node.store.enforce import roll_back_own
from node.store.peers import mark_hello_due
from node.store.records import chunks
from node.store.tables import own, records
from protocol.ids import NodeKey, RecordKey, text_id

TOLD = tuple(state for state in PeerState if state is not PeerState.GONE)
_CHANGING: WeakKeyDictionary[Node, asyncio.Lock] = WeakKeyDictionary()


def changing(node: Node) -> AbstractAsyncContextManager[Any]:
    """One change of our documents at a time: two of one version would be an equivocation."""
    return _CHANGING.setdefault(node, asyncio.Lock())


async def apply_own_document(node: Node, documents: Documents) -> dict[str, Any]:
    """Follow a document of our own that was made offline, and tell every peer.

    Says with `key` what it thinks of our node key, and with `next` what to do where that is not
    `valid`. ProtocolError KEY where it does not follow ours; Equivocation where it contradicts it.
    """
    async with changing(node):
        pinned = node.documents.current
        newest = accept(pinned, documents.orgdocs, node.keystore.org)
        if newest is not pinned:
            await adopt(node, documents.orgdocs, _usable(node, newest))
    state = newest.key_state(node.key.public, node.today)
    result: dict[str, Any] = {
        "org": text_id(newest.org), "name": newest.name, "updated": newest is not pinned,
        "gen": newest.gen, "ver": newest.ver, "key": state,
    }  # fmt: skip
    if state != "valid":
        result["next"] = (
            f"our node key is {state} in it, so peers no longer listen: "
            "parasol keys rotate --recovery-file FILE, with the words of its root"
        )
    return result


def _usable(node: Node, document: OrgDoc) -> tuple[SigningKey, ...]:
    """Our node keys, those first that the document lets sign today."""

    def is_refused(key: SigningKey) -> bool:
        return document.key_state(key.public, node.today) != "valid"

    return tuple(sorted(node.keystore.node_keys, key=is_refused))


async def adopt(node: Node, orgdocs: Sequence[OrgDoc], node_keys: tuple[SigningKey, ...]) -> int:
    """Speak under these documents from now on, with the first of these keys.

    Returns how many records were signed again. The caller holds `changing`. A new node key brings a
    new seed of tokens: whoever may have had the one may have had the other.
    """
    await node.change(meta.put, SIGNING_DUE, b"1")
    pairs = tuple((document.raw, document.sig) for document in orgdocs)

    def change(keystore: Keystore) -> Keystore:
        n = max(node.context.now_us(), keystore.card_n + 1)
        is_new = node_keys[0] not in keystore.node_keys
        seed = node.context.random(OPRF_SEED_BYTES) if is_new else keystore.oprf_seed
        return replace(keystore, node_keys=node_keys, orgdocs=pairs, card_n=n, oprf_seed=seed)

    await asyncio.to_thread(node.change_keystore, change)
    return await _sign_what_is_due(node)


async def finish_signing(node: Node) -> int:
    """Sign what a rotation that was cut off left under an older key; returns how many records."""
    async with changing(node):
        return await _sign_what_is_due(node)


async def _sign_what_is_due(node: Node) -> int:
    """Sign what is still under an older key, if that is noted, and tell the peers.

    Nothing where our key may not sign: peers would only hold such records back. Nothing either
    while the register is lost: it is done once the keeper has confirmed.
    """
    if await node.read(meta.get, SIGNING_DUE) is None:
        return 0
    await node.change(mark_hello_due, TOLD)
    node.on_peers()
    if node.documents.current.key_state(node.key.public, node.today) != "valid":
        return 0
    await node.change(roll_back_own, node.context)
    if node.context.hold_all:  # what was corrected since is not known: signed again it would pass
        return 0
    signed = 0
    while left := await node.read(outdated, node.context, node.key.public):
        for group in chunks(left, await node.read(signed_at_once)):
            node.on_news(await issue_again(node, group))
        signed += len(left)
    await node.change(meta.drop, SIGNING_DUE)
    if len(node.keystore.node_keys) > 1:  # nothing is signed with the others any more
        await asyncio.to_thread(node.change_keystore, _with_one_key)
    return signed


def _with_one_key(keystore: Keystore) -> Keystore:
    return replace(keystore, node_keys=keystore.node_keys[:1])


def outdated(connection: Connection, context: Context, key: NodeKey) -> list[RecordKey]:
    """Own records under another key than this whose copies still live, and those behind a key.

    Not those that were corrected after the backup that this store comes from: what they say is
    known to be wrong, and signing it again would let it out. One that was only signed again since
    is signed once more, or the register would never let it go.
    """
    query = (
        select(records.c.rk, records.c.node_key)
        .join(own, own.c.rk == records.c.rk)
        .where(records.c.exp_day >= context.today)
    )
    stale = {rk for rk, _, _ in corrected_since(connection, context)}
    behind = set(only_signed_since(connection, context))
    found = ((RecordKey(bytes(row.rk)), bytes(row.node_key)) for row in connection.execute(query))
    return [rk for rk, under in found if rk not in stale and (under != key or rk in behind)]


def keys_in_use(connection: Connection) -> Collection[bytes]:
    """The node keys under which an own record stands."""
    query = select(records.c.node_key).join(own, own.c.rk == records.c.rk).distinct()
    return {bytes(key) for (key,) in connection.execute(query)}
